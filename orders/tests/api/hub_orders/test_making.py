"""`POST /api/v1/orders/{project_id}`."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.access import Role
from accounts.models import Project, User
from accounts.services import create_project, set_member
from accounts.tests.factories import client_of, make_user
from catalog.tests.factories import make_product
from orders.models import Order
from orders.stream.models import Event
from orders.tests.api.hub import path, place
from orders.tests.api.hub_orders.refusals import refusal
from orders.tests.shopping import ledger_of, stock_of

pytestmark = pytest.mark.django_db


def test_makes_an_order_by_hand(store: Project, ada: User, client: APIClient) -> None:
    awaited = place(store)

    response = client.post(
        path(store),
        {
            "customer": {"name": "John Doe", "email": "john@example.com", "phone": None},
            "items": [
                {"name": "Product A", "quantity": 2, "price": 29.99, "sku": "A-1"},
                {"name": "Product B", "quantity": 1, "price": "0.10", "product_id": None},
            ],
            "total": 60.08,
            "order_date": "2026-01-12T10:00:00Z",
            "dependencies": [str(awaited.uuid)],
            "notes": " as it is \n",
            "link": "https://example.com/1",
        },
    )

    order = Order.objects.latest("pk")
    assert response.status_code == 201
    body = response.json()
    assert body == client.get(path(store, order.uuid)).json()
    assert (
        body.items()
        >= {
            "id": str(order.uuid),
            "provider": "manual",
            "external_id": None,
            "status": "pending",
            "customer": {"name": "John Doe", "email": "john@example.com", "phone": None},
            "items": [
                {
                    "name": "Product A",
                    "quantity": 2,
                    "price": 29.99,
                    "sku": "A-1",
                    "product_id": None,
                },
                {
                    "name": "Product B",
                    "quantity": 1,
                    "price": 0.1,
                    "sku": "",
                    "product_id": None,
                },
            ],
            "total": 60.08,
            "currency": "EUR",
            "order_date": "2026-01-12T10:00:00Z",
            "title": "Product A and 1 more",
            "dependencies": [str(awaited.uuid)],
            "ready": False,
            "open_moves": ["draft", "failed", "cancelled"],
            "notes": " as it is \n",
        }.items()
    )
    assert b'"total":60.08,' in response.content
    assert b'"price":0.10,' in response.content
    assert response["Location"] == path(store, order.uuid)
    assert response["ETag"] == client.get(path(store, order.uuid))["ETag"]
    assert (order.owner, order.project) == (ada, store)


def test_a_repeated_request_gets_the_same_bytes_and_makes_one_order(
    store: Project, client: APIClient
) -> None:
    body = {"title": "Once", "total": 12500.5}

    first, second = (
        client.post(path(store), body, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )
    other = client.post(path(store), {**body, "total": 1}, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, second.status_code, other.status_code) == (201, 201, 409)
    assert first.content == second.content
    assert b'"total":12500.50,' in second.content
    assert second["Idempotent-Replayed"] == "true"
    assert (first["ETag"], first["Location"]) == (second["ETag"], second["Location"])
    assert Order.objects.count() == 1


def test_items_with_a_product_take_stock(store: Project, client: APIClient) -> None:
    lamp = make_product(store, name="Lamp", sku="LAMP-1", price=Decimal("19.90"), stock=5)
    body = {
        "items": [
            {"product_id": str(lamp.uuid), "quantity": 2},
            {"product_id": str(lamp.uuid), "quantity": 1, "name": "Lamp, scratched", "price": 9},
        ]
    }

    response = client.post(path(store), body)

    shown = response.json()
    assert response.status_code == 201, shown
    assert [
        (item["name"], item["price"], item["sku"], item["product_id"]) for item in shown["items"]
    ] == [
        ("Lamp", 19.9, "LAMP-1", str(lamp.uuid)),
        ("Lamp, scratched", 9.0, "LAMP-1", str(lamp.uuid)),
    ]
    assert shown["total"] == 48.8
    assert stock_of(lamp) == [2]
    order = Order.objects.get()
    # What was read can be sent back; other items cannot be sent.
    assert client.patch(path(store, order.uuid), shown).json() == shown
    frozen = client.patch(path(store, order.uuid), {"items": [], "total": 0})
    assert (frozen.status_code, frozen.json()["code"]) == (409, "ITEMS_FROZEN")
    short = client.post(path(store), body)
    assert refusal(short) == (
        409,
        {
            "detail": short.json()["detail"],
            "code": "INSUFFICIENT_STOCK",
            "shortages": [
                {
                    "product_id": lamp.pk,
                    "name": "Lamp",
                    "sku": "LAMP-1",
                    "requested": 3,
                    "available": 2,
                }
            ],
        },
    )
    assert (Order.objects.count(), stock_of(lamp)) == (1, [2])
    client.patch(path(store, order.uuid), {"status": "cancelled"})
    assert stock_of(lamp) == [5]
    assert len(ledger_of(lamp)) >= 3


def test_a_product_of_another_project_is_unknown(
    store: Project, ada: User, client: APIClient
) -> None:
    foreign = make_product(create_project(owner=ada, name="Another"))

    response = client.post(
        path(store), {"items": [{"product_id": str(foreign.uuid), "quantity": 1}]}
    )

    assert refusal(response) == (
        422,
        {
            "detail": "The input is not valid.",
            "code": "UNKNOWN_PRODUCTS",
            "errors": {"items": [f"Item 1: This project has no product {foreign.uuid}."]},
        },
    )
    assert not Order.objects.exists()


def test_a_role_that_is_taken_away_meanwhile_makes_no_order(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view has let the agent in; then the role goes."""
    agent = make_user()
    set_member(project=store, user=agent, role=Role.AGENT)
    client = client_of(agent)
    from orders import services

    create = services.create_order_in_project

    def late(**arguments: Any) -> Order:
        set_member(project=store, user=agent, role=Role.VIEWER)
        return create(**arguments)

    monkeypatch.setattr(services, "create_order_in_project", late)

    response = client.post(path(store), {"title": "Late"})

    assert (response.status_code, response.json()["code"]) == (403, "ROLE_NOT_ENOUGH")
    assert not Order.objects.exists()


