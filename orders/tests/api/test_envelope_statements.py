"""How many statements `/api/order` takes, whatever the size of lists and chains."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from orders.tests.factories import make_chain, make_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/order?limit={n}", "/api/order?limit={n}&status=pending"])
def test_a_list_takes_three_statements_whatever_its_size(
    ada: User, client: APIClient, path: str
) -> None:
    for number in range(40):
        make_order(ada, title=str(number), items=())
    make_chain(ada, 20)

    for size in (2, 50):
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(path.format(n=size)).json()["data"]) == size
        assert len(queries) == 3


def test_a_single_order_takes_two_statements(ada: User, client: APIClient) -> None:
    chain = make_chain(ada, 30)

    for order in (chain[0], chain[-1]):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/order/{order.uuid}")
        assert len(queries) == 2


def test_an_id_that_is_not_a_uuid_is_not_looked_up(client: APIClient) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/order/abc")

    assert len(queries) == 1  # the session
