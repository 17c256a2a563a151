"""The demo: an account with a chain of orders and a shop, to try the service with."""
