"""The graph of orders: who waits for whom at any distance, each with one recursive query.

Every walk is a recursive common table expression with UNION, which visits each node once. So the
cost grows with the nodes and edges, not with the number of paths, and a chain of thousands needs no
stack.

No walk depends on the statistics of a table. PostgreSQL has none about a table that is young, and
its default guesses make it hash all edges again in each step of a recursion: a minute for a chain
of thousands. So `_lookup` forces it to use the index, and `_orders_among` the primary key.
"""

import heapq
import json
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import BooleanField, JSONField, Subquery
from django.db.models.expressions import RawSQL

from orders.lifecycle import WAITING, FailurePolicy, Status, Wait

EDGES = "orders_orderdependency"
ORDERS = "orders_order"

Edges = Mapping[int, Sequence[int]]


def _lookup(table: str, alias: str, column: str, condition: str) -> str:
    """Write a join that looks up rows of `table` by index for each row before it.

    `column` is the only one that is read. OFFSET 0 keeps PostgreSQL from choosing another join.
    SQLite has no LATERAL; there CROSS JOIN keeps the sequence of the tables.
    """
    if connection.vendor == "postgresql":
        return f"""
            CROSS JOIN LATERAL (
                SELECT {alias}.{column} FROM {table} {alias} WHERE {condition} OFFSET 0
            ) AS {alias}
        """
    return f"CROSS JOIN {table} AS {alias} ON {condition}"


def _orders_among(walk: str, params: Sequence[Any]) -> RawSQL:
    """Return a condition that keeps the orders whose ids the statement `walk` returns."""
    if connection.vendor == "postgresql":
        # As an array, so that each order is looked up by its primary key.
        condition = f"{ORDERS}.id = ANY(ARRAY({walk}))"
    else:
        condition = f"{ORDERS}.id IN ({walk})"
    return RawSQL(condition, params, output_field=BooleanField())


