"""A provider that exists in tests only. It does what a test tells it, in the real engine."""
