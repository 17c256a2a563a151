"""Accounts on the shop surface: `/auth/api/`."""
