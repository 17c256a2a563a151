"""What an order of `/api/orders/` costs: the sum of its items, or the given total."""

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def test_items_add_up_to_the_total(client: APIClient) -> None:
    response = client.post(
        "/api/orders/",
        {
            "title": "Two lamps",
            "items": [
                {"name": "Lamp", "sku": "L1", "unit_price": "29.99", "quantity": 2},
                {"name": "Bulb", "price": 0.1, "quantity": 3},
            ],
            "customer": {"name": "John Doe", "email": "john@example.com"},
            "link": "https://example.com/lamps",
        },
    )

    assert response.status_code == 201
    body = response.json()
    assert body["total_price"] == "60.28"
    assert body["items"] == [
        {
            "name": "Lamp",
            "sku": "L1",
            "unit_price": "29.99",
            "quantity": 2,
            "total_price": "59.98",
        },
        {
            "name": "Bulb",
            "sku": "",
            "unit_price": "0.10",
            "quantity": 3,
            "total_price": "0.30",
        },
    ]
    assert body["customer"] == {
        "name": "John Doe",
        "email": "john@example.com",
        "phone": "",
    }


def test_without_items_an_order_costs_nothing_or_the_given_total(
    client: APIClient,
) -> None:
    lamp = {"name": "Lamp", "unit_price": "5.00", "quantity": 2}
    order = client.post("/api/orders/", {"title": "Lamps", "items": [lamp]}).json()
    path = f"/api/orders/{order['id']}"

    assert client.put(path, {"items": []}).json()["total_price"] == "0.00"
    client.put(path, {"items": [lamp]})
    stated = client.put(path, {"items": [], "total_price": "7.00"}).json()
    assert (stated["items"], stated["total_price"]) == ([], "7.00")


def test_a_total_that_the_items_do_not_add_up_to_is_refused(client: APIClient) -> None:
    response = client.post(
        "/api/orders/",
        {
            "title": "Lamp",
            "total_price": "10.00",
            "items": [{"name": "Lamp", "unit_price": "29.99", "quantity": 1}],
        },
    )

    assert response.status_code == 400
    assert response.json()["errors"] == {
        "total_price": ["It must be the sum of the items, 29.99, or be left out."]
    }
