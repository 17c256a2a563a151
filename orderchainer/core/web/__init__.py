"""Code that all pages for browsers share."""
