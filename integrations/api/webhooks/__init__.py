"""Where providers call us, and what the OpenAPI document says of it."""
