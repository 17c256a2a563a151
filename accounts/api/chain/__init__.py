"""Sign-in on the chain surface: `/api/auth/`."""

from accounts.api.chain.views import LogoutView, RefreshView, RegisterView, TokenView

__all__ = ["LogoutView", "RefreshView", "RegisterView", "TokenView"]
