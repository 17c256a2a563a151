"""`POST /api/orders/` without a title: the cart becomes an order, as both documents describe."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import ANY

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.tests.factories import client_of, client_with, make_api_token
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.models import Order
from orders.stream.models import Event
from orders.tests.factories import make_order
from orders.tests.shopping import check_books, in_cart, stock_of

pytestmark = pytest.mark.django_db

DOCUMENTED = {
    "shipping_address": "123 Main St, City, Country",
    "phone_number": "+1234567890",
    "notes": "Leave at door",
}
REQUIRED = ["This field is required."]


@pytest.fixture
def shop() -> Project:
    return make_storefront()


@pytest.fixture
def lamp(shop: Project) -> Product:
    return make_product(shop, name="Lamp", sku="LAMP", price=Decimal("19.99"))


@pytest.fixture
def bulb(shop: Project) -> Product:
    return make_product(shop, name="Bulb", sku="BULB", price=Decimal("0.10"))


def check_out(client: APIClient, **more: Any) -> Any:
    """Post the documented body with the fields and headers in `more`."""
    headers = more.pop("headers", None)
    return client.post("/api/orders/", {**DOCUMENTED, **more}, headers=headers)


def assert_nothing_ordered(user: User, cart: dict[int, int], *stock: int) -> None:
    assert not Order.objects.filter(provider="storefront").exists()
    assert in_cart(user) == cart
    assert stock_of(*Product.objects.order_by("pk")) == list(stock)


# --- what is ordered --------------------------------------------------------------------------


def test_the_cart_becomes_an_order(ada: User, shop: Project, lamp: Product, bulb: Product) -> None:
    make_cart(ada, {bulb: 3, lamp: 2})

    with time_machine.travel(datetime(2024, 2, 14, 12, tzinfo=UTC), tick=False):
        client = client_of(ada)
        response = check_out(client)

    order = Order.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": order.pk,
        "title": "Bulb and 1 more",
        "description": "",
        "status": "pending",
        "created_at": "2024-02-14T12:00:00",
        "updated_at": "2024-02-14T12:00:00",
        "owner_id": ada.pk,
        "uuid": str(order.uuid),
        "dependencies": [],
        "auto_activate": False,
        "failure_policy": "hold",
        "ready": True,
        "items": [
            {
                "name": "Bulb",
                "sku": "BULB",
                "unit_price": "0.10",
                "quantity": 3,
                "total_price": "0.30",
                "product_id": bulb.pk,
            },
            {
                "name": "Lamp",
                "sku": "LAMP",
                "unit_price": "19.99",
                "quantity": 2,
                "total_price": "39.98",
                "product_id": lamp.pk,
            },
        ],
        "total_price": "40.28",
        "currency": "USD",
        "link": "",
        "customer": {
            "name": ada.name,
            "email": "ada@example.com",
            "phone": "+1234567890",
        },
        **DOCUMENTED,
        "provider": "storefront",
        "external_id": "",
    }
    assert response["Location"] == f"/api/orders/{order.pk}"
    assert order.project == shop
    assert in_cart(ada) == {}
    assert stock_of(lamp, bulb) == [8, 7]
    check_books()


def test_the_order_stands_in_the_customers_history(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 2})

    created = check_out(client)

    single = client.get(created["Location"])
    assert client.get("/api/orders/").json() == [single.json()] == [created.json()]
    assert single["ETag"] == created["ETag"]


def test_the_current_price_counts(ada: User, client: APIClient, lamp: Product) -> None:
    make_cart(ada, {lamp: 2})
    Product.objects.update(price=Decimal("25.00"))

    body = check_out(client).json()

    assert (body["items"][0]["unit_price"], body["total_price"]) == ("25.00", "50.00")


def test_notes_may_be_left_out(ada: User, client: APIClient, lamp: Product) -> None:
    make_cart(ada, {lamp: 1})

    response = client.post(
        "/api/orders/", {"shipping_address": "1 Main St", "phone_number": "+1 234"}
    )

    assert (response.status_code, response.json()["notes"]) == (201, "")


@pytest.mark.parametrize("path", ["/api/orders", "/api/orders/"])
def test_each_spelling_is_served(ada: User, client: APIClient, lamp: Product, path: str) -> None:
    make_cart(ada, {lamp: 1})

    assert client.post(path, DOCUMENTED).status_code == 201


def test_a_checkout_may_wait_for_other_orders(ada: User, client: APIClient, lamp: Product) -> None:
    first = make_order(ada)
    make_cart(ada, {lamp: 1})

    created = check_out(
        client,
        dependencies=[first.pk],
        auto_activate=True,
        failure_policy="fail",
    ).json()
    client.put(f"/api/orders/{first.pk}", {"status": "completed"})

    assert (created["dependencies"], created["ready"]) == ([first.pk], False)
    assert (created["auto_activate"], created["failure_policy"]) == (True, "fail")
    assert client.get(f"/api/orders/{created['id']}").json()["status"] == "active"


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("has_had_one", [True, False])
def test_an_empty_cart_is_a_400(
    ada: User, client: APIClient, lamp: Product, has_had_one: bool
) -> None:
    if has_had_one:
        make_cart(ada, {lamp: 1})
        client.delete("/api/cart/")

    response = check_out(client)

    assert (response.status_code, response.json()) == (
        400,
        {
            "detail": "Invalid request data",
            "code": "cart_empty",
            "errors": {"cart": ["Your cart is empty."]},
            "error": "Your cart is empty.",
            "cart": ["Your cart is empty."],
        },
    )
    assert_nothing_ordered(ada, {}, 10)


def test_wrong_fields_are_named_for_clients_of_both_documents(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 1})

    response = client.post("/api/orders/", {"phone_number": "", "notes": "n" * 5001, "gift": True})

    wrong = {
        "shipping_address": REQUIRED,
        "phone_number": ["This field may not be blank."],
        "notes": ["Ensure this field has no more than 5000 characters."],
        "gift": ["There is no such field."],
    }
    assert (response.status_code, response.json()) == (
        400,
        {
            "detail": "Invalid request data",
            "code": "invalid",
            "errors": wrong,
            "error": "The input is not valid.",
            **wrong,
        },
    )
    assert_nothing_ordered(ada, {lamp.pk: 1}, 10)


@pytest.mark.parametrize("name", ["detail", "code", "errors", "error"])
def test_a_wrong_field_named_like_a_key_of_the_answer_does_not_replace_it(
    client: APIClient, name: str
) -> None:
    body = check_out(client, **{name: 1}).json()

    assert body == {
        "detail": "Invalid request data",
        "code": "invalid",
        "errors": {name: ["There is no such field."]},
        "error": "The input is not valid.",
    }


@pytest.mark.parametrize("field", ["description", "status", "items", "currency", "id"])
def test_an_order_that_lacks_its_title_does_not_buy_the_cart(
    ada: User, client: APIClient, lamp: Product, field: str
) -> None:
    make_cart(ada, {lamp: 1})

    response = client.post("/api/orders/", {**DOCUMENTED, field: None})

    body = response.json()
    assert response.status_code == 400
    assert body["errors"]["title"] == REQUIRED
    assert list(body) == ["detail", "code", "errors", "error"]
    assert_nothing_ordered(ada, {lamp.pk: 1}, 10)


def test_too_little_stock_is_a_409_that_lists_every_shortage(
    ada: User, client: APIClient, shop: Project, lamp: Product, bulb: Product
) -> None:
    gone = make_product(shop, name="Candle", sku="CANDLE")
    make_cart(ada, {lamp: 11, bulb: 2, gone: 1})
    Product.objects.filter(pk=gone.pk).update(stock=0)

    response = check_out(client)

    words = "Not enough in stock. Candle: 1 wanted, 0 available; Lamp: 11 wanted, 10 available."
    assert (response.status_code, response.json()) == (
        409,
        {
            "detail": words,
            "code": "insufficient_stock",
            "error": words,
            "shortages": [
                {
                    "product_id": gone.pk,
                    "name": "Candle",
                    "sku": "CANDLE",
                    "requested": 1,
                    "available": 0,
                },
                {
                    "product_id": lamp.pk,
                    "name": "Lamp",
                    "sku": "LAMP",
                    "requested": 11,
                    "available": 10,
                },
            ],
        },
    )
    assert_nothing_ordered(ada, {lamp.pk: 11, bulb.pk: 2, gone.pk: 1}, 10, 10, 0)
    assert not Event.objects.exists()


def test_two_currencies_are_a_409_that_names_them(
    ada: User, client: APIClient, lamp: Product, bulb: Product
) -> None:
    make_cart(ada, {lamp: 1, bulb: 1})
    Product.objects.filter(pk=bulb.pk).update(currency="EUR")

    response = check_out(client)

    body = response.json()
    assert response.status_code == 409
    assert (body["code"], body["currencies"]) == ("several_currencies", ["EUR", "USD"])
    assert body["error"] == body["detail"]
    assert_nothing_ordered(ada, {lamp.pk: 1, bulb.pk: 1}, 10, 10)


def test_a_checkout_cannot_wait_for_a_missing_order(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 1})

    response = check_out(client, dependencies=[2**40])

    wrong = {"dependencies": [f"There is no order #{2**40} that this one could wait for."]}
    assert (response.status_code, response.json()) == (
        400,
        {
            "detail": "Invalid request data",
            "code": "unknown_dependencies",
            "errors": wrong,
            "error": "The input is not valid.",
            **wrong,
        },
    )
    assert_nothing_ordered(ada, {lamp.pk: 1}, 10)


HOSTILE = [
    {"shipping_address": None},
    {"shipping_address": " "},
    {"shipping_address": ["1 Main St"]},
    {"shipping_address": {"street": "Main"}},
    {"shipping_address": "a" * 1001},
    {"shipping_address": "a\0b"},
    {"phone_number": "1" * 33},
    {"phone_number": True},
    {"notes": None},
    {"notes": ["a"]},
    {"dependencies": "1"},
    {"dependencies": [0]},
    {"dependencies": [2**63]},
    {"dependencies": [1] * 1001},
    {"auto_activate": "perhaps"},
    {"failure_policy": "explode"},
    {"product_id": 1},
    {"cart": 1},
    {"\0": 1},
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: json.dumps(body)[:40])
def test_a_hostile_checkout_is_a_400_and_orders_nothing(
    ada: User, client: APIClient, lamp: Product, body: dict[str, Any]
) -> None:
    make_cart(ada, {lamp: 1})

    response = check_out(client, **body)

    told = response.json()
    assert response.status_code == 400
    assert told["detail"] == "Invalid request data"
    assert told["error"] == "The input is not valid."
    assert list(told["errors"]) == list(body)
    assert {name: told[name] for name in body} == told["errors"]
    assert_nothing_ordered(ada, {lamp.pk: 1}, 10)


# --- who may ----------------------------------------------------------------------------------


def test_without_a_token_a_checkout_is_refused_for_clients_of_both_documents() -> None:
    response = check_out(APIClient())

    words = "Could not validate credentials"
    assert (response.status_code, response.json()) == (
        401,
        {"detail": words, "error": words},
    )
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[", b"[]", b"null", b'{"title": "An order"}', b"\xff" * 100]
)
def test_without_a_token_anything_else_is_a_401_in_the_words_of_both(
    body: bytes,
) -> None:
    response = APIClient().post("/api/orders/", body, content_type="application/json")

    assert (response.status_code, response.json()) == (
        401,
        {
            "detail": "Could not validate credentials",
            "error": "Could not validate credentials",
        },
    )


def test_a_token_that_may_not_order_buys_nothing(ada: User, lamp: Product) -> None:
    make_cart(ada, {lamp: 1})
    client = client_with(make_api_token(ada, "cart:write", "orders:read")[1])

    response = check_out(client)

    assert (response.status_code, response.json()) == (
        403,
        {
            "detail": "Not authorized to perform this action",
            "code": "insufficient_scope",
            "error": "This needs an API token with the scope orders:write.",
        },
    )
    assert_nothing_ordered(ada, {lamp.pk: 1}, 10)


# --- entity tags and repeats ------------------------------------------------------------------


def test_a_cart_that_changed_since_it_was_seen_is_not_ordered(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 1})
    etag = client.get("/api/cart/")["ETag"]
    Product.objects.update(price=Decimal("25.00"))

    stale = check_out(client, headers={"If-Match": etag})
    fresh = client.get("/api/cart/")["ETag"]

    assert stale.status_code == 412
    assert (stale.json()["code"], stale.json()["error"]) == ("stale", ANY)
    assert_nothing_ordered(ada, {lamp.pk: 1}, 10)
    assert check_out(client, headers={"If-Match": fresh}).status_code == 201


def test_a_repeat_with_the_same_key_gets_the_first_answer(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 2})
    headers = {"Idempotency-Key": "checkout-1"}

    first = check_out(client, headers=headers)
    make_cart(ada, {lamp: 1})
    second = check_out(client, headers=headers)
    other = check_out(client, headers=headers, notes="Ring twice")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert (second["ETag"], second["Location"]) == (first["ETag"], first["Location"])
    assert second["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    assert other.json()["error"] == other.json()["detail"]
    assert (Order.objects.count(), in_cart(ada)) == (1, {lamp.pk: 1})
    assert stock_of(lamp) == [8]


def test_a_refusal_leaves_the_key_for_another_try(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 11})
    headers = {"Idempotency-Key": "checkout-1"}

    refused = check_out(client, headers=headers)
    Product.objects.update(stock=11)
    repeated = check_out(client, headers=headers)

    assert (refused.status_code, repeated.status_code) == (409, 201)


@pytest.mark.services
@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_repeat_while_the_first_still_runs_waits_for_its_answer(ada: User, lamp: Product) -> None:
    make_cart(ada, {lamp: 2})
    clients = [client_of(ada) for _ in range(3)]

    first, *others = race(
        *(
            lambda client=client: check_out(client, headers={"Idempotency-Key": "checkout-1"})
            for client in clients
        ),
        meeting=Meeting('INSERT INTO "orders_order"', parties=3),
    )

    answers: list[Any] = [first, *others]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted("Idempotent-Replayed" in answer for answer in answers) == [
        False,
        True,
        True,
    ]
    assert (Order.objects.count(), stock_of(lamp)) == (1, [8])


@pytest.mark.services
@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_without_a_key_the_second_of_two_at_once_finds_the_cart_empty(
    ada: User, lamp: Product
) -> None:
    make_cart(ada, {lamp: 2})
    clients = [client_of(ada) for _ in range(2)]

    outcomes = race(
        *(lambda client=client: check_out(client) for client in clients),
        meeting=Meeting("DELETE FROM cart_cartitem"),
    )

    answers: list[Any] = list(outcomes)
    assert sorted(answer.status_code for answer in answers) == [201, 400]
    assert (Order.objects.count(), stock_of(lamp)) == (1, [8])


@pytest.mark.services
@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fragment", ["DELETE FROM cart_cartitem", 'FROM "catalog_product"'])
def test_what_another_tab_adds_meanwhile_is_ordered_or_stays_in_the_cart(
    ada: User, lamp: Product, bulb: Product, fragment: str
) -> None:
    make_cart(ada, {lamp: 2})
    first_tab, second_tab = client_of(ada), client_of(ada)

    def add() -> Any:
        second_tab.post("/api/cart/items/", {"product_id": lamp.pk, "quantity": 3})
        return second_tab.post("/api/cart/items/", {"product_id": bulb.pk})

    ordered, added = race(lambda: check_out(first_tab), add, meeting=Meeting(fragment))

    answers: list[Any] = [ordered, added]
    assert [answer.status_code for answer in answers] == [201, 201]
    bought = {item["product_id"]: item["quantity"] for item in answers[0].json()["items"]}
    left = in_cart(ada)
    together = {
        product.pk: bought.get(product.pk, 0) + left.get(product.pk, 0) for product in (lamp, bulb)
    }
    assert together == {lamp.pk: 5, bulb.pk: 1}
    check_books()


# --- statements -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 40])
def test_a_checkout_takes_ten_statements_whatever_the_cart_holds(
    ada: User, client: APIClient, shop: Project, size: int
) -> None:
    make_cart(ada, {make_product(shop): 1 for _ in range(size)})

    with CaptureQueriesContext(connection) as queries:
        response = check_out(client)

    assert (response.status_code, len(response.json()["items"])) == (201, size)
    words = [query["sql"].split()[0] for query in queries]
    assert [word for word in words if word in {"SELECT", "INSERT", "UPDATE", "DELETE"}] == [
        "SELECT",  # the session
        "UPDATE",  # the cart, held
        "SELECT",  # the products, locked
        "DELETE",  # what was in the cart
        "INSERT",  # the order,
        "INSERT",  # its lines
        "INSERT",  # and the event
        "UPDATE",  # the stock
        "INSERT",  # and its ledger
        "SELECT",  # the answer
    ]
