"""Amounts and currencies of orders on the chain and the envelope surface."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from iso4217 import Currency
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.tests.factories import client_of, make_user
from orderchainer.core.money import MAX_AMOUNT, decimals_of
from orders.models import Order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db

CURRENCIES = [one.code for one in Currency if one.exponent is not None]
NO_DECIMALS = "Amounts in JPY have no decimals, such as 100."


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def client(ada: User) -> APIClient:
    return client_of(ada)


def item(price: Any, quantity: int = 1) -> dict[str, Any]:
    return {"name": "Lamp", "unit_price": price, "quantity": quantity}


def create(client: APIClient, **fields: Any) -> Any:
    body = {"title": "Lamps", **fields}
    return client.post("/api/orders/", body, format="json")


@pytest.mark.slow
@given(
    currency=st.sampled_from(CURRENCIES),
    lines=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 1000)), min_size=1, max_size=5),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_amounts_come_back_as_they_were_sent_and_add_up_exactly(
    client: APIClient, currency: str, lines: list[tuple[int, int]]
) -> None:
    decimals = decimals_of(currency)
    prices = [Decimal(units).scaleb(-decimals) for units, _ in lines]
    counts = [count for _, count in lines]
    pairs = zip(prices, counts, strict=True)
    items = [item(f"{price:f}", count) for price, count in pairs]

    made = create(client, currency=currency, items=items)

    body = made.json()
    written = max(2, decimals)
    total = sum(price * count for price, count in zip(prices, counts, strict=True))
    assert made.status_code == 201
    assert body["currency"] == currency
    shown = [line["unit_price"] for line in body["items"]]
    assert shown == [f"{price:.{written}f}" for price in prices]
    assert body["total_price"] == f"{total:.{written}f}"
    path = f"/api/orders/{body['id']}"
    assert client.get(path).json() == body
    enveloped = client.get(f"/api/order/{body['uuid']}").json()["data"]
    assert enveloped["price"] == body["total_price"]
    # What was read can be sent back, and changes nothing.
    events = Event.objects.count()
    assert client.put(path, body, format="json").json() == body
    again = {"price": enveloped["price"]}
    client.patch(f"/api/order/{body['uuid']}", again, format="json")
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"currency": "JPY", "total_price": "100.50"}, {"total_price": [NO_DECIMALS]}),
        (
            {"currency": "JPY", "items": [item("1"), item("2.5")]},
            {"items": [f"Item 2: {NO_DECIMALS}"]},
        ),
        (
            {"currency": "KWD", "total_price": 1.2345},
            {"total_price": ["Amounts in KWD have at most three decimals, such as 100.500."]},
        ),
        (
            {"total_price": "1.999"},
            {"total_price": ["Amounts in USD have at most two decimals, such as 100.50."]},
        ),
        (
            {"currency": "ABC"},
            {"currency": ["ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."]},
        ),
        (
            {"currency": "usd"},
            {"currency": ["Must be three capital letters as in ISO 4217, such as USD."]},
        ),
        ({"total_price": "1_000"},
         {"total_price": ["Must be an amount in digits, such as 1299.00."]}),
        ({"total_price": "٣"}, {"total_price": ["Must be an amount in digits, such as 1299.00."]}),
        ({"total_price": "NaN"},
         {"total_price": ["Must be an amount in digits, such as 1299.00."]}),
        ({"total_price": "9" * 40}, {"total_price": ["Must be at most 9999999999.99."]}),
        ({"total_price": -1}, {"total_price": ["Must not be negative."]}),
        (
            {"items": [item("9999999999.99", 1_000_000)]},
            {"items": ["They add up to 9999999999990000.00; "
                       "an order may cost at most 9999999999.99."]},
        ),
    ],
)  # fmt: skip
def test_a_malformed_amount_is_refused_with_an_example_of_a_valid_one(
    client: APIClient, fields: dict[str, Any], errors: dict[str, Any]
) -> None:
    response = create(client, **fields)

    assert response.status_code == 400
    assert response.json()["errors"] == errors
    assert not Order.objects.exists()


@pytest.mark.parametrize("zero", ["-0", "-0.00", -0.0, 0, "0.000"])
def test_zero_has_no_sign(client: APIClient, zero: Any) -> None:
    response = create(client, total_price=zero, items=[item(zero)])

    assert response.status_code == 201
    assert response.json()["total_price"] == "0.00"
    assert response.json()["items"][0]["unit_price"] == "0.00"
    assert not Order.objects.get().total_price.is_signed()


def test_a_new_currency_needs_amounts_that_fit(client: APIClient) -> None:
    path = f"/api/orders/{create(client, total_price='100.50').json()['id']}"

    refused = client.patch(path, {"currency": "JPY"}, format="json")
    accepted = client.patch(path, {"currency": "JPY", "total_price": "100.00"}, format="json")

    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        {
            "currency": [
                f"The order's amounts do not fit: {NO_DECIMALS} Send them with the currency."
            ]
        },
    )
    assert (accepted.status_code, accepted.json()["total_price"]) == (200, "100.00")
    change = Event.objects.get(type="order_updated").data["changes"]
    assert change["total_price"] == {"from": "100.50", "to": "100.00"}


def test_an_event_writes_amounts_as_the_surfaces_do(client: APIClient) -> None:
    order = create(client, currency="KWD", items=[item("1.5", 2)]).json()

    client.patch(f"/api/orders/{order['id']}", {"items": [item("2", 2)]}, format="json")

    changes = Event.objects.get(type="order_updated").data["changes"]
    assert changes["total_price"] == {"from": "3.000", "to": "4.000"}
    assert changes["items"]["from"][0]["unit_price"] == "1.500"
    assert changes["items"]["to"][0]["unit_price"] == "2.000"


def test_a_code_that_iso_4217_withdrew_can_be_sent_back(client: APIClient) -> None:
    order = create(client, total_price="5").json()
    Order.objects.update(currency="XYZ")

    response = client.put(
        f"/api/orders/{order['id']}",
        {"title": "Lamps", "currency": "XYZ", "total_price": "7.50"},
        format="json",
    )

    assert (response.status_code, response.json()["total_price"]) == (200, "7.50")


# --- the project's currency ---------------------------------------------------------------------


def test_a_new_order_begins_with_its_projects_currency(ada: User, client: APIClient) -> None:
    Project.objects.filter(personal_owner=ada).update(currency="KWD")
    body = {
        "title": "Premium Package",
        "price": "1.250",
        "link": "https://example.com/product",
        "status": "active",
    }

    of_chain = create(client, total_price="2").json()
    of_envelope = client.post("/api/order", body, format="json").json()["data"]
    named = create(client, total_price="2", currency="EUR").json()

    assert (of_chain["currency"], of_chain["total_price"]) == ("KWD", "2.000")
    assert of_envelope["price"] == "1.250"
    assert (named["currency"], named["total_price"]) == ("EUR", "2.00")


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_the_envelope_refuses_a_price_in_its_documents_words(
    ada: User, client: APIClient, currency: str, decimals: int
) -> None:
    Project.objects.filter(personal_owner=ada).update(currency=currency)
    body = {
        "title": "Premium Package",
        "price": "1.2345",
        "link": "https://example.com/product",
        "status": "active",
    }

    response = client.post("/api/order", body, format="json")

    assert response.status_code == 400
    assert response.json()["errorCode"] == "VALIDATION_FAILED"
    assert (
        response.json()["error"]
        == f"Price must be a valid number with up to {decimals} decimal places"
    )


def test_amounts_have_the_same_bound_in_every_currency(client: APIClient) -> None:
    response = create(client, total_price=str(MAX_AMOUNT))

    assert response.json()["total_price"] == "9999999999.99"
