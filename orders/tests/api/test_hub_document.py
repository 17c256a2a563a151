"""`/api/v1/orders` as the hub document has it: its examples, to the byte of each amount."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import create_project
from orders.models import Order
from orders.services import ItemDraft, create_order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 1, 12, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def store(now: None, ada: User) -> Project:
    return create_project(owner=ada, name="My Store", timezone="America/New_York")


def documented(store: Project, owner: User, **fields: Any) -> Order:
    """Make the order of the document's example."""
    order = create_order(
        by=owner,
        project=store,
        provider=Order.Provider.SHOPIFY,
        fields={
            "title": "#1234",
            "customer_name": "John Doe",
            "customer_email": "john@example.com",
            "customer_phone": "+1234567890",
            "ordered_at": datetime(2025, 1, 12, 10, 0, tzinfo=UTC),
        },
        items=[ItemDraft(name="Product A", unit_price=Decimal("29.99"), quantity=2)],
    )
    Order.objects.filter(pk=order.pk).update(external_id="1234", **fields)
    return order


def shown(order: Order) -> dict[str, Any]:
    """Return the document's example, with the fields of this service beside it."""
    return {
        "id": str(order.uuid),
        "project_id": str(order.project.uuid),
        "external_id": "1234",
        "provider": "shopify",
        "status": "pending",
        "customer": {
            "name": "John Doe",
            "email": "john@example.com",
            "phone": "+1234567890",
        },
        "items": [
            {
                "name": "Product A",
                "quantity": 2,
                "price": 29.99,
                "sku": "",
                "product_id": None,
            }
        ],
        "total": 59.98,
        "currency": "USD",
        "order_date": "2025-01-12T10:00:00Z",
        "number": order.pk,
        "title": "#1234",
        "fulfilled_date": None,
        "updated_at": "2025-01-12T18:00:00Z",
        "dependencies": [],
        "ready": True,
        "is_test": False,
        "open_moves": [
            "draft",
            "active",
            "shipped",
            "fulfilled",
            "completed",
            "failed",
            "cancelled",
        ],
        "link": "",
        "notes": "",
        "shipping_address": "",
        "auto_activate": False,
        "failure_policy": "hold",
        "source_details": {},
        "assignee": None,
    }


def test_lists_orders_as_documented(store: Project, ada: User, client: APIClient) -> None:
    order = documented(store, ada)

    response = client.get(f"/api/v1/orders/{store.uuid}?status=pending&days=30&page=1&page_size=50")

    assert response.status_code == 200
    assert response.json() == [shown(order)]
    assert response["X-Total-Count"] == "1"
    assert "Link" not in response


def test_gets_an_order_as_documented(store: Project, ada: User, client: APIClient) -> None:
    order = documented(store, ada)

    response = client.get(f"/api/v1/orders/{store.uuid}/{order.uuid}")

    assert response.status_code == 200
    assert response.json() == shown(order)


def test_updates_an_order_as_documented(store: Project, ada: User, client: APIClient) -> None:
    order = documented(store, ada)

    response = client.patch(
        f"/api/v1/orders/{store.uuid}/{order.uuid}",
        {"status": "fulfilled", "fulfilled_date": "2025-01-12T12:00:00Z"},
    )

    assert response.status_code == 200
    assert response.json() == {
        **shown(order),
        "status": "fulfilled",
        "fulfilled_date": "2025-01-12T12:00:00Z",
        "open_moves": ["completed"],
    }
    assert [
        (event.type, event.data.get("changes"))
        for event in Event.objects.filter(order=order).order_by("pk")
    ] == [
        ("order_created", None),
        (
            "order_updated",
            {"fulfilled_at": {"from": None, "to": "2025-01-12T12:00:00+00:00"}},
        ),
        ("order_status_changed", None),
    ]


def test_sums_orders_up_as_documented(store: Project, ada: User, client: APIClient) -> None:
    """Ten pending, 130 fulfilled and ten cancelled orders earn 12,500.50."""
    common = {"owner": ada, "project": store, "title": "An order", "ordered_at": NOW}
    Order.objects.bulk_create(
        [
            *(Order(status="pending", total_price="100.00", **common) for _ in range(10)),
            *(Order(status="fulfilled", total_price="88.46", **common) for _ in range(129)),
            Order(status="fulfilled", total_price="89.16", **common),
            *(Order(status="cancelled", total_price="70.00", **common) for _ in range(10)),
        ]
    )

    response = client.get(f"/api/v1/orders/{store.uuid}/stats/summary?days=30")

    assert response.status_code == 200
    assert response.json() == {
        "period_days": 30,
        "total_orders": 150,
        "total_revenue": 12500.50,
        "orders_by_status": {"pending": 10, "fulfilled": 130, "cancelled": 10},
        "average_order_value": 83.34,
        "currency": "USD",
        "by_currency": {
            "USD": {
                "total_orders": 150,
                "total_revenue": 12500.50,
                "average_order_value": 83.34,
            }
        },
        "start_date": "2024-12-14",
        "end_date": "2025-01-12",
        "timezone": "America/New_York",
    }
    assert b'"total_revenue":12500.50,' in response.content


def test_refuses_in_the_documented_format(store: Project, client: APIClient) -> None:
    response = client.get(f"/api/v1/orders/{store.uuid}/{store.uuid}")

    assert response.status_code == 404
    assert response.json() == {
        "detail": "Order not found",
        "code": "ORDER_NOT_FOUND",
        "timestamp": "2025-01-12T18:00:00Z",
    }


@pytest.mark.parametrize(
    ("total", "currency", "written"),
    [
        ("9999999999.99", "USD", b"9999999999.99"),
        ("0", "USD", b"0.00"),
        ("12500.5", "USD", b"12500.50"),
        ("0.1", "USD", b"0.10"),
        ("1500", "JPY", b"1500.00"),
        ("1.234", "KWD", b"1.234"),
        ("0.3", "CLF", b"0.3000"),
    ],
)
def test_amounts_are_numbers_that_never_were_floats(
    store: Project, ada: User, client: APIClient, total: str, currency: str, written: bytes
) -> None:
    order = create_order(
        by=ada,
        project=store,
        fields={"title": "An order", "total_price": Decimal(total), "currency": currency},
    )

    for path in (f"/api/v1/orders/{store.uuid}", f"/api/v1/orders/{store.uuid}/{order.uuid}"):
        assert b'"total":' + written + b"," in client.get(path).content
    summary = client.get(f"/api/v1/orders/{store.uuid}/stats/summary").content
    assert b'"total_revenue":' + written + b"," in summary
    assert b'"average_order_value":' + written + b"," in summary
