"""Shopify: a shop's orders arrive by webhook within seconds, and by sync for certain."""
