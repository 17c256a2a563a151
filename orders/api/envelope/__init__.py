"""Orders on the envelope surface: `/api/order`."""
