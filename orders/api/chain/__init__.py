"""Orders as the chain document has them: `/api/orders/`."""