def _ids_of(walk: str, params: Sequence[Any]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(walk, params)
        return {row[0] for row in cursor.fetchall()}


def _descendants() -> str:
    step = _lookup(EDGES, "edge", "order_id", "edge.depends_on_id = walk.id")
    return f"""
        WITH RECURSIVE walk(id) AS (
            SELECT order_id FROM {EDGES} WHERE depends_on_id = %s
            UNION
            SELECT edge.order_id FROM walk {step}
        ) SELECT id FROM walk
    """


def descendants_of(order_id: int) -> set[int]:
    """Return the ids of the orders that depend on `order_id`, directly or through others."""
    return _ids_of(_descendants(), [order_id])


def first_descendant_among(ids: Sequence[int], order_id: int) -> int | None:
    """Return one of `ids` that depends on `order_id`, directly or through others, or None.

    The walk stops at the first one.
    """
    if not ids:
        return None
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(f"{_descendants()} WHERE id IN ({places}) LIMIT 1", [order_id, *ids])
        row = cursor.fetchone()
    return row[0] if row else None


def in_chain_of(order_id: int) -> RawSQL:
    """Return a condition that keeps the order, all it depends on, and all that depend on it."""
    up = _lookup(EDGES, "edge", "depends_on_id", "edge.order_id = above.id")
    down = _lookup(EDGES, "edge", "order_id", "edge.depends_on_id = below.id")
    return _orders_among(
        f"""
        WITH RECURSIVE above(id) AS (
            SELECT CAST(%s AS bigint)
            UNION
            SELECT edge.depends_on_id FROM above {up}
        ), below(id) AS (
            SELECT CAST(%s AS bigint)
            UNION
            SELECT edge.order_id FROM below {down}
        ) SELECT id FROM above UNION SELECT id FROM below
        """,
        [order_id, order_id],
    )


def awaited_by(order_id: int) -> RawSQL:
    """Return a condition that keeps the orders for which `order_id` waits, at any distance.

    The walk goes on only from orders that wait, and only along edges that are not waived. It looks
    at each order once, however many edges lead to it. Some of the orders may be done already.
    """
    waiting = _lookup(
        ORDERS,
        "waiting",
        "id",
        f"waiting.id = walk.id AND waiting.status IN ({_listed(WAITING)})",
    )
    step = _lookup(
        EDGES,
        "edge",
        "depends_on_id",
        "edge.order_id = waiting.id AND edge.waived_at IS NULL",
    )
    return _orders_among(
        f"""
        WITH RECURSIVE walk(id) AS (
            SELECT CAST(%s AS bigint)
            UNION
            SELECT edge.depends_on_id FROM walk {waiting} {step}
        ) SELECT id FROM walk WHERE id <> %s
        """,
        [order_id, order_id],
    )


@dataclass(frozen=True)
class Walk:
    """A statement that returns the ids of orders, not run yet."""

    sql: str
    params: Sequence[Any]

    def __or__(self, other: "Walk") -> "Walk":
        """Return the walk over the orders of both."""
        sql = f"SELECT id FROM ({self.sql}) AS one UNION SELECT id FROM ({other.sql}) AS other"
        return Walk(sql, [*self.params, *other.params])

    def ids(self) -> set[int]:
        """Return the ids, with a statement of their own."""
        return _ids_of(self.sql, self.params)

    def orders(self) -> RawSQL:
        """Return a condition that keeps these orders, as a part of another statement."""
        return _orders_among(self.sql, self.params)


def only(order_id: int) -> Walk:
    """Return the walk that goes nowhere else."""
    return Walk("SELECT CAST(%s AS bigint) AS id", [order_id])


def dependents_of(order_id: int) -> Walk:
    """Return the orders that depend on `order_id` directly."""
    return Walk(f"SELECT order_id AS id FROM {EDGES} WHERE depends_on_id = %s", [order_id])


def reached_by_failure_of(order_id: int) -> Walk:
    """Return the orders that a failure of `order_id` reaches.

    These are its dependents. If a dependent fails with it, they include that one's dependents too,
    and so on.
    """
    reached = _lookup(
        ORDERS,
        "reached",
        "id",
        f"reached.id = walk.id AND reached.status = '{Status.PENDING}'"
        f" AND reached.failure_policy = '{FailurePolicy.FAIL}'",
    )
    step = _lookup(EDGES, "edge", "order_id", "edge.depends_on_id = reached.id")
    return Walk(
        f"""
        WITH RECURSIVE walk(id) AS (
            SELECT order_id FROM {EDGES} WHERE depends_on_id = %s
            UNION
            SELECT edge.order_id FROM walk {reached} {step}
        ) SELECT id FROM walk
        """,
        [order_id],
    )


def failed_along_with(order_id: int) -> Walk:
    """Return the orders that failed along with `order_id`, also through others."""
    step = _lookup(ORDERS, "along", "id", "along.failed_along_with_id = walk.id")
    return Walk(
        f"""
        WITH RECURSIVE walk(id) AS (
            SELECT id FROM {ORDERS} WHERE failed_along_with_id = %s
            UNION
            SELECT along.id FROM walk {step}
        ) SELECT id FROM walk
        """,
        [order_id],
    )


def chains_up_from(orders: RawSQL) -> list[tuple[int, int | None]]:
    """Return each order of the chains that end with `orders`, with each one that it waited for.

    An order that waited for nothing is there once, with None. Waived edges do not count.
    """
    step = _lookup(
        EDGES, "edge", "depends_on_id", "edge.order_id = walk.id AND edge.waived_at IS NULL"
    )
    sql = f"""
        WITH RECURSIVE walk(id) AS (
            {orders.sql}
            UNION
            SELECT edge.depends_on_id FROM walk {step}
        )
        SELECT walk.id, edge.depends_on_id FROM walk
        LEFT JOIN {EDGES} edge ON edge.order_id = walk.id AND edge.waived_at IS NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, orders.params)
        found: list[tuple[int, int | None]] = cursor.fetchall()
        return found


_JOINED = {
    "postgresql": "string_agg(depends_on_id::text, ',')",
    "sqlite": "group_concat(depends_on_id)",
}
_IS_LISTED = {
    "postgresql": "= ANY(%s)",
    "sqlite": "IN (SELECT value FROM json_each(%s))",
}


def dependencies_of(ids: Collection[int]) -> dict[int, list[int]]:
    """Return what each of these orders depends on, by ascending id.

    The database joins the ids of each order into one text, because fetching half a million rows
    would take seconds.
    """
    sql = f"""
        SELECT order_id, {_JOINED[connection.vendor]} FROM {EDGES}
        WHERE order_id {_IS_LISTED[connection.vendor]} GROUP BY order_id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [_listed_ids(ids)])
        return {
            order_id: sorted(orjson.loads(f"[{joined}]")) for order_id, joined in cursor.fetchall()
        }


