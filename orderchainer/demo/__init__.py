"""The demo: an account, a chain of orders and a shop, to look around in."""
