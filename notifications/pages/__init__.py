"""What members hear of, and the page behind the links in e-mails to customers."""
