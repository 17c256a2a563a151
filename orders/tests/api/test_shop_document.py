"""The shop document from its first example to its last, as one customer lives it, word for word.

Our answers have what an example shows, in its order and with its values. `as_in` leaves out our
additions. Ids are those of our rows. The WebSocket examples are in `notifications`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import override_settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_with, make_api_token
from catalog.models import Category, Product
from catalog.tests.factories import make_category, make_product, make_storefront
from orders.models import Order

pytestmark = pytest.mark.django_db

MOMENT = "2025-01-08T10:00:00Z"

REGISTER = """
{
  "email": "user@example.com",
  "username": "testuser",
  "first_name": "Test",
  "last_name": "User",
  "password": "securepassword123",
  "password_confirm": "securepassword123",
  "phone": "+1234567890",
  "address": "123 Main St, City, Country"
}
"""
REGISTERED = """
{
  "user": {
    "id": 1,
    "email": "user@example.com",
    "username": "testuser",
    "first_name": "Test",
    "last_name": "User",
    "phone": "+1234567890",
    "address": "123 Main St, City, Country",
    "profile": {
      "avatar": "",
      "preferences": {},
      "created_at": "2025-01-08T10:00:00Z",
      "updated_at": "2025-01-08T10:00:00Z"
    }
  },
  "refresh": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
  "access": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
  "message": "User registered successfully"
}
"""
LOGIN = """
{
  "email": "user@example.com",
  "password": "securepassword123"
}
"""
LOGGED_IN = """
{
  "refresh": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
  "access": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9..."
}
"""
LIST_PRODUCTS = "/api/products/?category=1&price_min=50&price_max=500&in_stock=true&search=phone"
PRODUCTS = """
{
  "count": 25,
  "next": "http://localhost:8000/api/products/?page=2",
  "previous": null,
  "results": [
    {
      "id": 1,
      "name": "Smartphone Pro Max",
      "price": "999.99",
      "stock": 50,
      "category_name": "Electronics",
      "image": "https://example.com/image.jpg",
      "is_in_stock": true,
      "featured": true
    }
  ]
}
"""
ADD_ITEM = """
{
  "product_id": 1,
  "quantity": 2
}
"""
CART = """
{
  "id": 1,
  "items": [
    {
      "id": 1,
      "product": {
        "id": 1,
        "name": "Smartphone Pro Max",
        "price": "999.99",
        "category_name": "Electronics"
      },
      "quantity": 2,
      "total_price": "1999.98"
    }
  ],
  "total_price": "1999.98",
  "total_items": 2
}
"""
CREATE_ORDER = """
{
  "shipping_address": "123 Main St, City, Country",
  "phone_number": "+1234567890",
  "notes": "Leave at door"
}
"""

TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


def as_in(example: Any, answer: Any) -> Any:
    """Return the part of an answer that the example shows, in the answer's own order."""
    if isinstance(example, dict) and isinstance(answer, dict):
        return {
            name: as_in(example[name], value) for name, value in answer.items() if name in example
        }
    if isinstance(example, list) and isinstance(answer, list):
        return [as_in(example[0], each) for each in answer]
    return answer


def text(value: Any) -> str:
    """Write JSON, which shows the order of keys and the types."""
    return json.dumps(value, indent=2)


@dataclass
class Story:
    """A customer who has just registered as the document shows, and a shop with its products."""

    client: APIClient
    user_id: int
    electronics: Category
    phone: Product

    def send(self, method: str, path: str, body: str | None = None) -> Any:
        """Send a request to the host that the document names."""
        return self.client.generic(
            method,
            path,
            body or "",
            content_type="application/json",
            headers={"Host": "localhost:8000"},
        )

    def add_two_phones(self) -> Any:
        body = json.loads(ADD_ITEM) | {"product_id": self.phone.pk}
        return self.send("POST", "/api/cart/items/", json.dumps(body))


@pytest.fixture(autouse=True)
def _documented_moment() -> Iterator[None]:
    with time_machine.travel(MOMENT, tick=False):
        yield


