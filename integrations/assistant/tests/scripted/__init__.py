"""A model service that exists in tests only. It says what a test tells it."""
