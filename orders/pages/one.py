"""One order: why it waits, where it can go, what is in it, and what happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.fragments import wants_fragment
from orders import queries
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.errors import OrderNotFound
from orders.pages.base import OfOrders
from orders.pages.history import entries_of
from orders.pages.looking import what_ifs
from orders.pages.shown import SOURCES, shown_order
from orders.pages.why import next_move_of, why_it_waits
from orders.stream.models import Event

# How many events of the history a page shows.
HISTORY_SIZE = 50


class OrderPage(OfOrders):
    """The page of one order. Its part is read again whenever the order changes."""

    template_name = "orders/order.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the order, or what happened to it if it was deleted."""
        project = self.its_project
        try:
            row = queries.numbered_row_in_project(
                project, self.kwargs["number"], viewer=self.person
            )
        except OrderNotFound:
            if (deletion := queries.deletion_of(project, self.kwargs["number"])) is None:
                raise
            return self._show_deleted(deletion)
        order = shown_order(project, row)
        may_handle = self.may(HANDLE_ORDERS)
        blockers, is_truncated = queries.blockers_of(self.person, order.number)
        carers = queries.carers_of(project) if may_handle else []
        before = self.request.GET.get("before", "")
        events, has_older = queries.latest_events(
            order.number, limit=HISTORY_SIZE, before=_event_in(before)
        )
        return self.show(
            {
                "order": order,
                "order_url": order.url,
                "what_ifs": what_ifs(order.status),
                "may_handle": may_handle,
                "why": why_it_waits(
                    project, blockers, row, is_truncated=is_truncated, may_handle=may_handle
                ),
                "next_move": next_move_of(order.number, order.status, is_held_up=not row["ready"]),
                "lines": [_line(line) for line in row["lines"]],
                "row": row,
                "customer": _customer_of(row),
                "assignee": row["assignee__uuid"],
                "carers": carers,
                "may_take_it": row["assignee__uuid"] != self.person.uuid
                and self.person.uuid in {carer.uuid for carer in carers},
                "facts": _facts_of(row),
                "entries": entries_of(events, {each.uuid: each.name for each in carers}),
                "older": events[-1].pk if has_older else None,
                "is_past": bool(before),
            }
        )

    def _show_deleted(self, deletion: Event) -> HttpResponse:
        """Show who deleted the order, and its history. A script swaps it in like any other part."""
        number = self.kwargs["number"]
        events, has_older = queries.latest_events(
            number, limit=HISTORY_SIZE, before=_event_in(self.request.GET.get("before", ""))
        )
        return self.show(
            {
                "number": number,
                "name": f"#{number} {deletion.data.get('title', '')}".strip(),
                "by": (getattr(deletion, "actor_name", None) or "").strip(),
                "at": deletion.created_at,
                "entries": entries_of(events, {}),
                "older": events[-1].pk if has_older else None,
            },
            template="orders/deleted.html",
            status=200 if wants_fragment(self.request) else 410,
        )


def _event_in(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) < 20
    return min(int(text), MAX_ID) if is_number else None


@dataclass(frozen=True)
class Line:
    """An item of the order."""

    name: str
    sku: str
    quantity: int
    price: Decimal
    total: Decimal


def _line(line: Mapping[str, Any]) -> Line:
    price = Decimal(line["unit_price"])
    return Line(line["name"], line["sku"], line["quantity"], price, price * line["quantity"])


def _customer_of(row: Row) -> list[tuple[str, str]]:
    told = [
        ("Name", row["customer_name"]),
        ("E-mail", row["customer_email"]),
        ("Phone", row["customer_phone"] or row["phone_number"]),
        ("Address", row["shipping_address"]),
    ]
    return [(name, value) for name, value in told if value]


def _facts_of(row: Row) -> list[tuple[str, str]]:
    source = SOURCES[row["provider"]]
    told = [
        ("Source", f"{source}, {row['external_id']}" if row["external_id"] else source),
        ("Notes", row["notes"]),
        ("Description", row["description"]),
        ("Test", "yes, it does not count as revenue" if row["is_test"] else ""),
    ]
    return [(name, value) for name, value in told if value]
