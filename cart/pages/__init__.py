"""The pages of the cart, which are part of the shop."""
