"""API tokens in the back office: staff can look at them and revoke them. Secrets are not shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import services
from accounts.callers import caller_of
from accounts.models import ApiToken
from accounts.tokens import API_TOKEN_START
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin


class ApiTokenState(admin.SimpleListFilter):
    """Filter by whether a token is still valid."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        """Return the states."""
        return (("open", "Open"), ("expired", "Expired"), ("revoked", "Revoked"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        """Return the tokens in the chosen state."""
        moment = timezone.now()
        conditions = {
            "open": Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=moment)),
            "expired": Q(revoked_at=None, expires_at__lte=moment),
            "revoked": Q(revoked_at__isnull=False),
        }
        chosen = self.value()
        return queryset.filter(conditions[chosen]) if chosen in conditions else queryset


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, ServiceAdmin):
    """Programs with access, for which user and with which scopes."""

    icon = "smart_toy"
    list_display = (
        "name",
        "user",
        "begins_with",
        "may",
        "open_now",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_filter = (ApiTokenState, ("user", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    search_help_text = "Name, e-mail or start of the token"
    ordering = ("-created_at",)
    fields = (
        "name",
        "user",
        "begins_with",
        "may",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    readonly_fields = ("begins_with", "may")
    actions = ("revoke",)

    @admin.display(description="begins with", ordering="prefix")
    def begins_with(self, token: ApiToken) -> str:
        """The start of the token, by which people recognise it, also when it leaks."""
        return f"{API_TOKEN_START}{token.prefix}_…"

    @admin.display(description="scopes")
    def may(self, token: ApiToken) -> str:
        """Its scopes."""
        return ", ".join(token.scopes)

    @admin.display(description="open", boolean=True)
    def open_now(self, token: ApiToken) -> bool:
        """Whether it works."""
        return token.is_open

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ApiToken], search_term: str
    ) -> tuple[Any, bool]:
        """Find a token by its start, as the list shows it."""
        term = search_term.strip()
        if term.startswith(API_TOKEN_START):
            term = term.removeprefix(API_TOKEN_START).partition("_")[0]
        return super().get_search_results(request, queryset, term)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Staff who may change API tokens may revoke them. There is nothing else to change."""
        return request.user.has_perm("accounts.change_apitoken")

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Revoke these tokens for good. Tokens that are already revoked stay as they are."""
        self.do_each(
            request,
            queryset.filter(revoked_at=None).select_related("user"),
            lambda token: services.revoke_api_token(
                user=token.user, token_id=token.pk, by=caller_of(request)
            ),
            done="Revoked",
        )
