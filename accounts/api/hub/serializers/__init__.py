"""The hub's request bodies for accounts, and the answers as the schema shows them."""
