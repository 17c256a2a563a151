"""The pages on which people work with a project's orders."""
