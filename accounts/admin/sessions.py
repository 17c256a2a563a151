"""Sessions in the back office: staff can look at them and end them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts import services
from accounts.callers import caller_of
from accounts.models import Session
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin

# Rows of hashes that mean nothing to people. Sessions show who is signed in.
admin.site.unregister([OutstandingToken, BlacklistedToken])


class SessionState(admin.SimpleListFilter):
    """Filter by whether a session is still open."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        """Return the states."""
        return (("open", "Open"), ("expired", "Expired"), ("ended", "Ended"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        """Return the sessions in the chosen state."""
        moment = timezone.now()
        conditions = {
            "open": Q(ended_at=None, expires_at__gt=moment),
            "expired": Q(ended_at=None, expires_at__lte=moment),
            "ended": Q(ended_at__isnull=False),
        }
        chosen = self.value()
        return queryset.filter(conditions[chosen]) if chosen in conditions else queryset


@admin.register(Session)
class SessionAdmin(ReadOnly, ServiceAdmin):
    """Who is signed in, since when and from where."""

    icon = "key"
    list_display = (
        "user",
        "open_now",
        "door",
        "created_at",
        "expires_at",
        "ended_at",
        "end_reason",
        "ip_address",
    )
    list_filter = (SessionState, "door", "end_reason", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip_address")
    ordering = ("-created_at",)
    readonly_fields = (
        "id",
        "user",
        "door",
        "created_at",
        "expires_at",
        "ended_at",
        "end_reason",
        "ip_address",
        "user_agent",
    )
    actions = ("end",)

    @admin.display(description="open", boolean=True)
    def open_now(self, session: Session) -> bool:
        """Whether its tokens or its cookie work."""
        return session.is_open

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Staff who may change sessions may end them. There is nothing else to change."""
        return request.user.has_perm("accounts.change_session")

    @admin.action(description="End", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """Sign these sessions out. Sessions that have already ended stay as they are."""
        self.do_each(
            request,
            queryset.filter(ended_at=None),
            lambda session: services.end_session(
                session=session,
                reason=Session.EndReason.REVOKED,
                by=caller_of(request),
            ),
            done="Ended",
        )
