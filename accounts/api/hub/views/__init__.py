"""The hub's views of accounts: login, the signed-in user, projects and their members."""
