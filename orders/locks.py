"""The locks that keep chains whole, each with a name.

Whoever locks orders locks all that it will touch in one statement and in the order of their ids, so
no two transactions can wait for each other. On SQLite these lock nothing and need not: transactions
there begin IMMEDIATE, which lets one writer in at a time.
"""

from collections.abc import Iterable

from django.db import connection

from orderchainer.core.db.among import among
from orders.models import Order

# Any number that no other part of the installation's database uses as an advisory lock.
GRAPH_LOCK = 0x6F72646572  # "order"


def lock_graph() -> None:
    """Let one transaction at a time add edges to orders that exist; held until it ends.

    Two edges can close a cycle whose ends are far apart, so no set of rows could be locked instead.
    A new order needs none of this: nothing waits for it, so it closes no cycle.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GRAPH_LOCK])


def lock_orders(ids: Iterable[int]) -> dict[int, Order]:
    """Lock the rows of `ids` against change and deletion; those that exist come back by id.

    FOR NO KEY UPDATE lets others insert rows that refer to these, as FOR UPDATE would not.
    """
    rows = (
        Order.objects.filter(pk__in=among(ids))
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    return {order.pk: order for order in rows}
