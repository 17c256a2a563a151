"""What an order waits for and what waits for it, near and far."""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Cast, JSONObject

from accounts.access import staff_may
from accounts.models import User
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.ids import uuid_in
from orders import graph
from orders.access import VIEW_ORDERS
from orders.errors import OrderNotFound
from orders.graph import ListOf
from orders.lifecycle import DONE, UNFINISHED, Wait, Waits, blockers_among
from orders.models import Order, OrderDependency
from orders.queries.boards import assignee_in
from orders.queries.single import order_for

# More nodes and edges than anyone can look at. A longer chain is cut and marked as truncated.
MAX_CHAIN = 20_000
MAX_CHAIN_EDGES = 25_000
# The most blockers that we show, direct ones and roots together, and the most waivers.
MAX_BLOCKERS = 2_000

NODE_FIELDS = ("pk", "uuid", "title", "status", "owner_id", "assignee_id")


class ChainEdge(NamedTuple):
    """An order on which a node of a chain depends."""

    depends_on: int
    is_waived: bool


class ChainNode(NamedTuple):
    """An order in a chain.

    `title`, `owner_id` and `assignee_id` are None if the viewer may not see the order.

    `edges` lead to the other nodes of the chain; `blockers` may be outside it. Both are incomplete
    if the chain's edges are truncated, but `ready` is right in any case.
    """

    id: int
    uuid: UUID
    title: str | None
    status: str
    owner_id: int | None
    assignee_id: int | None
    ready: bool
    edges: list[ChainEdge]
    blockers: list[int]


@dataclass(frozen=True)
class Chain:
    """Everything an order depends on and everything that depends on it, in topological order.

    If there are too many edges, it has only those to the newest dependencies, the same number for
    each order. The topological order and the critical path then follow from these edges alone.
    """

    nodes: list[ChainNode]
    critical_path: list[int]
    is_truncated: bool
    has_truncated_edges: bool


@prepared
def _chain_rows(user_id: int, order_id: int, *, sees_all: bool) -> QuerySet[Order, Row]:
    members: QuerySet[Order, Row] = (
        Order.objects.filter(graph.in_chain_of(order_id))
        .with_ready()
        .with_visible(user_id, sees_all=sees_all)
        .order_by("pk")
        .values(*NODE_FIELDS, "ready", "is_visible")
    )
    return members[: MAX_CHAIN + 1]


def chain_for(user: User, order_id: int) -> Chain:
    """Return the chain of an order that `user` may see. Raises `OrderNotFound`.

    One statement reads the orders of the chain, and whether the user may see `order_id`. If a long
    chain was cut before it came to `order_id`, a second statement asks for that. One more statement
    reads the edges, and another one if there are too many.
    """
    found = _chain_rows(user.pk, order_id, sees_all=staff_may(user, VIEW_ORDERS))
    rows = {row["pk"]: row for row in found[:MAX_CHAIN]}
    if order_id not in rows:
        order_for(user, order_id)
    elif not rows[order_id]["is_visible"]:
        raise OrderNotFound
    waits, is_cut = _waits_of(rows)
    nodes = {pk: _node_of(row, waits.get(pk, {}), rows) for pk, row in rows.items()}
    dependencies = {pk: [edge.depends_on for edge in node.edges] for pk, node in nodes.items()}
    ordered = graph.topological_order(nodes, dependencies)
    unfinished = {pk for pk, row in rows.items() if row["status"] in UNFINISHED}
    return Chain(
        nodes=[nodes[pk] for pk in ordered],
        critical_path=graph.critical_path(ordered, dependencies, unfinished),
        is_truncated=len(found) > MAX_CHAIN,
        has_truncated_edges=is_cut,
    )


