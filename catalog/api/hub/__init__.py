"""The catalogue on the hub surface: `/api/v1/products` and `/api/v1/categories`, for merchants."""
