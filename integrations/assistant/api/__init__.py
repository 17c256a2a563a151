"""The surfaces on which the assistant answers."""
