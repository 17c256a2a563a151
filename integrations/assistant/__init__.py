"""The assistant answers questions about a project's orders and suggests replies to customers."""
