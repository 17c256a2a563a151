"""The handlers of `/api/v1/products` and `/api/v1/categories`, a module for each topic."""
