"""Orders that hold stock, over HTTP: moves return the stock or take it again, or are refused."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from orders.models import Order
from orders.tests.shopping import buy, check_books, seller_of, stock_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamp() -> Product:
    return make_product(make_storefront(), name="Lamp", sku="LAMP", stock=5)


@pytest.fixture
def seller(bought: Order) -> APIClient:
    return client_of(seller_of(bought))


@pytest.fixture
def bought(ada: User, lamp: Product) -> Order:
    return buy(ada, {lamp: 3})


def path_of(order: Order) -> str:
    return f"/api/orders/{order.pk}"


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_move_returns_stock_without_changing_the_answer(
    seller: APIClient, lamp: Product, bought: Order, status: str
) -> None:
    for _ in range(2):
        response = seller.put(path_of(bought), {"status": status})
        assert (response.status_code, response.json()["status"]) == (200, status)

    assert stock_of(lamp) == [5]
    check_books()


def test_a_deletion_returns_the_stock(seller: APIClient, lamp: Product, bought: Order) -> None:
    assert seller.delete(path_of(bought)).status_code == 200
    assert seller.delete(path_of(bought)).status_code == 404

    assert stock_of(lamp) == [5]


def test_a_retry_with_too_little_stock_is_a_409_that_lists_every_shortage(
    seller: APIClient, lamp: Product, bought: Order
) -> None:
    seller.put(path_of(bought), {"status": "failed"})
    buy(make_user(), {lamp: 4})

    response = seller.put(path_of(bought), {"status": "pending", "notes": "Again"})

    assert response.status_code == 409
    assert response.json() == {
        "detail": "Not enough in stock. Lamp: 3 wanted, 1 available.",
        "error": "Not enough in stock. Lamp: 3 wanted, 1 available.",
        "code": "insufficient_stock",
        "shortages": [
            {
                "product_id": lamp.pk,
                "name": "Lamp",
                "sku": "LAMP",
                "requested": 3,
                "available": 1,
            }
        ],
    }
    shown = seller.get(path_of(bought)).json()
    assert (shown["status"], shown["notes"]) == ("failed", "")
    assert stock_of(lamp) == [1]


def test_the_price_of_a_sold_order_is_fixed_on_the_envelope_too(
    seller: APIClient, bought: Order
) -> None:
    response = seller.patch(f"/api/order/{bought.uuid}", {"price": "0.01"})

    assert response.status_code == 400
    assert response.json()["error"] == "price: It is the sum of the items; change those."
    assert Order.objects.get(pk=bought.pk).total_price == bought.total_price


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [{"name": "Lamp", "unit_price": "0.01", "quantity": 3}]},
        {"currency": "JPY"},
    ],
)
def test_lines_sold_from_stock_cannot_be_changed(
    seller: APIClient, lamp: Product, bought: Order, body: dict[str, Any]
) -> None:
    before = seller.get(path_of(bought)).json()

    response = seller.put(path_of(bought), body)

    assert response.status_code == 409
    words = (
        f"Order #{bought.pk} was bought from stock, so its items and its currency cannot "
        "change. Cancel it and order again."
    )
    assert response.json() == {
        "detail": words,
        "error": words,
        "code": "items_frozen",
    }
    assert seller.get(path_of(bought)).json() == before


def test_an_order_can_be_sent_back_as_it_was_read(
    seller: APIClient, lamp: Product, bought: Order
) -> None:
    shown = seller.get(path_of(bought)).json()
    assert shown["items"] == [
        {
            "name": "Lamp",
            "sku": "LAMP",
            "unit_price": "19.99",
            "quantity": 3,
            "total_price": "59.97",
            "product_id": lamp.pk,
        }
    ]

    response = seller.put(path_of(bought), {**shown, "notes": "Ring twice"})

    assert response.status_code == 200
    events = seller.get(f"{path_of(bought)}/events").json()
    assert [event["type"] for event in events] == ["order_created", "order_updated"]
    assert events[-1]["data"]["changes"] == {"notes": {"from": "", "to": "Ring twice"}}
    assert stock_of(lamp) == [2]


def test_a_client_cannot_set_the_product_of_a_line(client: APIClient, lamp: Product) -> None:
    line = {"name": "Lamp", "unit_price": "1.00", "quantity": 1, "product_id": lamp.pk}

    created = client.post("/api/orders/", {"title": "Free lamps", "items": [line]})

    assert created.status_code == 201
    assert "product_id" not in created.json()["items"][0]
    client.put(f"/api/orders/{created.json()['id']}", {"status": "cancelled"})
    assert stock_of(lamp) == [5]
    check_books()


def test_a_stranger_cannot_make_an_order_return_its_stock(lamp: Product, bought: Order) -> None:
    stranger = client_of(make_user())

    assert stranger.put(path_of(bought), {"status": "cancelled"}).status_code == 404
    assert stranger.delete(path_of(bought)).status_code == 404

    assert stock_of(lamp) == [2]
