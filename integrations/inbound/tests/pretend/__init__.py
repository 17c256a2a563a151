"""A provider that signs as Shopify does, and whose handler is what a test says.

The fixture `pretend` registers it.
"""
