"""Deliveries in the back office: what providers posted, how it ended, and replaying it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.decorators import display

from accounts.callers import caller_of
from integrations.admin.shown import WORD_COLOURS, integration_link
from integrations.models import InboundDelivery
from integrations.providers import providers
from integrations.services import replay_delivery
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.picking import is_value_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import MAX_SEARCHED_CHARACTERS, ReadOnly, ServiceAdmin
from orderchainer.core.printable import printable

MAX_SHOWN_CHARACTERS = 20_000
BEING_TRIED = "being tried"


class ProviderFilter(admin.SimpleListFilter):
    """Filter by provider. The registry has the choices, because there are too many rows."""

    title = "provider"
    parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Name the providers that call us."""
        return [(each.name, each.name) for each in providers() if each.webhook is not None]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[InboundDelivery]
    ) -> QuerySet[InboundDelivery]:
        """Keep the deliveries of the chosen provider."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(integration__provider=chosen)


@admin.register(InboundDelivery)
class InboundDeliveryAdmin(ReadOnly, ServiceAdmin):
    """Deliveries of providers, newest first. They are read-only, but can be replayed."""

    icon = "move_to_inbox"
    list_display = (
        "uuid",
        "provider",
        "integration_shown",
        "project",
        "topic",
        "word_shown",
        "attempts",
        "age",
        "last_error",
    )
    list_filter = (
        "state",
        ProviderFilter,
        ("integration__project", PickFilter),
        ("created_at", DaysFilter),
    )
    search_fields = ("key",)
    search_help_text = "The complete id of a delivery, or one of its complete keys"
    ordering = ("-id",)
    fields = (
        "uuid",
        "provider",
        "integration_shown",
        "project",
        "topic",
        "key",
        "second_key",
        "word_shown",
        "attempts",
        "next_attempt",
        "last_error",
        "headers_shown",
        "body_shown",
        "erased_at",
        "created_at",
        "finished_at",
    )
    readonly_fields = fields
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundDelivery]:
        """Leave out bodies, which can be large, and secrets."""
        deliveries: QuerySet[InboundDelivery] = super().get_queryset(request)
        return deliveries.select_related("integration__project").defer(
            "body", "headers", "integration__secrets", "integration__old_secrets"
        )

    @admin.display(description="provider", ordering="integration__provider")
    def provider(self, delivery: InboundDelivery) -> str:
        """The provider that posted it."""
        return delivery.integration.provider

    @admin.display(description="integration", ordering="integration__account")
    def integration_shown(self, delivery: InboundDelivery) -> SafeString:
        """The integration that it is for, with a link to its page."""
        return integration_link(delivery.integration)

    @admin.display(description="project", ordering="integration__project__name")
    def project(self, delivery: InboundDelivery) -> str:
        """The project that it is for."""
        return str(delivery.integration.project)

    @display(description="state", ordering="state", label=WORD_COLOURS)
    def word_shown(self, delivery: InboundDelivery) -> str:
        """The state, or that a worker is trying it."""
        return BEING_TRIED if delivery.is_in_flight else delivery.word

    @admin.display(description="age", ordering="created_at")
    def age(self, delivery: InboundDelivery) -> str:
        """How long ago it came."""
        now = timezone.now()
        if now - delivery.created_at < timedelta(minutes=1):
            return f"{max(0, int((now - delivery.created_at).total_seconds()))} s"
        return timesince(delivery.created_at, now, depth=1)

    @admin.display(description="next attempt")
    def next_attempt(self, delivery: InboundDelivery) -> str:
        """When it is tried again; empty if it is not."""
        waits = delivery.state == InboundDelivery.State.RECEIVED and not delivery.is_in_flight
        return moment(delivery.next_attempt_at if waits else None)

    @admin.display(description="headers")
    def headers_shown(self, delivery: InboundDelivery) -> SafeString:
        """The headers that were kept."""
        return _as_text(json.dumps(delivery.headers, indent=2, ensure_ascii=False))

    @admin.display(description="body")
    def body_shown(self, delivery: InboundDelivery) -> SafeString:
        """The body as text, or its beginning if it is long. It is from outside, so never HTML."""
        body = bytes(delivery.body)
        text = body[: 4 * MAX_SHOWN_CHARACTERS].decode("utf-8", "replace")
        shown = text[:MAX_SHOWN_CHARACTERS]
        if len(shown) == len(text) and len(body) <= 4 * MAX_SHOWN_CHARACTERS:
            return _as_text(shown)
        return format_html(
            "<p>The first {} characters of {} bytes:</p>{}",
            len(shown),
            len(body),
            _as_text(shown),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InboundDelivery], search_term: str
    ) -> tuple[Any, bool]:
        """Search by the whole id or key."""
        term = search_term.strip().replace("\x00", "")[: 3 * MAX_SEARCHED_CHARACTERS]
        if not term:
            return queryset, False
        wanted = Q(key=term) | Q(second_key=term)
        if is_value_of(InboundDelivery._meta.get_field("uuid"), term):
            wanted |= Q(uuid=term)
        return queryset.filter(wanted), False

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Let staff who may change integrations replay what came for them."""
        return request.user.has_perm("integrations.change_integration")

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[InboundDelivery]) -> None:
        """Have the selected deliveries worked on again, except those that a worker has."""
        by = caller_of(request)
        self.do_each(
            request,
            queryset,
            lambda delivery: replay_delivery(
                integration=delivery.integration, delivery_id=delivery.uuid, by=by
            ),
            done="Replayed",
        )


def _as_text(text: str) -> SafeString:
    lines = "\n".join(printable(line) for line in text.splitlines())
    return format_html('<pre class="whitespace-pre-wrap">{}</pre>', lines)
