"""The handlers of `/api/auth/` and `/api/user/` in the envelope document."""
