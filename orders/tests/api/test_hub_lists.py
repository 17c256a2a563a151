"""The list of a project's orders on the hub: its days, pages, filters and statements."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import client_of
from orders.models import Order, OrderItem
from orders.tests.api.hub import path, place, titles
from orders.tests.factories import make_chain

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(ada: User) -> Project:
    return create_project(owner=ada, name="My Store")


# --- days -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("America/New_York", "2026-11-20T03:30", "2026-11-19"),
        ("Pacific/Kiritimati", "2026-11-19T10:30", "2026-11-20"),
        ("Asia/Kathmandu", "2026-11-19T18:20", "2026-11-20"),
        # A name that some systems no longer have.
        ("US/Pacific", "2026-11-20T07:59", "2026-11-19"),
        # Days without a midnight.
        ("America/Santiago", "2026-09-06T04:00", "2026-09-06"),
        ("America/Santiago", "2026-09-06T03:59", "2026-09-05"),
    ],
)
def test_an_order_is_in_the_day_of_the_project_and_in_no_other(
    ada: User, zone: str, moment: str, day: str
) -> None:
    store = create_project(owner=ada, name="My Store", timezone=zone)
    placed_at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    place(store, title="It", ordered_at=placed_at)

    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone))
    for days_later in (-1, 0, 1):
        with time_machine.travel(noon + timedelta(days=days_later), tick=False):
            client = client_of(ada)
            today = client.get(path(store, "stats/summary?days=1")).json()
            listed = titles(client, store, "days=1")
            both = titles(client, store, "days=2")
        assert (today["end_date"] == day) is (days_later == 0)
        assert listed == (["It"] if days_later == 0 else [])
        assert today["total_orders"] == len(listed)
        assert both == ([] if days_later == -1 else ["It"])


def test_shows_thirty_days_unless_asked_for_more(store: Project, client: APIClient) -> None:
    now = timezone.now()
    for days in (0, 29, 30, 3649, 3650):
        place(store, title=f"{days} days ago", ordered_at=now - timedelta(days=days))

    assert titles(client, store) == ["0 days ago", "29 days ago"]
    assert titles(client, store, "days=") == ["0 days ago", "29 days ago"]
    assert titles(client, store, "days=31")[-1] == "30 days ago"
    assert titles(client, store, "days=3650")[-1] == "3649 days ago"


# --- pages ------------------------------------------------------------------------------------


def test_lists_the_newest_first_in_pages_with_total_and_links(
    store: Project, client: APIClient
) -> None:
    now = timezone.now()
    for number in range(5):
        # Two of them at the same moment: the one with the higher number is the newer.
        place(store, title=str(number), ordered_at=now - timedelta(hours=number // 2))

    response = client.get(f"{path(store)}?page=2&page_size=2")

    assert titles(client, store) == ["1", "0", "3", "2", "4"]
    assert [row["title"] for row in response.json()] == ["3", "2"]
    assert response["X-Total-Count"] == "5"
    assert response["Link"] == (
        f'<http://testserver{path(store)}?page=3&page_size=2>; rel="next", '
        f'<http://testserver{path(store)}?page=1&page_size=2>; rel="prev"'
    )


@pytest.mark.parametrize(("page", "count"), [("1", 1), ("2", 0), ("2147483647", 0)])
def test_a_page_beyond_the_end_is_empty_and_knows_the_total(
    store: Project, client: APIClient, page: str, count: int
) -> None:
    for total in (0, 1):
        if total:
            place(store)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"{path(store)}?page={page}")

        assert len(response.json()) == min(count, total)
        assert response["X-Total-Count"] == str(total)
        assert len(queries) == 3


@pytest.mark.parametrize(
    "query",
    [
        "",
        "status=pending&days=30",
        "search=Link&customer=&min_total=0&provider=api&provider=manual&ordering=title",
    ],
)
def test_a_list_takes_three_statements_whatever_there_is(
    store: Project, ada: User, client: APIClient, query: str
) -> None:
    make_chain(ada, 60, currency="USD", total_price=Decimal(5))
    Order.objects.update(project=store)
    OrderItem.objects.bulk_create(
        OrderItem(order=order, name=f"Item {n}", unit_price=1, quantity=1)
        for order in Order.objects.all()
        for n in range(3)
    )

    for size in (2, 50):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"{path(store)}?{query}&page_size={size}")
        assert len(response.json()) == size
        assert response["X-Total-Count"] == "60"
        assert len(queries) == 3


# --- filters ----------------------------------------------------------------------------------


@pytest.fixture
def stocked(store: Project) -> Project:
    now = timezone.now()

    def add(title: str, **fields: Any) -> None:
        order = place(store, title=title, ordered_at=now, **fields)
        Order.objects.filter(pk=order.pk).update(
            provider={"Pear": "shopify", "Plum": "manual"}.get(title, "api"),
            external_id={"Pear": "5940139491234"}.get(title, ""),
        )

    add("Pear", status="draft", total_price=Decimal("59.98"), customer_name="Ada Lovelace")
    add("Apple", total_price=Decimal("10.00"), customer_email="grace@example.com")
    add("Plum", status="completed", total_price=Decimal(0), customer_phone="+4915112345")
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=draft", "Pear"),
        ("status=draft&status=completed", "Plum Pear"),
        ("provider=shopify", "Pear"),
        ("provider=shopify&provider=manual", "Plum Pear"),
        ("status=&provider=", "Plum Apple Pear"),
        ("unknown=1", "Plum Apple Pear"),
        ("search=eAr", "Pear"),
        ("search=594013", "Pear"),
        ("search=lovelace", "Pear"),
        ("search=grace@", "Apple"),
        ("search=nothing", ""),
        ("search=%20", "Plum Apple Pear"),
        ("customer=ADA", "Pear"),
        ("customer=49151", "Plum"),
        ("customer=pear", ""),
        ("min_total=10", "Apple Pear"),
        ("max_total=10.00", "Plum Apple"),
        ("min_total=10.0001&max_total=59.98", "Pear"),
        ("ordering=title", "Apple Pear Plum"),
        ("ordering=-total", "Pear Apple Plum"),
        ("ordering=status,-number", "Plum Pear Apple"),
        ("ordering=order_date", "Plum Apple Pear"),
        ("ordering=-customer", "Pear Plum Apple"),
        ("page_size=1&page=2", "Apple"),
    ],
)
def test_narrows_and_sorts(stocked: Project, client: APIClient, query: str, found: str) -> None:
    assert " ".join(titles(client, stocked, query)) == found


def test_finds_an_order_by_its_number(stocked: Project, client: APIClient) -> None:
    number = Order.objects.get(title="Apple").pk

    # Others may have the digits in a phone number or an external id.
    assert "Apple" in titles(client, stocked, f"search={number}")
    assert titles(client, stocked, f"search=%23{number}") == ["Apple"]
    assert titles(client, stocked, f"search={'9' * 40}") == []


@pytest.mark.parametrize(
    "query",
    [
        "days=0",
        "days=3651",
        "days=-1",
        "days=1.5",
        "days=%D9%A3",
        "days=NaN",
        "days=" + "9" * 5000,
        "page=0",
        "page=2147483648",
        "page=x",
        "page_size=0",
        "page_size=201",
        "status=done",
        "provider=ebay",
        "ordering=owner__password",
        "ordering=" + ",".join(["title"] * 11),
        "search=%00",
        "search=" + "x" * 201,
        "customer=%00",
        "min_total=NaN",
        "min_total=-1",
        "min_total=1e400",
        "max_total=99999999999999999999999",
        "max_total=0.00001",
        "max_total=%D9%A1",
    ],
)
def test_a_malformed_query_is_a_422_that_names_the_parameter(
    store: Project, client: APIClient, query: str
) -> None:
    response = client.get(f"{path(store)}?{query}")

    body = response.json()
    assert response.status_code == 422
    assert body["code"] == "VALIDATION_ERROR"
    assert list(body["errors"]) == [query.split("=")[0]]


@pytest.mark.parametrize("days", ["0", "3651", "x", "%00"])
def test_a_malformed_period_of_the_figures_is_a_422(
    store: Project, client: APIClient, days: str
) -> None:
    response = client.get(f"{path(store, 'stats/summary')}?days={days}")

    assert response.status_code == 422
    assert response.json()["errors"] == {"days": ["Must be a whole number from 1 to 3650."]}


def test_lists_the_orders_of_its_own_project_only(
    store: Project, ada: User, client: APIClient
) -> None:
    other = create_project(owner=ada, name="Another")
    place(other, title="Not here")
    place(store, title="Here")

    assert titles(client, store) == ["Here"]
    assert titles(client, other) == ["Not here"]
    for project in (store, other):
        assert client.get(path(project, "stats/summary")).json()["total_orders"] == 1
