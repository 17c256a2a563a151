"""The cart on the shop surface: `/api/cart/`."""
