"""The graph of orders: who waits for whom, however far, in one recursive query each.

Every walk is a recursive common table expression with UNION, which visits a node once: a
graph in which the number of paths explodes costs as much as its nodes and edges, and a chain of
thousands needs no stack. The walks come as expressions for `filter(pk__in=…)`.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection
from django.db.models import JSONField, Subquery
from django.db.models.expressions import RawSQL

from orders.lifecycle import DONE, GONE_WRONG, FailurePolicy, Status

EDGES = "orders_orderdependency"
ORDERS = "orders_order"

Edges = Mapping[int, Sequence[int]]


_DESCENDANTS = f"""
    WITH RECURSIVE walk(id) AS (
        SELECT order_id FROM {EDGES} WHERE depends_on_id = %s
        UNION
        SELECT edge.order_id FROM {EDGES} edge JOIN walk ON edge.depends_on_id = walk.id
    ) SELECT id FROM walk
"""


def descendants_of(order_id: int) -> RawSQL:
    """Return the ids of all that wait for `order_id`, directly or through others."""
    return RawSQL(_DESCENDANTS, [order_id])


def first_descendant_among(ids: Sequence[int], order_id: int) -> int | None:
    """Return one of `ids` that waits for `order_id`, directly or through others, or None.

    The walk ends where it meets one.
    """
    if not ids:
        return None
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_DESCENDANTS} WHERE id IN ({places}) LIMIT 1", [order_id, *ids]
        )
        row = cursor.fetchone()
    return row[0] if row else None


def chain_of(order_id: int) -> RawSQL:
    """Return the ids of the order, all that it waits for and all that wait for it."""
    return RawSQL(
        f"""
        WITH RECURSIVE above(id) AS (
            SELECT CAST(%s AS bigint)
            UNION
            SELECT edge.depends_on_id FROM {EDGES} edge JOIN above ON edge.order_id = above.id
        ), below(id) AS (
            SELECT CAST(%s AS bigint)
            UNION
            SELECT edge.order_id FROM {EDGES} edge JOIN below ON edge.depends_on_id = below.id
        ) SELECT id FROM above UNION SELECT id FROM below
        """,
        [order_id, order_id],
    )


def holding_up(order_id: int) -> RawSQL:
    """Return the ids of the orders that hold `order_id` up, directly or through others.

    Only edges that hold are walked: what is done, or went wrong where that is ignored, ends the way.
    So does what was cancelled: it waits for nothing any more.
    """
    done, wrong = _listed(DONE), _listed(GONE_WRONG)
    holds = f"""
        waiting.status <> '{Status.CANCELLED}'
        AND blocker.status NOT IN ({done})
        AND NOT (blocker.status IN ({wrong}) AND waiting.failure_policy = '{FailurePolicy.IGNORE}')
    """
    return RawSQL(
        f"""
        WITH RECURSIVE walk(id) AS (
            SELECT edge.depends_on_id FROM {EDGES} edge
                JOIN {ORDERS} waiting ON waiting.id = edge.order_id
                JOIN {ORDERS} blocker ON blocker.id = edge.depends_on_id
                WHERE edge.order_id = %s AND {holds}
            UNION
            SELECT edge.depends_on_id FROM walk
                JOIN {EDGES} edge ON edge.order_id = walk.id
                JOIN {ORDERS} waiting ON waiting.id = edge.order_id
                JOIN {ORDERS} blocker ON blocker.id = edge.depends_on_id
                WHERE {holds}
        ) SELECT id FROM walk
        """,
        [order_id],
    )


def reached_by_failure_of(order_id: int) -> RawSQL:
    """Return the ids that a failure of `order_id` reaches.

    These are its dependents and, beyond each that its policy lets fail along, that one's dependents.
    """
    return RawSQL(
        f"""
        WITH RECURSIVE walk(id) AS (
            SELECT order_id FROM {EDGES} WHERE depends_on_id = %s
            UNION
            SELECT edge.order_id FROM walk
                JOIN {ORDERS} reached ON reached.id = walk.id
                    AND reached.status = '{Status.PENDING}'
                    AND reached.failure_policy = '{FailurePolicy.FAIL}'
                JOIN {EDGES} edge ON edge.depends_on_id = walk.id
        ) SELECT id FROM walk
        """,
        [order_id],
    )


class _Parsed(JSONField):
    """JSON that a database has put together; orjson reads it in a fifth of the usual time."""

    def from_db_value(
        self, value: str | None, expression: object, connection: object
    ) -> Any:
        return orjson.loads(value or "null")


class ListOf(Subquery):
    """The column `item` of a subquery's rows as one JSON array, in the subquery's order.

    It keeps a list of orders with all that hangs on them at one statement. PostgreSQL asks it for each row
    that is shown, by index; an EXISTS in its place may make it hash the whole table first.
    """

    output_field = _Parsed()

    def as_sqlite(self, compiler, connection):  # type: ignore[no-untyped-def]
        """Collect with SQLite's function; `json` restores the type that a subquery forgets."""
        return self.as_sql(
            compiler,
            connection,
            template="(SELECT json_group_array(json(item)) FROM (%(subquery)s))",
        )

    def as_postgresql(self, compiler, connection):  # type: ignore[no-untyped-def]
        """Collect with PostgreSQL's function, which knows NULL for an empty set."""
        return self.as_sql(
            compiler,
            connection,
            template="(SELECT coalesce(jsonb_agg(item), '[]') FROM (%(subquery)s) AS listed)",
        )


