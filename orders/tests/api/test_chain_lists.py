"""The list of `/api/orders/`: its windows, filters and orderings."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_lists_a_window_with_its_total_and_links(ada: User, client: APIClient) -> None:
    orders = [make_order(ada) for _ in range(5)]

    response = client.get("/api/orders/?skip=2&limit=2")

    assert [row["id"] for row in response.json()] == [orders[2].pk, orders[3].pk]
    assert response["X-Total-Count"] == "5"
    assert response["Link"] == (
        '<http://testserver/api/orders/?skip=4&limit=2>; rel="next", '
        '<http://testserver/api/orders/?skip=0&limit=2>; rel="prev"'
    )


def test_a_window_past_the_end_is_empty_and_knows_the_total(ada: User, client: APIClient) -> None:
    make_order(ada)

    response = client.get("/api/orders/?skip=10")

    assert response.json() == []
    assert response["X-Total-Count"] == "1"


@pytest.mark.parametrize(
    "query",
    [
        "skip=-1",
        "skip=abc",
        "skip=1.5",
        "limit=0",
        "limit=201",
        "limit=" + "9" * 5000,
        "limit=٣",
        "status=done",
        "ordering=owner__password",
        "search=%00",
        "up_to=abc",
        "up_to=NaN",
        "up_to=99999999999999999999999",
    ],
)
def test_a_malformed_list_query_is_a_400_that_names_the_parameter(
    client: APIClient, query: str
) -> None:
    response = client.get(f"/api/orders/?{query}")

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [query.split("=")[0]]


def test_narrows_and_sorts(ada: User, client: APIClient) -> None:
    pear = make_order(ada, title="Pear", status="draft")
    apple = make_order(ada, title="Apple", description="a PEAR's cousin")
    plum = make_order(ada, title="Plum", status="completed")

    def ids(query: str) -> list[int]:
        return [row["id"] for row in client.get(f"/api/orders/?{query}").json()]

    assert ids("status=draft") == [pear.pk]
    assert ids("status=draft&status=completed") == [pear.pk, plum.pk]
    assert ids("search=pear") == [pear.pk, apple.pk]
    assert ids("ordering=title") == [apple.pk, pear.pk, plum.pk]
    assert ids("ordering=-title&limit=1") == [plum.pk]


def test_pages_stay_in_place_while_rows_are_inserted(ada: User, client: APIClient) -> None:
    for number in range(6):
        make_order(ada, title=f"Old {number}")
    for query in ["limit=2", "limit=2&ordering=-created_at", "limit=2&ordering=-id"]:
        before = client.get(f"/api/orders/?{query.replace('limit=2', 'limit=200')}").json()
        seen: list[int] = []
        path: str | None = f"/api/orders/?{query}"
        while path and len(seen) < len(before):
            response = client.get(path)
            seen += [row["id"] for row in response.json()]
            make_order(ada, title="Inserted meanwhile")
            links = response.get("Link", "")
            following = [link for link in links.split(", ") if 'rel="next"' in link]
            path = following[0].split(">")[0][1:] if following else None
        assert seen == [row["id"] for row in before], query
