"""Accounts on the envelope surface: the rest of `/api/auth/`, and `/api/user/`."""
