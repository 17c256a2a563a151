"""The history of everything. It is append-only, so these pages only show it."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from orderchainer.core.admin.filters import DaysFilter
from orderchainer.core.admin.panels import data_of
from orderchainer.core.admin.picking import is_key_of, is_value_of
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from orders.admin.shown import order_link, summary_of
from orders.models import Order
from orders.stream.models import Event
from orders.stream.types import registered_types


class TypeFilter(admin.ChoicesFieldListFilter):
    """Filter by type. The field itself has no choices, so this offers the registered types."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Offer all, or one type."""
        chosen = self.lookup_val or ()
        yield {
            "selected": not chosen,
            "query_string": changelist.get_query_string(remove=[self.lookup_kwarg]),
            "display": "All",
        }
        for type_, label in registered_types():
            yield {
                "selected": type_ in chosen,
                "query_string": changelist.get_query_string({self.lookup_kwarg: type_}),
                "display": label,
            }


@admin.register(Event)
class EventAdmin(ReadOnly, ServiceAdmin):
    """What happened, the newest first. The orders themselves may be gone."""

    icon = "history"
    list_display = ("type", "order_shown", "summary", "position", "created_at")
    list_filter = (("type", TypeFilter), ("created_at", DaysFilter))
    search_fields = ("event_id",)
    search_help_text = "An order's number, or an event's id"
    ordering = ("-id",)
    fields = (
        "type",
        "order_shown",
        "subject_kind",
        "subject_uuid",
        "created_at",
        "actor_id",
        "owner_id",
        "project_id",
        "event_id",
        "position",
        "payload",
    )
    readonly_fields = ("order_shown", "payload")

    @admin.display(description="order")
    def order_shown(self, event: Event) -> SafeString | None:
        """The order, by the title that it had then."""
        if event.order_id is None:
            return None
        return order_link(event.order_id, event.data.get("title"))

    @admin.display(description="what")
    def summary(self, event: Event) -> str:
        """What the event says beyond its type."""
        return summary_of(event)

    @admin.display(description="data")
    def payload(self, event: Event) -> SafeString:
        """The whole payload."""
        return data_of(event.data)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[Any, bool]:
        """Find by an order's number or an event's id. There are too many rows to search in more."""
        term = search_term.strip().removeprefix("#")
        if not term:
            return queryset, False
        if is_key_of(Order, term):
            return queryset.filter(order_id=term), False
        event_id = Event._meta.get_field("event_id")
        if is_value_of(event_id, term):
            return queryset.filter(event_id=term), False
        return queryset.none(), False
