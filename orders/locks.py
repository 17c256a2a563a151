"""The locks that keep chains consistent, each with a name.

Every writer locks all the orders that it will touch in one statement, sorted by id, so no two
transactions can wait for each other. On SQLite these functions lock nothing and need not:
transactions there begin IMMEDIATE, which lets only one writer in at a time.
"""

from collections.abc import Iterable

from django.db import connection

from orderchainer.core.db.among import among
from orders.models import Order

# Any number that nothing else in the database uses as an advisory lock.
GRAPH_LOCK = 0x6F72646572  # "order"


def lock_graph() -> None:
    """Let only one transaction at a time add edges to existing orders, until it ends.

    Two edges can close a cycle whose ends are far apart, so locking rows would not be enough. A new
    order does not need this lock: nothing waits for it, so it cannot close a cycle.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GRAPH_LOCK])


def lock_orders(ids: Iterable[int]) -> dict[int, Order]:
    """Lock these orders against change and deletion. Return those that exist, by id.

    FOR NO KEY UPDATE still lets others insert rows that refer to them, unlike FOR UPDATE.
    """
    rows = Order.objects.filter(pk__in=among(ids)).order_by("pk").select_for_update(no_key=True)
    return {order.pk: order for order in rows}


def lock_for_removal(order_id: int) -> None:
    """Let nobody refer to a locked order any more.

    Waits for those who refer to it just now (`keep_order`), so that a deletion sees their rows.
    """
    list(Order.objects.filter(pk=order_id).order_by().select_for_update().values_list("pk"))


def keep_order(order_id: int) -> bool:
    """Keep an order from being deleted until the transaction ends. False if it is gone.

    Others may change it meanwhile, and refer to it. A foreign key takes this lock at the commit.
    Taken before, it lets us act if the order is gone. It may come after other locks: only deletions
    wait for it, and they hold nothing but orders and the rows that refer to them.
    """
    sql = "SELECT 1 FROM orders_order WHERE id = %s"
    if connection.vendor == "postgresql":
        sql += " FOR KEY SHARE"
    with connection.cursor() as cursor:
        cursor.execute(sql, [order_id])
        return cursor.fetchone() is not None
