"""The hub's views of accounts: signing in, the signed-in user, projects and who works in them."""
