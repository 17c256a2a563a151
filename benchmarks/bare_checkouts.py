"""The floor of a checkout: one transaction of seven statements, without a framework.

It takes the customer from the URL without a token, relies on the constraints alone, and answers
with the order's number. It locks products like the service: in the order of their ids, with FOR NO
KEY UPDATE.
"""

import os
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import orjson

from benchmarks.bare import Database, PostgreSQL, StartResponse, connect

NOW = "CURRENT_TIMESTAMP"
LOCK = """
    SELECT p.id, p.project_id, p.name, p.price, i.quantity FROM cart_cartitem i
    JOIN catalog_product p ON p.id = i.product_id WHERE i.cart_id = %s ORDER BY p.id {lock}
"""
ORDER = f"""
    INSERT INTO orders_order (
        uuid, owner_id, project_id, title, description, status, auto_activate, failure_policy,
        provider, external_id, is_test, source_status, source_title, source_notes, source_details,
        total_price, currency, link, customer_name, customer_email,
        customer_phone, shipping_address, phone_number, notes,
        ordered_at, status_changed_at, created_at, updated_at, version
    ) VALUES (%s, %s, %s, %s, '', 'pending', false, 'hold',
        'storefront', '', false, '', '', '', '{{}}', %s, 'USD', '', '', '',
        '', %s, %s, %s, {NOW}, {NOW}, {NOW}, {NOW}, 1) RETURNING id
"""
ITEMS = """
    INSERT INTO orders_orderitem (order_id, product_id, name, sku, unit_price, quantity)
    SELECT CAST(%s AS bigint), p.id, p.name, p.sku, p.price, i.quantity
    FROM cart_cartitem i JOIN catalog_product p ON p.id = i.product_id WHERE i.cart_id = %s
"""
EVENT = f"""
    INSERT INTO orders_event (event_id, type, subject_kind, subject_uuid, order_id, owner_id,
        project_id, actor_id, data, created_at)
    VALUES (%s, 'order_created', 'order', %s, %s, %s, %s, %s, %s, {NOW})
"""
STOCK = f"""
    UPDATE catalog_product SET stock = stock - i.quantity, version = version + 1, updated_at = {NOW}
    FROM cart_cartitem i WHERE i.cart_id = %s AND catalog_product.id = i.product_id
"""
LEDGER = f"""
    INSERT INTO catalog_stockmovement (product_id, change, reason, order_id, note, created_at)
    SELECT product_id, -quantity, 'sold', CAST(%s AS bigint), '', {NOW} FROM cart_cartitem
    WHERE cart_id = %s
"""
EMPTY = "DELETE FROM cart_cartitem WHERE cart_id = %s"


class BareCheckouts:
    """POST to `/checkout?user=`; any other request returns the number of products."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._lock = LOCK.format(
            lock=f"{database.lock} OF p" if isinstance(database, PostgreSQL) else ""
        )

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            user = int(parse_qs(environ["QUERY_STRING"])["user"][0])
            status = "201 Created"
            body = self.check_out(user, orjson.loads(environ["wsgi.input"].read()))
        else:
            status = "200 OK"
            ((count,),) = self.database.run("SELECT count(*) FROM catalog_product")
            body = {"products": count}
        payload = orjson.dumps(body, default=str)
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(payload))),
        ]
        start_response(status, headers)
        return [payload]

    def check_out(self, user: int, where: dict[str, str]) -> dict[str, Any]:
        """Turn a cart into an order."""
        with self.database.transaction() as run:
            rows = run(self._lock, [user])
            project, title = rows[0][1], rows[0][2]
            total = sum(Decimal(str(price)) * count for *_, price, count in rows)
            address = [where[name] for name in ("shipping_address", "phone_number", "notes")]
            order_uuid = uuid.uuid4().hex
            ((order_id,),) = run(ORDER, [order_uuid, user, project, title, str(total), *address])
            run(ITEMS, [order_id, user])
            data = {"title": title, "status": "pending", "dependencies": []}
            run(
                EVENT,
                [
                    *(uuid.uuid4().hex, order_uuid, order_id, user, project, user),
                    orjson.dumps(data).decode(),
                ],
            )
            run(STOCK, [user])
            run(LEDGER, [order_id, user])
            run(EMPTY, [user])
        return {"id": order_id, "title": title, "total_price": total}


def application() -> BareCheckouts:
    """Return the application for a server: `benchmarks.bare_checkouts:application()`."""
    return BareCheckouts(connect(os.environ["DATABASE_URL"]))
