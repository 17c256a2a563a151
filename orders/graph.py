"""The graph of orders: who waits for whom at any distance, each with one recursive query.

Every walk is a recursive common table expression with UNION, which visits each node once. So the
cost grows with the nodes and edges, not with the number of paths, and a chain of thousands needs no
stack. The functions return expressions for `filter(pk__in=…)`.
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
    """Return the ids of the orders that wait for `order_id`, directly or through others."""
    return RawSQL(_DESCENDANTS, [order_id])


def first_descendant_among(ids: Sequence[int], order_id: int) -> int | None:
    """Return one of `ids` that waits for `order_id`, directly or through others, or None.

    The walk stops at the first one.
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
    """Return the ids of the order, of all it waits for and of all that wait for it."""
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

    The walk follows only edges that hold an order up. It stops at orders that are done, and at
    failed or cancelled ones if the waiting order ignores that. A cancelled order waits for nothing.
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

    These are its dependents and, behind each dependent that fails with it, that one's dependents.
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
    """JSON that the database assembled. orjson reads it five times as fast as `json`."""

    def from_db_value(
        self, value: str | None, expression: object, connection: object
    ) -> Any:
        return orjson.loads(value or "null")


class ListOf(Subquery):
    """The column `item` of a subquery's rows as one JSON array, in the subquery's order.

    With it, one statement reads a list of orders and everything that belongs to them. PostgreSQL
    runs it by index for each row that is shown; with an EXISTS it may hash the whole table first.
    """

    output_field = _Parsed()

    def as_sqlite(self, compiler, connection):  # type: ignore[no-untyped-def]
        """Use SQLite's function; `json` restores the type, which SQLite loses in a subquery."""
        return self.as_sql(
            compiler,
            connection,
            template="(SELECT json_group_array(json(item)) FROM (%(subquery)s))",
        )

    def as_postgresql(self, compiler, connection):  # type: ignore[no-untyped-def]
        """Use PostgreSQL's function, which returns NULL for an empty set."""
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
    """The columns `id` and `status` of a subquery as one mapping, in the subquery's order."""

    output_field = _ParsedStatuses()


def topological_order(nodes: Iterable[int], dependencies: Edges) -> list[int]:
    """Return `nodes` with each after everything it waits for; ties by id.

    `dependencies` lists what each node waits for, within `nodes`.
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
    """Return the longest path through unfinished orders, from the first to the last to do.

    `ordered` is a topological order. Orders have no durations, so the length is their number.
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
    """Return the shortest path of dependencies from `start` to `goal`, both included.

    There must be such a path.
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
    """Write statuses for an SQL IN. They are our own constants, never input."""
    return ", ".join(f"'{status}'" for status in sorted(statuses))
