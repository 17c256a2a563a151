"""The catalogue on the shop surface: `/api/products/` and `/api/categories/`, for customers."""
