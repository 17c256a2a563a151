"""Checks that a credential covers the request. The services check what its user may do."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.errors import ScopeMissing, SessionNeeded
from accounts.models import ApiToken
from accounts.scopes import READ, covers, scope_for

if TYPE_CHECKING:
    # REST framework imports the default permissions while it imports its views.
    from rest_framework.views import APIView


class WithinScopes(BasePermission):
    """Limit an API token to its scopes. A session may do everything."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Allow the request. Raises `ScopeMissing` or `SessionNeeded`, which say what is needed."""
        if not isinstance(request.auth, ApiToken):
            return True
        area: str | None = getattr(view, "area", None)
        session_methods: frozenset[str] = getattr(view, "session_methods", frozenset())
        if area is None or request.method in session_methods:
            raise SessionNeeded
        also_reads: frozenset[str] = getattr(view, "also_reads", frozenset())
        for wanted in (
            scope_for(area, request.method or ""),
            *(f"{other}:{READ}" for other in sorted(also_reads)),
        ):
            if not covers(request.auth.scopes, wanted):
                raise ScopeMissing(wanted)
        return True
