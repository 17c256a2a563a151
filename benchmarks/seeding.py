"""Fill the database with users, orders and chains, with SQL for both databases."""

import math
from dataclasses import dataclass

from django.db import connection

from accounts.models import User
from accounts.services import open_session, register_user
from benchmarks.bare import PostgreSQL, SQLite
from orders.models import Order

PASSWORD = "correct horse"

# Every order has a description, a quarter have two lines, and a third wait for the order before,
# which is completed in half of these cases.
_ORDERS = """
    INSERT INTO orders_order (
        uuid, owner_id, project_id, title, description, status, auto_activate, failure_policy,
        provider, external_id, is_test, source_status, source_title, source_notes, source_details,
        total_price, currency, link, customer_name, customer_email, customer_phone,
        shipping_address, phone_number, notes, ordered_at, status_changed_at, created_at,
        updated_at, version
    )
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    SELECT
        {uuid}, %s, %s, 'Order ' || n, 'What there is to say about order ' || n || '.',
        CASE WHEN n %% 6 = 1 THEN 'completed' ELSE 'pending' END, false, %s, 'api',
        '', false, '', '', '', '{{}}',
        25, 'USD', '', 'Ann Example', 'ann@example.com', '+15550100',
        '1 Main Street, Springfield', '+15550100', '', {now}, {now}, {now}, {now}, 1
    FROM numbers
"""
_WAITING_FOR_THE_ONE_BEFORE = """
    INSERT INTO orders_orderdependency (order_id, depends_on_id, waiver_reason)
    SELECT id, id - 1, '' FROM orders_order WHERE owner_id = %s AND id > %s AND (id - %s) %% %s = %s
"""
_LINES = """
    INSERT INTO orders_orderitem (order_id, name, sku, unit_price, quantity)
    SELECT id, 'Line ' || n, 'SKU-' || n, 12.5, 1
    FROM orders_order CROSS JOIN (SELECT 1 AS n UNION ALL SELECT 2) AS lines
    WHERE owner_id = %s AND (id - %s) %% 4 = 0
"""
_EVENTS = """
    INSERT INTO orders_event (
        event_id, type, subject_kind, subject_uuid, order_id, owner_id, project_id, actor_id, data,
        created_at
    )
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    SELECT {uuid}, 'order_created', 'order', {uuid}, %s, %s, %s, %s,
        '{{"title": "An order", "status": "pending", "dependencies": []}}', {now}
    FROM numbers
"""


@dataclass(frozen=True)
class Account:
    """A user with orders in ascending order of ids, and a token to read them."""

    user: User
    token: str
    order_ids: range


def make_account(name: str, order_count: int = 0) -> Account:
    """Register a user with that many orders; a third of them wait for the one before."""
    user = register_user(email=f"{name}@example.com", password=PASSWORD)
    ids = _add_orders(user, order_count, "hold")
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_FOR_THE_ONE_BEFORE, [user.pk, ids.start, ids.start, 3, 1])
        cursor.execute(_LINES, [user.pk, ids.start])
    return Account(user, open_session(user=user).access, ids)


def make_chain(name: str, length: int) -> Account:
    """Register a user with one chain: each order waits for the one before and fails with it."""
    user = register_user(email=f"{name}@example.com", password=PASSWORD)
    ids = _add_orders(user, length, "fail")
    Order.objects.filter(owner=user).update(status="pending")
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_FOR_THE_ONE_BEFORE, [user.pk, ids.start, ids.start, 1, 0])
    return Account(user, open_session(user=user).access, ids)


def make_braid(name: str, size: int) -> Account:
    """Register a user with one chain that is about as wide as it is long.

    Each order waits for the one in the same lane of the level before, and one in five also for its
    neighbour. The first level waits for the first order, whose chain is therefore all of them.
    Every status occurs.
    """
    user = register_user(email=f"{name}@example.com", password=PASSWORD)
    ids = _add_orders(user, size, "hold")
    width = math.isqrt(size)
    # Otherwise every fifth lane has all the ties to its neighbour, and each lane one status.
    width += width % 5 == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_order SET status = CASE id %% 5 WHEN 0 THEN 'active' WHEN 1 THEN"
            " 'completed' WHEN 2 THEN 'failed' ELSE 'pending' END WHERE owner_id = %s",
            [user.pk],
        )
        for back, step in ((width, 1), (width + 1, 5)):
            cursor.execute(
                "INSERT INTO orders_orderdependency (order_id, depends_on_id, waiver_reason)"
                " SELECT id, id - %s, '' FROM orders_order"
                " WHERE owner_id = %s AND id - %s >= %s AND id %% %s = 0",
                [back, user.pk, back, ids.start, step],
            )
        cursor.execute(
            "INSERT INTO orders_orderdependency (order_id, depends_on_id, waiver_reason)"
            " SELECT id, %s, '' FROM orders_order WHERE owner_id = %s AND id > %s AND id < %s",
            [ids.start, user.pk, ids.start, ids.start + width],
        )
    return Account(user, open_session(user=user).access, ids)


def make_crowd(name: str, size: int) -> Account:
    """Register a user with many orders that all wait for the first one."""
    user = register_user(email=f"{name}@example.com", password=PASSWORD)
    ids = _add_orders(user, size + 1, "hold")
    Order.objects.filter(owner=user).update(status="pending", auto_activate=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_orderdependency (order_id, depends_on_id, waiver_reason)"
            " SELECT id, %s, '' FROM orders_order WHERE owner_id = %s AND id > %s",
            [ids.start, user.pk, ids.start],
        )
    return Account(user, open_session(user=user).access, ids)


def make_dense_graph(name: str, size: int) -> Account:
    """Register a user with that many orders, each of which waits for all before it."""
    user = register_user(email=f"{name}@example.com", password=PASSWORD)
    ids = _add_orders(user, size, "hold")
    Order.objects.filter(owner=user).update(status="pending")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_orderdependency (order_id, depends_on_id, waiver_reason)"
            " SELECT later.id, earlier.id, '' FROM orders_order AS later"
            " JOIN orders_order AS earlier ON earlier.id < later.id"
            " WHERE later.owner_id = %s AND earlier.owner_id = %s",
            [user.pk, user.pk],
        )
    return Account(user, open_session(user=user).access, ids)


def add_events(account: Account, count: int) -> None:
    """Add events that have no position in the stream yet."""
    user = account.user
    with connection.cursor() as cursor:
        cursor.execute(
            _for_this_database(_EVENTS),
            [
                count,
                account.order_ids.start,
                user.pk,
                user.personal_project.pk,
                user.pk,
            ],
        )


def settle() -> None:
    """Do the housekeeping that a database with that many rows would have done already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _add_orders(user: User, count: int, failure_policy: str) -> range:
    if count:
        with connection.cursor() as cursor:
            cursor.execute(
                _for_this_database(_ORDERS),
                [count, user.pk, user.personal_project.pk, failure_policy],
            )
    newest = Order.objects.filter(owner=user).order_by("-pk").first()
    last = newest.pk if newest else 0
    return range(last - count + 1, last + 1)


def _for_this_database(statement: str) -> str:
    database = PostgreSQL if connection.vendor == "postgresql" else SQLite
    return statement.format(uuid=database.uuid, now="CURRENT_TIMESTAMP")
