"""`/api/v1/assistant`, as the hub document has it."""
