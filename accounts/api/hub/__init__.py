"""Accounts on the hub surface: `/api/v1/auth/`, `/api/v1/projects`, `/api/v1/invitations`."""
