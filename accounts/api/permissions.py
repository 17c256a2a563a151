"""Whether a credential reaches as far as the request goes. What its user may do is asked by the services."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.errors import ScopeMissing, SessionNeeded
from accounts.models import ApiToken
from accounts.scopes import covers, scope_for

if TYPE_CHECKING:
    # REST framework loads the default permissions while it loads its views.
    from rest_framework.views import APIView


class WithinScopes(BasePermission):
    """Let an API token do what its scopes cover; a session may do everything."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Let through, or raise `ScopeMissing` or `SessionNeeded`, which tell what would do."""
        if not isinstance(request.auth, ApiToken):
            return True
        area: str | None = getattr(view, "area", None)
        session_methods: frozenset[str] = getattr(view, "session_methods", frozenset())
        if area is None or request.method in session_methods:
            raise SessionNeeded
        wanted = scope_for(area, request.method or "")
        if not covers(request.auth.scopes, wanted):
            raise ScopeMissing(wanted)
        return True