@pytest.fixture
def story() -> Story:
    shop = make_storefront()
    electronics = make_category(shop, "Electronics")
    phone = make_product(
        shop,
        name="Smartphone Pro Max",
        price=Decimal("999.99"),
        stock=50,
        category=electronics,
        featured=True,
    )
    Product.objects.filter(pk=phone.pk).update(image="products/image.jpg")
    registered = APIClient().post("/auth/api/register/", json.loads(REGISTER)).json()
    return Story(
        client_with(registered["access"]),
        registered["user"]["id"],
        electronics,
        phone,
    )


# --- Authentication ---------------------------------------------------------------------------


def test_register_user() -> None:
    response = APIClient().generic(
        "POST", "/auth/api/register/", REGISTER, content_type="application/json"
    )

    body = response.json()
    example = json.loads(REGISTERED)
    for name in ("refresh", "access"):
        assert TOKEN.fullmatch(body[name])
        body[name] = example[name]
    body["user"]["id"] = 1
    assert response.status_code == 201
    assert text(body) == text(example)


def test_login(story: Story) -> None:
    response = APIClient().generic(
        "POST", "/auth/api/token/", LOGIN, content_type="application/json"
    )

    body = response.json()
    assert response.status_code == 200
    # We add the number that the socket's path needs.
    assert type(body.pop("user_id")) is int
    assert list(body) == list(json.loads(LOGGED_IN))
    assert all(map(TOKEN.fullmatch, body.values()))
    assert client_with(body["access"]).get("/api/cart/").status_code == 200


# --- Products ---------------------------------------------------------------------------------


def test_list_products(story: Story) -> None:
    for number in range(24):
        make_product(story.phone.project, name=f"Smartphone {number}")

    response = story.send("GET", "/api/products/")

    example = json.loads(PRODUCTS)
    body = response.json()
    body["results"] = body["results"][:1]
    shown = example["results"][0]
    shown["id"] = story.phone.pk
    shown["image"] = "http://localhost:8000/media/products/image.jpg"
    assert response.status_code == 200
    assert body["results"][0].pop("currency") == "USD"
    assert text(body) == text(example)


def test_list_products_with_filtering(story: Story) -> None:
    path = LIST_PRODUCTS.replace("category=1", f"category={story.electronics.pk}")
    # The phone in the document's answer costs more than the document's request allows.
    dear = story.send("GET", path)
    Product.objects.update(price=Decimal("499.99"))

    cheap = story.send("GET", path)

    assert (dear.status_code, dear.json()["results"]) == (200, [])
    assert [row["id"] for row in cheap.json()["results"]] == [story.phone.pk]


def test_get_product_details(story: Story) -> None:
    response = story.send("GET", f"/api/products/{story.phone.pk}/")

    example = json.loads(PRODUCTS)["results"][0] | {
        "id": story.phone.pk,
        "image": "http://localhost:8000/media/products/image.jpg",
    }
    assert response.status_code == 200
    assert text(as_in(example, response.json())) == text(example)


# --- Cart -------------------------------------------------------------------------------------


def documented_cart(story: Story, item_id: int) -> dict[str, Any]:
    cart: dict[str, Any] = json.loads(CART) | {"id": story.user_id}
    cart["items"][0]["id"] = item_id
    cart["items"][0]["product"]["id"] = story.phone.pk
    return cart


def test_add_item_to_cart(story: Story) -> None:
    response = story.add_two_phones()

    example = documented_cart(story, response.json()["items"][0]["id"])
    assert response.status_code == 201
    assert text(as_in(example, response.json())) == text(example)


def test_get_cart(story: Story) -> None:
    item_id = story.add_two_phones().json()["items"][0]["id"]

    response = story.send("GET", "/api/cart/")

    example = documented_cart(story, item_id)
    assert response.status_code == 200
    assert text(as_in(example, response.json())) == text(example)


# --- Orders -----------------------------------------------------------------------------------


def test_create_order_from_cart(story: Story) -> None:
    story.add_two_phones()

    response = story.send("POST", "/api/orders/", CREATE_ORDER)

    body = response.json()
    assert response.status_code == 201
    assert as_in(json.loads(CREATE_ORDER), body) == json.loads(CREATE_ORDER)
    assert (body["status"], body["owner_id"]) == ("pending", story.user_id)
    assert body["items"] == [
        {
            "name": "Smartphone Pro Max",
            "sku": story.phone.sku,
            "unit_price": "999.99",
            "quantity": 2,
            "total_price": "1999.98",
            "product_id": story.phone.pk,
        }
    ]
    assert (body["total_price"], body["currency"]) == ("1999.98", "USD")
    assert story.send("GET", "/api/cart/").json()["items"] == []
    product = story.send("GET", f"/api/products/{story.phone.pk}/").json()
    assert product["stock"] == 48


