"""How many statements `/api/orders/` takes, whatever the size of lists and chains."""

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_staff, make_user
from orders.api.chain.filters import narrowed
from orders.models import Order
from orders.tests.factories import make_chain, make_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/api/orders/?limit={n}", "/api/orders/?limit={n}&status=pending"]
)
def test_a_list_takes_three_statements_whatever_its_size(
    ada: User, client: APIClient, path: str
) -> None:
    for number in range(40):
        make_order(ada, title=str(number), items=())
    make_chain(ada, 20)

    for size in (2, 50):
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(path.format(n=size)).json()) == size
        assert len(queries) == 3


def test_a_single_order_takes_two_statements(ada: User, client: APIClient) -> None:
    chain = make_chain(ada, 30)

    for order in (chain[0], chain[-1]):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/orders/{order.pk}")
        assert len(queries) == 2


def test_a_single_order_takes_two_statements_more_for_staff_and_none_for_superusers(
    ada: User,
) -> None:
    order = make_order(ada)
    superuser = make_user(is_staff=True, is_superuser=True)

    for caller, most in ((make_staff("view_order"), 4), (superuser, 2)):
        client = client_of(caller)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/api/orders/{order.pk}").status_code == 200
        assert len(queries) == most


def test_creating_takes_at_most_eight_statements(ada: User, client: APIClient) -> None:
    first, second = make_order(ada), make_order(ada)

    with CaptureQueriesContext(connection) as queries:
        client.post(
            "/api/orders/",
            {
                "title": "All of it",
                "dependencies": [first.pk, second.pk],
                "items": [{"name": "Lamp", "unit_price": "1.00", "quantity": 1}] * 5,
            },
        )

    words = [query["sql"].split()[0] for query in queries]
    assert [word for word in words if word in {"SELECT", "INSERT", "UPDATE"}] == [
        "SELECT",  # the session
        "SELECT",  # the personal project
        "SELECT",  # the dependencies, locked
        "INSERT",  # the order,
        "INSERT",  # what it waits for,
        "INSERT",  # its lines
        "INSERT",  # and the event
        "SELECT",  # the answer
    ]


@pytest.mark.parametrize("suffix", ["", "/chain", "/blockers", "/events"])
def test_reads_take_the_same_number_of_statements_at_any_size(
    ada: User, client: APIClient, suffix: str
) -> None:
    counts = []
    for size in (3, 60):
        chain = make_chain(ada, size)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/api/orders/{chain[-1].pk}{suffix}")
        assert response.status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 3


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL's plan")
@pytest.mark.parametrize("ordering", ["id", "-id", "created_at", "-created_at"])
def test_the_oldest_and_the_newest_orders_come_from_an_index(ada: User, ordering: str) -> None:
    for number in range(30):
        make_order(ada, title=str(number), items=())
    request = RequestFactory().get(f"/api/orders/?ordering={ordering}")
    orders = narrowed(Order.objects.owned_by(ada), request)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")
        # With so few orders, PostgreSQL would otherwise scan the table.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")

    plan = orders.values("pk")[:5].explain()

    # An "Incremental Sort" only sorts orders of the same moment.
    assert "->  Sort" not in plan
    assert "Index" in plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL prepares")
@pytest.mark.parametrize(
    ("path", "is_prepared"),
    [
        ("/api/orders/?limit=2", True),
        ("/api/orders/?limit=2&status=pending", True),
        ("/api/orders/?limit=2&status=pending&status=failed", False),
        ("/api/orders/?limit=2&search=order", False),
        ("/api/order?limit=2&status=pending", True),
        ("/api/order?limit=2&status=pending&status=failed", False),
    ],
)
def test_a_list_is_planned_for_values_that_may_match_many_orders_or_few(
    ada: User, client: APIClient, path: str, is_prepared: bool
) -> None:
    for _ in range(3):
        make_order(ada)
    for _ in range(7):  # a connection prepares what it sends for the sixth time
        assert client.get(path).status_code == 200

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = [statement for (statement,) in cursor.fetchall()]

    counts = [text for text in prepared if "count(*), coalesce(max(id), 0)" in text]
    assert bool(counts) == is_prepared
