"""What all pages for browsers share."""
