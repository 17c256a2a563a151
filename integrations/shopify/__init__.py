"""Shopify: a shop's orders arrive by webhook within seconds. A sync brings what was missed."""