def _waits_of(ids: Collection[int]) -> tuple[dict[int, dict[int, Wait]], bool]:
    """Return what each of these orders depends on, by ascending id, and whether that was cut."""
    found = graph.edges_of(ids, limit=MAX_CHAIN_EDGES + 1)
    is_cut = len(found) > MAX_CHAIN_EDGES
    if is_cut:
        # Keep the same number of edges for each order: those to its newest dependencies. Most
        # dependencies are older than the order. So the newest are the closest, and most of the
        # others are dependencies of these.
        found = graph.newest_edges_of(ids, for_each=max(1, MAX_CHAIN_EDGES // len(ids)))
    waits: dict[int, dict[int, Wait]] = {}
    for order_id, depends_on, status, is_waived in found:
        waits.setdefault(order_id, {})[depends_on] = Wait(status, bool(is_waived))
    return waits, is_cut


def _node_of(row: Row, waits: Waits, chain: Container[int]) -> ChainNode:
    return ChainNode(
        id=row["pk"],
        uuid=row["uuid"],
        title=row["title"] if row["is_visible"] else None,
        status=row["status"],
        owner_id=row["owner_id"] if row["is_visible"] else None,
        assignee_id=row["assignee_id"] if row["is_visible"] else None,
        ready=row["ready"],
        # Leave out edges to orders that the chain does not show.
        edges=[ChainEdge(pk, wait.is_waived) for pk, wait in waits.items() if pk in chain],
        blockers=blockers_among(row["status"], waits),
    )


@dataclass(frozen=True)
class BlockerOwner:
    """Whom to ask about a blocker."""

    id: int
    uuid: UUID
    name: str
    email: str


@dataclass(frozen=True)
class Blocker:
    """An order that holds others up.

    `title`, `owner` and `project_uuid` are None if the viewer may not see it. `assignee` is the
    name of the member who cares for it, or empty.
    """

    id: int
    uuid: UUID
    title: str | None
    status: str
    since: datetime
    owner: BlockerOwner | None
    is_direct: bool
    is_root: bool
    project_uuid: UUID | None
    assignee: str
    version: int


@dataclass(frozen=True)
class Waiver:
    """A dependency that no longer counts. `title` is None if the viewer may not see it.

    `waived_by_id` and `waived_by_uuid` are None if the failure policy waived it.
    """

    id: int
    uuid: UUID
    title: str | None
    status: str
    waived_at: datetime
    waived_by_id: int | None
    waived_by_uuid: UUID | None
    reason: str


@dataclass(frozen=True)
class Blockers:
    """Why an order waits, and what it no longer waits for."""

    order: Order
    blockers: list[Blocker]
    waivers: list[Waiver]
    is_truncated: bool


def blockers_for(user: User, order_id: int) -> Blockers:
    """Tell why an order waits: its direct blockers, and the roots where the wait begins.

    A root holds others up but waits for nothing itself, for example because it was cancelled. Takes
    two statements. Raises `OrderNotFound`.
    """
    order, waivers = _order_and_waivers(user, order_id)
    found, is_truncated = blockers_of(user, order_id)
    return Blockers(order, found, waivers, is_truncated=is_truncated)


def blockers_of(user: User, order_id: int) -> tuple[list[Blocker], bool]:
    """Return the direct blockers of an order and the roots, and whether there are more.

    Whoever calls this has found the order for `user`, who may see it. Takes one statement.
    """
    direct = OrderDependency.objects.filter(
        order=order_id, depends_on=OuterRef("pk"), waived_at=None
    )
    rows = (
        Order.objects.filter(graph.awaited_by(order_id))
        .exclude(status__in=DONE)
        .with_ready()
        .with_visible(user.pk, sees_all=staff_may(user, VIEW_ORDERS))
        .annotate(is_direct=Exists(direct), is_root=F("ready"))
        .filter(Q(is_direct=True) | Q(is_root=True))
        .order_by("status_changed_at", "pk")
        .values(
            "id",
            "uuid",
            "title",
            "status",
            "status_changed_at",
            "owner_id",
            "owner__uuid",
            "owner__email",
            "owner__first_name",
            "owner__last_name",
            "project__uuid",
            "assignee__first_name",
            "assignee__last_name",
            "assignee__email",
            "version",
            "is_direct",
            "is_root",
            "is_visible",
        )
    )
    found = list(rows[: MAX_BLOCKERS + 1])
    return [_blocker_of(row) for row in found[:MAX_BLOCKERS]], len(found) > MAX_BLOCKERS


def _blocker_of(row: Mapping[str, Any]) -> Blocker:
    owner = BlockerOwner(
        id=row["owner_id"],
        uuid=row["owner__uuid"],
        name=f"{row['owner__first_name']} {row['owner__last_name']}".strip(),
        email=row["owner__email"],
    )
    return Blocker(
        id=row["id"],
        uuid=row["uuid"],
        title=row["title"] if row["is_visible"] else None,
        status=row["status"],
        since=row["status_changed_at"],
        owner=owner if row["is_visible"] else None,
        is_direct=row["is_direct"],
        is_root=row["is_root"],
        project_uuid=row["project__uuid"] if row["is_visible"] else None,
        assignee=assignee_in(row) if row["is_visible"] else "",
        version=row["version"],
    )


def _order_and_waivers(user: User, order_id: int) -> tuple[Order, list[Waiver]]:
    """Return an order that `user` may see, and its waived dependencies, with one statement."""
    visible = Order.objects.visible_to(user).filter(pk=order_id)
    order = visible.annotate(waivers=waivers_of_each(user)).first()
    if order is None:
        raise OrderNotFound
    return order, [waiver_of(item) for item in order.waivers]  # type: ignore[attr-defined]  # annotated


def waivers_of_each(user: User) -> ListOf:
    """Return the waived dependencies of the outer order, as rows for `waiver_of`."""
    seen = Order.objects.visible_to(user).filter(pk=OuterRef("depends_on_id"))
    waived = OrderDependency.objects.filter(order=OuterRef("pk"), waived_at__isnull=False)
    return ListOf(
        waived.order_by("depends_on_id").values(
            item=JSONObject(
                id="depends_on_id",
                uuid=Cast("depends_on__uuid", CharField()),
                title="depends_on__title",
                status="depends_on__status",
                waived_at=Cast("waived_at", CharField()),
                waived_by_id="waived_by_id",
                waived_by_uuid=Cast("waived_by__uuid", CharField()),
                reason="waiver_reason",
                is_visible=Case(When(Exists(seen), then=1), default=0),
            )
        )[:MAX_BLOCKERS]
    )


def waiver_of(item: Row) -> Waiver:
    """Return a waived dependency that `waivers_of_each` has read."""
    waived_at = datetime.fromisoformat(item["waived_at"])
    return Waiver(
        id=item["id"],
        uuid=UUID(item["uuid"]),
        title=item["title"] if item["is_visible"] else None,
        status=item["status"],
        # SQLite returns times without a zone; they are UTC.
        waived_at=waived_at if waived_at.tzinfo else waived_at.replace(tzinfo=UTC),
        waived_by_id=item["waived_by_id"],
        waived_by_uuid=uuid_in(item["waived_by_uuid"] or ""),
        reason=item["reason"],
    )
