"""What the hub's bodies of accounts may hold, and what its answers look like in the schema."""
