"""What pages for browsers share."""