def test_get_order_history(story: Story) -> None:
    story.add_two_phones()
    created = story.send("POST", "/api/orders/", CREATE_ORDER).json()

    response = story.send("GET", "/api/orders/")

    assert (response.status_code, response.json()) == (200, [created])
    assert story.send("GET", f"/api/orders/{created['id']}").json() == created


# --- Error responses and status codes ---------------------------------------------------------


def test_bad_request_names_the_fields(story: Story) -> None:
    filtered = story.send("GET", "/api/products/?price_min=cheap")
    added = story.send("POST", "/api/cart/items/", '{"product_id": 1, "quantity": 0}')
    ordered = story.send("POST", "/api/orders/", "{}")

    assert (filtered.status_code, list(filtered.json())) == (400, ["price_min"])
    assert (added.status_code, added.json()) == (
        400,
        {"quantity": ["Ensure this value is greater than or equal to 1."]},
    )
    assert ordered.status_code == 400
    assert ordered.json()["shipping_address"] == ["This field is required."]


def test_bad_request_is_a_sentence(story: Story) -> None:
    response = story.send("POST", "/api/orders/", CREATE_ORDER)

    assert (response.status_code, response.json()["error"]) == (
        400,
        "Your cart is empty.",
    )
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", LIST_PRODUCTS, None),
        ("GET", "/api/products/1/", None),
        ("POST", "/api/cart/items/", ADD_ITEM),
        ("GET", "/api/cart/", None),
        ("POST", "/api/orders/", CREATE_ORDER),
    ],
)
def test_unauthorized(story: Story, method: str, path: str, body: str | None) -> None:
    story.client.credentials()

    # The catalogue is open to everybody unless an operator decides otherwise.
    with override_settings(PUBLIC_CATALOG=False):
        response = story.send(method, path, body)

    assert response.status_code == 401
    assert response.json()["error"] == "Could not validate credentials"


def test_unauthorized_history_has_the_words_of_both_documents(
    story: Story,
) -> None:
    story.client.credentials()

    response = story.send("GET", "/api/orders/")

    assert (response.status_code, response.json()) == (
        401,
        {
            "detail": "Could not validate credentials",
            "error": "Could not validate credentials",
        },
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "scope"),
    [
        ("GET", LIST_PRODUCTS, None, "catalog:read"),
        ("GET", "/api/cart/", None, "cart:read"),
        ("POST", "/api/cart/items/", ADD_ITEM, "cart:write"),
        ("POST", "/api/orders/", CREATE_ORDER, "orders:write"),
    ],
)
def test_forbidden(story: Story, method: str, path: str, body: str | None, scope: str) -> None:
    customer = User.objects.get(pk=story.user_id)
    story.client = client_with(make_api_token(customer, "account:read")[1])

    response = story.send(method, path, body)

    assert response.status_code == 403
    assert response.json()["error"] == f"This needs an API token with the scope {scope}."


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("GET", "/api/products/99999/", None, "Product not found"),
        ("POST", "/api/cart/items/", '{"product_id": 99999}', "Product not found"),
        ("DELETE", "/api/cart/items/99999/", None, "Cart item not found"),
        ("GET", "/api/cart/nothing/", None, "Resource not found"),
    ],
)
def test_not_found(story: Story, method: str, path: str, body: str | None, message: str) -> None:
    response = story.send(method, path, body)

    assert (response.status_code, response.json()) == (404, {"error": message})


def test_internal_server_error(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    story.client.raise_request_exception = False
    monkeypatch.setattr("cart.api.shop.views.cart_of", broken)
    monkeypatch.setattr("orders.services.check_out", broken)

    cart = story.send("GET", "/api/cart/")
    order = story.send("POST", "/api/orders/", CREATE_ORDER)

    words = "Internal server error"
    assert (cart.status_code, cart.json()) == (500, {"error": words})
    assert (order.status_code, order.json()) == (500, {"detail": words, "error": words})
