"""Plumbing that the surfaces share: errors, paging, limits. No tables; it names no app."""
