"""Deliveries of events to the targets of subscribers: their state, and "retry now"."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from orderchainer.core.admin.filters import DaysFilter
from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from orderchainer.core.background import nudge_on_commit
from orders import tasks
from orders.admin.events import TypeFilter
from orders.admin.shown import (
    STATE_COLOURS,
    next_attempt_of,
    order_link,
    state_of,
)
from orders.models import Order
from orders.stream import deliveries
from orders.stream.models import DeliveryTarget, EventDelivery
from orders.stream.subscribers import subscribers


class SubscriberFilter(admin.SimpleListFilter):
    """Filter by subscriber. The choices come from the registry, because the rows are too many."""

    title = "subscriber"
    parameter_name = "subscriber"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Name the registered subscribers."""
        return [(subscriber.name, subscriber.name) for subscriber in subscribers()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[EventDelivery]
    ) -> QuerySet[EventDelivery]:
        """Keep the deliveries to the chosen subscriber."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(subscriber=chosen)


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnly, ServiceAdmin):
    """Deliveries, newest first. They are read-only, but unsent ones can be retried."""

    icon = "outbox"
    list_display = (
        "subscriber",
        "target",
        "order_shown",
        "event_type",
        "state_shown",
        "attempts",
        "next_attempt",
        "last_error",
    )
    list_display_links = ("subscriber",)
    list_filter = (
        "state",
        SubscriberFilter,
        ("event__type", TypeFilter),
        ("created_at", DaysFilter),
    )
    list_select_related = ("event",)
    search_fields = ("last_error",)
    search_help_text = "An order's number, or a part of the last error"
    ordering = ("-id",)
    fields = (
        "subscriber",
        "target",
        "target_paused_until",
        "order_shown",
        "event",
        "state_shown",
        "attempts",
        "next_attempt",
        "last_error",
        "created_at",
        "finished_at",
    )
    readonly_fields = (
        "target_paused_until",
        "order_shown",
        "state_shown",
        "next_attempt",
    )
    actions = ("retry_now",)

    @admin.display(description="order", ordering="event__order_id")
    def order_shown(self, delivery: EventDelivery) -> SafeString | None:
        """The order, with the title that it had then."""
        event = delivery.event
        if event.order_id is None:
            return None
        return order_link(event.order_id, event.data.get("title"))

    @admin.display(description="event")
    def event_type(self, delivery: EventDelivery) -> str:
        """What happened."""
        return delivery.event.type

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def state_shown(self, delivery: EventDelivery) -> str:
        """The state as a coloured label."""
        return state_of(delivery)

    @admin.display(description="next attempt", ordering="next_attempt_at")
    def next_attempt(self, delivery: EventDelivery) -> str:
        """When it is tried again; empty if it is not."""
        return moment(next_attempt_of(delivery))

    @admin.display(description="target paused until")
    def target_paused_until(self, delivery: EventDelivery) -> str:
        """The end of the pause of a target that did not answer in time."""
        return moment(
            DeliveryTarget.objects.filter(subscriber=delivery.subscriber, target=delivery.target)
            .filter(paused_until__gt=timezone.now())
            .values_list("paused_until", flat=True)
            .first()
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[EventDelivery], search_term: str
    ) -> tuple[Any, bool]:
        """Search by the order's number, or else by the error."""
        number = search_term.strip().removeprefix("#")
        if is_key_of(Order, number):
            return queryset.filter(event__order_id=number), False
        return super().get_search_results(request, queryset, search_term)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Let staff who may change deliveries retry them; nothing else about one can change."""
        return request.user.has_perm("orders.change_eventdelivery")

    @admin.action(description="Retry now", permissions=["retry"])
    def retry_now(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> None:
        """Make the selected deliveries due at once, except those already sent or being sent."""
        selected = list(queryset.values_list("pk", flat=True))
        with transaction.atomic():
            due = deliveries.retry_now(selected)
            for delivery_id in due:
                nudge_on_commit(tasks.deliver, delivery_id)
        left = EventDelivery.objects.filter(pk__in=set(selected) - set(due))
        sent = left.filter(state=EventDelivery.State.SENT).count()
        if due:
            self.message_user(request, f"Due now: {len(due)}.", messages.SUCCESS)
        if sent:
            self.message_user(request, f"Already sent, not retried: {sent}.", messages.WARNING)
        if in_flight := len(selected) - len(due) - sent:
            self.message_user(
                request,
                f"Being sent right now, not retried: {in_flight}. Look again in a minute.",
                messages.WARNING,
            )
