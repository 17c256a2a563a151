"""What orders can tell: reads that are more than a filter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, JSONObject

from accounts.models import User
from orderchainer.api.pagination import Window
from orders import graph
from orders.errors import OrderNotFound, OrderNotYours
from orders.graph import ListOf
from orders.lifecycle import UNFINISHED
from orders.models import (
    EventStream,
    Order,
    OrderDependency,
    OrderEvent,
    OrderItem,
    OrderQuerySet,
)

Row = dict[str, Any]

# --- one order --------------------------------------------------------------------------------


def order_for(user: User, order_id: int) -> Order:
    """Return an order that `user` may see. Raises `OrderNotFound`, alike for missing and not theirs."""
    order = Order.objects.visible_to(user).filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound
    return order


def order_for_change(user: User, order_id: int) -> Order:
    """Return an order that `user` may change. Raises `OrderNotFound`, or `OrderNotYours` if only visible."""
    order = Order.objects.changeable_by(user).filter(pk=order_id).first()
    if order is None:
        order_for(user, order_id)
        raise OrderNotYours
    return order


# --- rows, as lists and single answers show them ----------------------------------------------

FIELDS = (
    "id",
    "uuid",
    "title",
    "description",
    "status",
    "created_at",
    "updated_at",
    "owner_id",
    "auto_activate",
    "failure_policy",
    "total_price",
    "currency",
    "link",
    "customer_name",
    "customer_email",
    "customer_phone",
    "shipping_address",
    "phone_number",
    "notes",
    "provider",
    "external_id",
    "ordered_at",
    "fulfilled_at",
    "status_changed_at",
    "version",
)


def rows_of(orders: OrderQuerySet) -> QuerySet[Order, Row]:
    """Return `orders` as plain rows, with `dependencies`, `items` and `ready`, in one statement."""
    edges = OrderDependency.objects.filter(order=OuterRef("pk")).order_by(
        "depends_on_id"
    )
    lines = OrderItem.objects.filter(order=OuterRef("pk")).order_by("pk")
    rows: QuerySet[Order, Row] = (
        orders.with_ready()
        .annotate(
            dependency_ids=ListOf(edges.values(item=F("depends_on_id"))),
            lines=ListOf(
                lines.values(
                    item=JSONObject(
                        name="name",
                        sku="sku",
                        unit_price=Cast("unit_price", CharField()),
                        quantity="quantity",
                    )
                )
            ),
        )
        .values(*FIELDS, "ready", "dependency_ids", "lines")
    )
    return rows


def row_for(user: User, order_id: int) -> Row:
    """Return the row of an order that `user` may see. Raises `OrderNotFound`."""
    row = rows_of(Order.objects.visible_to(user).filter(pk=order_id)).first()
    if row is None:
        raise OrderNotFound
    return row


@dataclass(frozen=True)
class Page:
    """A part of a list. `newest_id` is the newest order that the list had when it was first read."""

    rows: list[Row]
    total: int
    newest_id: int


def page_of(orders: OrderQuerySet, window: Window) -> Page:
    """Return the rows of `window` in at most two statements."""
    rows = list(rows_of(orders)[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(rows))
    newest = max((row["id"] for row in rows), default=0)
    if total is None:
        counted = orders.order_by().aggregate(total=Count("pk"), newest=Max("pk"))
        total, newest = counted["total"], counted["newest"] or 0
    return Page(rows, total, newest)


# --- chains -----------------------------------------------------------------------------------

# More nodes than anyone can look at; beyond it a chain is cut and says so.
MAX_CHAIN = 20_000


@dataclass(frozen=True)
class ChainNode:
    """An order in a chain. `title` is empty where the viewer may not see the order itself."""

    id: int
    title: str | None
    status: str
    owner_id: int
    ready: bool
    dependencies: list[int]
    blockers: list[int]


@dataclass(frozen=True)
class Chain:
    """All that an order waits for and all that waits for it. Nodes stand in topological order."""

    nodes: list[ChainNode]
    critical_path: list[int]
    is_truncated: bool


def chain_for(user: User, order_id: int) -> Chain:
    """Return the chain of an order that `user` may see, in two statements. Raises `OrderNotFound`."""
    order_for(user, order_id)
    members = Order.objects.filter(pk__in=graph.chain_of(order_id))
    edges = OrderDependency.objects.filter(order=OuterRef("pk")).order_by(
        "depends_on_id"
    )
    visible = Order.objects.visible_to(user).filter(pk=OuterRef("pk"))
    rows = list(
        members.annotate(
            dependency_ids=ListOf(edges.values(item=F("depends_on_id"))),
            # Not taken from the nodes: what holds one up may be outside of this chain.
            blocker_ids=ListOf(edges.holding_up().values(item=F("depends_on_id"))),
            is_visible=Exists(visible),
        )
        .order_by("pk")
        .values(
            "pk",
            "title",
            "status",
            "owner_id",
            "dependency_ids",
            "blocker_ids",
            "is_visible",
        )[: MAX_CHAIN + 1]
    )
    is_truncated = len(rows) > MAX_CHAIN
    rows = rows[:MAX_CHAIN]
    status_of = {row["pk"]: row["status"] for row in rows}
    nodes = {
        row["pk"]: ChainNode(
            id=row["pk"],
            title=row["title"] if row["is_visible"] else None,
            status=row["status"],
            owner_id=row["owner_id"],
            ready=not row["blocker_ids"],
            dependencies=[pk for pk in row["dependency_ids"] if pk in status_of],
            blockers=row["blocker_ids"],
        )
        for row in rows
    }
    dependencies = {pk: node.dependencies for pk, node in nodes.items()}
    ordered = graph.topological_order(nodes, dependencies)
    unfinished = {pk for pk, status in status_of.items() if status in UNFINISHED}
    return Chain(
        nodes=[nodes[pk] for pk in ordered],
        critical_path=graph.critical_path(ordered, dependencies, unfinished),
        is_truncated=is_truncated,
    )


@dataclass(frozen=True)
class Blocker:
    """An unfinished order that others wait for. `title` is empty where the viewer may not see it."""

    id: int
    title: str | None
    status: str
    since: datetime
    owner_id: int
    owner_name: str
    owner_email: str
    is_direct: bool
    is_root: bool


def blockers_for(user: User, order_id: int) -> tuple[Order, list[Blocker]]:
    """Tell why an order waits: what it waits for directly, and where the wait has its roots.

    A root is unfinished and waits for nobody itself. Two statements. Raises `OrderNotFound`.
    """
    order = order_for(user, order_id)
    holding = OrderDependency.objects.holding_up()
    rows = (
        Order.objects.filter(pk__in=graph.holding_up(order_id))
        .annotate(
            is_direct=Exists(holding.filter(order=order, depends_on=OuterRef("pk"))),
            is_root=~Exists(holding.filter(order=OuterRef("pk"))),
            is_visible=Exists(Order.objects.visible_to(user).filter(pk=OuterRef("pk"))),
        )
        .filter(Q(is_direct=True) | Q(is_root=True))
        .order_by("status_changed_at", "pk")
        .values(
            "id",
            "title",
            "status",
            "status_changed_at",
            "owner_id",
            "owner__email",
            "owner__first_name",
            "owner__last_name",
            "is_direct",
            "is_root",
            "is_visible",
        )
    )
    return order, [
        Blocker(
            id=row["id"],
            title=row["title"] if row["is_visible"] else None,
            status=row["status"],
            since=row["status_changed_at"],
            owner_id=row["owner_id"],
            owner_name=f"{row['owner__first_name']} {row['owner__last_name']}".strip(),
            owner_email=row["owner__email"],
            is_direct=row["is_direct"],
            is_root=row["is_root"],
        )
        for row in rows
    ]


# --- events -----------------------------------------------------------------------------------


def history_for(
    user: User, order_id: int, window: Window
) -> tuple[list[OrderEvent], int]:
    """Return a part of what happened to an order, oldest first, and how much there is in all."""
    order = order_for(user, order_id)
    events = OrderEvent.objects.filter(order=order)
    rows = list(events.order_by("pk")[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(rows))
    return rows, events.count() if total is None else total


def stream_head() -> int:
    """Return the last position of the stream, 0 while it is empty."""
    return EventStream.objects.values_list("last_position", flat=True).first() or 0


def stream_after(position: int, *, limit: int) -> list[OrderEvent]:
    """Return the next events of all orders after `position`, in the stream's order."""
    return list(
        OrderEvent.objects.filter(position__gt=position).order_by("position")[:limit]
    )


def stream_of_owner(owner_id: int, *, after: int, limit: int) -> list[OrderEvent]:
    """Return the next events after `after` of the orders of one owner, in the stream's order."""
    return list(
        OrderEvent.objects.filter(owner_id=owner_id, position__gt=after).order_by(
            "position"
        )[:limit]
    )