class _ParsedStatuses(_Parsed):
    def from_db_value(
        self, value: str | None, expression: object, connection: object
    ) -> dict[int, str]:
        items = super().from_db_value(value, expression, connection)
        return {item["id"]: item["status"] for item in items}


class StatusesById(ListOf):
    """The columns `id` and `status` of a subquery's items as one mapping, in the subquery's order."""

    output_field = _ParsedStatuses()


def topological_order(nodes: Iterable[int], dependencies: Edges) -> list[int]:
    """Return `nodes` so that each stands after all that it waits for; ties by id.

    `dependencies` names for a node what it waits for, within `nodes`.
    """
    open_count = {node: len(dependencies.get(node, ())) for node in nodes}
    dependents: dict[int, list[int]] = {}
    for node in open_count:
        for dependency in dependencies.get(node, ()):
            dependents.setdefault(dependency, []).append(node)
    free = [node for node, count in open_count.items() if count == 0]
    heapq.heapify(free)
    ordered = []
    while free:
        node = heapq.heappop(free)
        ordered.append(node)
        for dependent in dependents.get(node, ()):
            open_count[dependent] -= 1
            if open_count[dependent] == 0:
                heapq.heappush(free, dependent)
    return ordered


def critical_path(
    ordered: Sequence[int], dependencies: Edges, unfinished: set[int]
) -> list[int]:
    """Return the longest way through unfinished orders, from where work can start to where it ends.

    `ordered` is a topological order. Orders carry no durations, so the length is their number.
    """
    length: dict[int, int] = {}
    previous: dict[int, int | None] = {}
    for node in ordered:
        if node not in unfinished:
            continue
        before = [dep for dep in dependencies.get(node, ()) if dep in unfinished]
        longest = max(before, key=lambda dep: (length[dep], -dep), default=None)
        previous[node] = longest
        length[node] = 1 + (length[longest] if longest is not None else 0)
    last = max(length, key=lambda node: (length[node], -node), default=None)
    path: list[int] = []
    while last is not None:
        path.append(last)
        last = previous[last]
    return path[::-1]


def shortest_way(start: int, goal: int, dependencies: Edges) -> list[int]:
    """Return the shortest way from `start` to `goal` along what each waits for, both included.

    There must be one.
    """
    came_from: dict[int, int | None] = {start: None}
    queue = deque([start])
    while goal not in came_from:
        node = queue.popleft()
        for dependency in dependencies.get(node, ()):
            if dependency not in came_from:
                came_from[dependency] = node
                queue.append(dependency)
    way: list[int] = []
    step: int | None = goal
    while step is not None:
        way.append(step)
        step = came_from[step]
    return way[::-1]


def _listed(statuses: Iterable[Status]) -> str:
    """Write statuses for an SQL IN. They are our own constants and never input."""
    return ", ".join(f"'{status}'" for status in sorted(statuses))
