"""The floor of a cart: the same rows with hand-written SQL and without a framework."""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson

from benchmarks.bare import Database, Run, StartResponse, connect

HOLD = """
    INSERT INTO cart_cart (user_id, created_at, updated_at)
    VALUES (%s, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)
    ON CONFLICT (user_id) DO UPDATE SET updated_at = excluded.updated_at
"""
ADD = """
    INSERT INTO cart_cartitem (cart_id, product_id, quantity, created_at)
    VALUES (%s, %s, %s, CURRENT_TIMESTAMP)
    ON CONFLICT (cart_id, product_id)
    DO UPDATE SET quantity = cart_cartitem.quantity + excluded.quantity
"""
READ = """
    SELECT i.id, p.id, p.name, p.price, coalesce(c.name, ''), p.image, p.currency, i.quantity,
        p.price * i.quantity, p.stock
    FROM cart_cartitem i JOIN catalog_product p ON p.id = i.product_id
        LEFT JOIN catalog_category c ON c.id = p.category_id
    WHERE i.cart_id = %s ORDER BY i.id
"""
SHOWN = (
    *("id", "product_id", "name", "price", "category_name", "image", "currency"),
    *("quantity", "total_price", "available"),
)


class BareCarts:
    """`/cart?user=`, and POST to `/cart/items?user=`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        user = int(parse_qs(environ["QUERY_STRING"])["user"][0])
        with self.database.transaction() as run:
            if environ["PATH_INFO"] == "/cart":
                status, body = "200 OK", _cart(run, user)
            else:
                status, body = "201 Created", _add(run, user, environ)
        payload = orjson.dumps(body, default=str)
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(payload))),
        ]
        start_response(status, headers)
        return [payload]


def _add(run: Run, user: int, environ: dict[str, Any]) -> dict[str, Any]:
    wanted = orjson.loads(environ["wsgi.input"].read())
    run(HOLD, [user])
    run(ADD, [user, wanted["product_id"], wanted["quantity"]])
    return _cart(run, user)


def _cart(run: Run, user: int) -> dict[str, Any]:
    items = [dict(zip(SHOWN, row, strict=True)) for row in run(READ, [user])]
    return {
        "id": user,
        "items": items,
        "total_price": sum(item["total_price"] for item in items),
        "total_items": sum(item["quantity"] for item in items),
    }


def application() -> BareCarts:
    """Return the application for a server: `benchmarks.bare_carts:application()`."""
    return BareCarts(connect(os.environ["DATABASE_URL"]))