TOO_LATE = "Must not be more than a day in the future."
TOO_EARLY = "Must not be before the year 1900."
NO_AMOUNT = "Must be an amount in digits, such as 1299.00."
NOT_FROM_STOCK = "This field is required for an item that is not sold from stock."


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"title": ["Give the order a title, or items from which we make one."]}),
        ({"title": " "}, {"title": ["This field may not be blank."]}),
        ({"title": 5}, {"title": ["Not a valid string."]}),
        ({"title": "A\x00"}, {"title": ["Null characters are not allowed."]}),
        ({"titel": "B"}, {"titel": ["There is no such field."]}),
        ({"id": str(uuid4())}, {"id": ["There is no such field."]}),
        ({"total": "NaN"}, {"total": [NO_AMOUNT]}),
        ({"total": True}, {"total": [NO_AMOUNT]}),
        ({"total": 10**30}, {"total": [NO_AMOUNT]}),
        ({"total": -0.01}, {"total": ["Must not be negative."]}),
        (
            {"title": "A", "total": 0.005},
            {"total": ["Amounts in EUR have at most two decimals, such as 100.50."]},
        ),
        (
            {"total": 5, "items": [{"name": "B", "quantity": 1, "price": 4}]},
            {"total": ["It must be the sum of the items, 4.00, or be left out."]},
        ),
        (
            {"items": [{"name": "B", "quantity": 0, "price": 4}]},
            {"items": {"0": {"quantity": ["Ensure this value is greater than or equal to 1."]}}},
        ),
        (
            {"items": [{"quantity": 1}]},
            {"items": {"0": {"name": [NOT_FROM_STOCK], "price": [NOT_FROM_STOCK]}}},
        ),
        (
            {"items": [{"quantity": 1, "product_id": 5}]},
            {"items": {"0": {"product_id": ["Must be a valid UUID."]}}},
        ),
        ({"items": {}}, {"items": {"body": ['Expected a list of items but got type "dict".']}}),
        ({"dependencies": [5]}, {"dependencies": {"0": ["Must be a valid UUID."]}}),
        (
            {"dependencies": ["x"] * 1001},
            {"dependencies": ["Ensure this field has no more than 1000 elements."]},
        ),
        (
            {"title": "A", "currency": "usd"},
            {"currency": ["Must be three capital letters as in ISO 4217, such as USD."]},
        ),
        ({"title": "A", "order_date": "2999-01-01T00:00:00Z"}, {"order_date": [TOO_LATE]}),
        ({"title": "A", "fulfilled_date": "2999-01-01T00:00Z"}, {"fulfilled_date": [TOO_LATE]}),
        ({"title": "A", "order_date": "0001-01-01T00:00:00Z"}, {"order_date": [TOO_EARLY]}),
        ({"title": "A", "fulfilled_date": "1899-12-31T23:59Z"}, {"fulfilled_date": [TOO_EARLY]}),
        (
            {"customer": {"email": "john"}},
            {"customer": {"email": ["Enter a valid email address."]}},
        ),
        ({"link": "javascript:alert(1)"}, {"link": ["Enter a valid URL."]}),
        ({"order_date": "9999-12-31T23:59:59-12:00"}, None),
        ({"title": "A", "order_date": "0001-01-01T00:00:00+14:00"}, None),
        ({"order_date": 5}, None),
        ({"customer": "John"}, None),
    ],
)
def test_a_wrong_order_is_a_422_that_names_the_field(
    store: Project, client: APIClient, body: dict[str, Any], errors: dict[str, Any] | None
) -> None:
    response = client.post(path(store), body)

    assert response.status_code == 422, response.content
    assert errors is None or response.json()["errors"] == errors
    assert not Order.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "{", '{"total": NaN}', "", '{"title": "\\ud800"}'])
def test_a_body_that_is_no_order_is_refused(store: Project, client: APIClient, body: str) -> None:
    response = client.post(path(store), body, content_type="application/json")

    assert response.status_code in {400, 422}
    assert not Order.objects.exists()
