"""The chain of an order as a picture: what to draw, and where."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from orderchainer.core.db.among import among
from orderchainer.core.db.prepared import Row
from orders.folding import DEFAULT_DEPTH, Folded, fold
from orders.layout import Layout, lay_out
from orders.lifecycle import DONE, WAITING
from orders.models import Order
from orders.queries.chains import Chain, ChainNode, chain_for

# The most ways that we look for. The nearest come first.
MAX_WAYS = 50
# How many orders of either end of the critical path, and how many blockers, a page names.
MAX_NAMED = 5


@dataclass(frozen=True)
class Detail:
    """What a picture tells besides about an order that the viewer may see.

    `assignee` is the name of the member who cares for it, or empty.
    """

    title: str
    status: str
    since: datetime
    version: int
    failure_policy: str
    auto_activate: bool
    project_id: int
    assignee: str


@dataclass(frozen=True)
class Picture:
    """A chain with all its orders, and what a picture of at most 150 nodes shows of it.

    `focus` is the order in the middle. Each of the `ways` is the shortest one from it to an order
    where the wait begins, both included. `details` are about the order that was asked for, the
    orders drawn one by one, both ends of each way and the first of those that block it, as far as
    the viewer may see them.
    """

    chain: Chain
    nodes: dict[int, ChainNode]
    focus: int
    ways: list[list[int]]
    folded: Folded
    layout: Layout
    details: dict[int, Detail]


def picture_for(
    user: User, order_id: int, *, opened: Iterable[int] = (), depth: int = DEFAULT_DEPTH
) -> Picture:
    """Return the picture of the chain of an order that `user` may see. Raises `OrderNotFound`.

    The orders in `opened` are drawn one by one, if they are not too many. Takes the statements of
    `chain_for`, and one for the details. A chain that is too long may be cut before it comes to the
    order; the picture then centres on its last order.
    """
    chain = chain_for(user, order_id)
    nodes = {node.id: node for node in chain.nodes}
    focus = order_id if order_id in nodes else chain.nodes[-1].id
    dependencies = {pk: [edge.depends_on for edge in node.edges] for pk, node in nodes.items()}
    ways = ways_to_roots(nodes, focus)
    folded = fold(
        {pk: node.status for pk, node in nodes.items()},
        dependencies,
        focus=focus,
        ways=ways,
        critical_path=chain.critical_path,
        opened=opened,
        depth=depth,
    )
    path, blockers = chain.critical_path, [pk for pk in nodes[focus].blockers if pk in nodes]
    named = {*path[:MAX_NAMED], *path[-MAX_NAMED:], *blockers[:MAX_NAMED]}
    ends = ((way[1], *way[-2:]) for way in ways)
    shown = named.union({pk for pk in folded.nodes if pk > 0}, *ends)
    visible = {pk for pk in shown if nodes[pk].title is not None}
    return Picture(
        chain=chain,
        nodes=nodes,
        focus=focus,
        ways=ways,
        folded=folded,
        layout=lay_out(folded.nodes, folded.dependencies),
        details=_details_of(visible | {order_id}),
    )


def overview_for(user: User, order_id: int) -> tuple[Chain, Layout]:
    """Return the chain of an order that `user` may see, with a place for each of its orders.

    Raises `OrderNotFound`. Takes the statements of `chain_for`.
    """
    chain = chain_for(user, order_id)
    dependencies = {node.id: [edge.depends_on for edge in node.edges] for node in chain.nodes}
    return chain, lay_out(dependencies, dependencies)


def _details_of(ids: Iterable[int]) -> dict[int, Detail]:
    """Return what a picture tells about these orders, in one statement."""
    rows = Order.objects.filter(pk__in=among(ids)).values(
        *("pk", "title", "status", "status_changed_at", "version", "failure_policy"),
        *("auto_activate", "project_id", "assignee__email"),
        *("assignee__first_name", "assignee__last_name"),
    )
    return {row["pk"]: _detail_of(row) for row in rows}


def _detail_of(row: Row) -> Detail:
    name = f"{row['assignee__first_name'] or ''} {row['assignee__last_name'] or ''}".strip()
    return Detail(
        title=row["title"],
        status=row["status"],
        since=row["status_changed_at"],
        version=row["version"],
        failure_policy=row["failure_policy"],
        auto_activate=row["auto_activate"],
        project_id=row["project_id"],
        assignee=name or row["assignee__email"] or "",
    )


def ways_to_roots(nodes: Mapping[int, ChainNode], order_id: int) -> list[list[int]]:
    """Return the shortest way from the order to each root of its wait, the nearest first.

    A root holds others up but waits for nothing itself. `blockers_for` finds the same ones.
    """
    came_from: dict[int, int | None] = {order_id: None}
    queue = deque([order_id])
    roots: list[int] = []
    while queue and len(roots) < MAX_WAYS:
        node = nodes[queue.popleft()]
        if node.ready and node.id != order_id:
            roots.append(node.id)
        if node.status not in WAITING:
            continue
        for edge in node.edges:
            dependency = edge.depends_on
            if (
                dependency not in came_from
                and not edge.is_waived
                and nodes[dependency].status not in DONE
            ):
                came_from[dependency] = node.id
                queue.append(dependency)
    return [_way_to(root, came_from) for root in roots]


def _way_to(goal: int, came_from: Mapping[int, int | None]) -> list[int]:
    way: list[int] = []
    step: int | None = goal
    while step is not None:
        way.append(step)
        step = came_from[step]
    return way[::-1]
