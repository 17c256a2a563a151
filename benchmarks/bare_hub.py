"""The floor of the hub: a project's orders and their figures with hand-written SQL alone."""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson

from benchmarks.bare import Database, PostgreSQL, StartResponse, connect

PAGE = 50

COLUMNS = (
    *("uuid", "external_id", "provider", "status", "is_test", "customer_name", "customer_email"),
    *("customer_phone", "shipping_address", "total_price", "currency", "ordered_at"),
    *("fulfilled_at", "updated_at", "id", "title", "link", "notes", "auto_activate"),
    *("failure_policy", "source_details", "version"),
)
SHOWN = (*COLUMNS, "dependencies", "items")
PLACED = "project_id = %s AND ordered_at >= %s"
ROWS = """
    SELECT {columns},
        (SELECT {dependencies} FROM orders_orderdependency edge
            JOIN orders_order d ON d.id = edge.depends_on_id WHERE edge.order_id = o.id),
        (SELECT {items} FROM orders_orderitem WHERE order_id = o.id)
    FROM orders_order o WHERE o.id IN (
        SELECT id FROM orders_order WHERE {placed}
        ORDER BY ordered_at DESC, id DESC LIMIT {page} OFFSET %s
    ) ORDER BY o.ordered_at DESC, o.id DESC
"""
FIGURES = """
    SELECT status, currency, count(*), sum(CASE WHEN is_test THEN 0 ELSE total_price END)
    FROM orders_order WHERE {placed} GROUP BY status, currency
"""


class BareHub:
    """`/orders?project=&since=` with `page`, and `/figures?project=&since=`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        dependencies = (
            "jsonb_agg(d.uuid)" if isinstance(database, PostgreSQL) else "json_group_array(d.uuid)"
        )
        self._rows = ROWS.format(
            columns=", ".join(f"o.{name}" for name in COLUMNS),
            dependencies=dependencies,
            items=database.items,
            placed=PLACED,
            page=PAGE,
        )
        self._count = f"SELECT count(*) FROM orders_order WHERE {PLACED}"
        self._figures = FIGURES.format(placed=PLACED)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        placed = [int(query["project"]), query["since"]]
        headers = [("Content-Type", "application/json")]
        body: Any
        if environ["PATH_INFO"] == "/orders":
            body, total = self.page(placed, (int(query.get("page", 1)) - 1) * PAGE)
            headers.append(("X-Total-Count", str(total)))
        else:
            body = self.database.run(self._figures, placed)
        payload = orjson.dumps(body, default=str)
        start_response("200 OK", [*headers, ("Content-Length", str(len(payload)))])
        return [payload]

    def page(self, placed: list[object], skip: int) -> tuple[list[dict[str, Any]], int]:
        """Read a page of the orders, the newest first, and count them."""
        rows = self.database.run(self._rows, [*placed, skip])
        total = len(rows)
        if total == PAGE or skip:
            ((total,),) = self.database.run(self._count, placed)
        return [dict(zip(SHOWN, row, strict=True)) for row in rows], total


def application() -> BareHub:
    """Return the application for a server: `benchmarks.bare_hub:application()`."""
    return BareHub(connect(os.environ["DATABASE_URL"]))