# An order, one on which it depends, that one's status, and whether the edge is waived.
Edge = tuple[int, int, str, bool]

_READ_EDGE = f"""
    edge.order_id, edge.depends_on_id,
    (SELECT status FROM {ORDERS} WHERE id = edge.depends_on_id), edge.waived_at IS NOT NULL
"""


def edges_of(ids: Collection[int], *, limit: int) -> list[Edge]:
    """Return at most `limit` of the edges from these orders to their dependencies, sorted."""
    if connection.vendor == "postgresql":
        # The database sorts at most `limit` rows; with an IN it would sort all edges before.
        source = f"""
            (
                SELECT found.* FROM unnest(%s::bigint[]) AS node(id)
                CROSS JOIN LATERAL (
                    SELECT order_id, depends_on_id, waived_at FROM {EDGES}
                    WHERE order_id = node.id OFFSET 0
                ) AS found LIMIT %s
            ) AS edge
        """
    else:
        source = f"""
            (
                SELECT * FROM {EDGES} WHERE order_id IN (SELECT value FROM json_each(%s)) LIMIT %s
            ) AS edge
        """
    return _edges(source, [_listed_ids(ids), limit])


def newest_edges_of(ids: Collection[int], *, for_each: int) -> list[Edge]:
    """Return the edges from each of these orders to its newest dependencies, sorted."""
    if connection.vendor == "postgresql":
        source = f"""
            unnest(%s::bigint[]) AS node(id)
            CROSS JOIN LATERAL (
                SELECT order_id, depends_on_id, waived_at FROM {EDGES}
                WHERE order_id = node.id ORDER BY depends_on_id DESC LIMIT %s
            ) AS edge
        """
    else:
        source = f"""
            (
                SELECT *, row_number() OVER (
                    PARTITION BY order_id ORDER BY depends_on_id DESC
                ) AS rank
                FROM {EDGES} WHERE order_id IN (SELECT value FROM json_each(%s))
            ) AS edge WHERE rank <= %s
        """
    return _edges(source, [_listed_ids(ids), for_each])


def _edges(source: str, params: Sequence[Any]) -> list[Edge]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_READ_EDGE} FROM {source} ORDER BY 1, 2", params)
        found: list[Edge] = cursor.fetchall()
        return found


def _listed_ids(ids: Iterable[int]) -> list[int] | str:
    """Return `ids` as one parameter, as the database takes it."""
    listed = sorted(ids)
    return listed if connection.vendor == "postgresql" else json.dumps(listed)


class _Parsed(JSONField):
    """JSON that the database assembled. orjson reads it five times as fast as `json`."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
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


class _ParsedWaits(_Parsed):
    def from_db_value(
        self, value: str | None, expression: object, connection: object
    ) -> dict[int, Wait]:
        items = super().from_db_value(value, expression, connection)
        return {item["id"]: Wait(item["status"], bool(item["waived"])) for item in items}


class WaitsById(ListOf):
    """The columns `id`, `status` and `waived` of a subquery as a mapping of `Wait` by id."""

    output_field = _ParsedWaits()


def topological_order(nodes: Iterable[int], dependencies: Edges) -> list[int]:
    """Return `nodes`, sorted so that each comes after everything it waits for; ties by id.

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


def critical_path(ordered: Sequence[int], dependencies: Edges, unfinished: set[int]) -> list[int]:
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
