"""The page behind the links in e-mails to customers."""
