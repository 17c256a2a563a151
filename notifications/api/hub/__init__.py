"""`/api/v1/messages`: a project's conversations with its customers, for the people who run it."""
