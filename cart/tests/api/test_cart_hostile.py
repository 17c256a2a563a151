"""Hostile input to `/api/cart/`: every refusal has the usual body, and nothing is written."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from cart.models import Cart, CartItem
from cart.tests.factories import make_cart
from catalog.models import Product

pytestmark = pytest.mark.django_db

# Wrong bodies, each with the fields that the refusal names.
BODIES: list[tuple[bytes, list[str]]] = [
    (b"", ["product_id"]),
    (b"{", ["body"]),
    (b"[]", ["body"]),
    (b"null", ["body"]),
    (b'"text"', ["body"]),
    (b"[" * 100_000, ["body"]),
    (b'{"product_id": NaN}', ["body"]),
    (b'{"product_id": "\\ud800"}', ["body"]),
    (b'{"product_id": "\xff"}', ["body"]),
    (b'{"product_id": %s1%s}' % (b"[" * 300, b"]" * 300), ["body"]),
    (b"{}", ["product_id"]),
    (b'{"quantity": 1}', ["product_id"]),
    (b'{"product_id": null}', ["product_id"]),
    (b'{"product_id": ""}', ["product_id"]),
    (b'{"product_id": "1\\u0000"}', ["product_id"]),
    (b'{"product_id": "one"}', ["product_id"]),
    (b'{"product_id": true}', ["product_id"]),
    (b'{"product_id": 1.5}', ["product_id"]),
    (b'{"product_id": 0}', ["product_id"]),
    (b'{"product_id": -1}', ["product_id"]),
    (b'{"product_id": 9223372036854775808}', ["product_id"]),
    (b'{"product_id": 99999999999999999999999}', ["product_id"]),
    (b'{"product_id": [1]}', ["product_id"]),
    (b'{"product_id": {"id": 1}}', ["product_id"]),
    (b'{"product_id": 1, "quantity": null}', ["quantity"]),
    (b'{"product_id": 1, "quantity": ""}', ["quantity"]),
    (b'{"product_id": 1, "quantity": 0}', ["quantity"]),
    (b'{"product_id": 1, "quantity": -1}', ["quantity"]),
    (b'{"product_id": 1, "quantity": 1.5}', ["quantity"]),
    (b'{"product_id": 1, "quantity": 1000}', ["quantity"]),
    (b'{"product_id": 1, "quantity": 1e400}', ["body"]),
    (b'{"product_id": 1, "quantity": 99999999999999999999999}', ["quantity"]),
    (b'{"product_id": 1, "quantity": "two"}', ["quantity"]),
    (b'{"product_id": 1, "quantity": [2]}', ["quantity"]),
    (b'{"product_id": 1, "quantity": true}', ["quantity"]),
    (b'{"product_id": 1, "price": "0.01"}', ["price"]),
    (b'{"product_id": 1, "cart": 2}', ["cart"]),
    (b'{"product_id": 1, "\\u0000": 1}', ["\0"]),
]


@pytest.mark.parametrize(("body", "fields"), BODIES)
def test_a_hostile_body_is_a_400_that_names_what_is_wrong(
    client: APIClient, body: bytes, fields: list[str]
) -> None:
    response = client.post("/api/cart/items/", body, content_type="application/json")

    assert response.status_code == 400, response.content
    assert list(response.json()) == fields
    assert all(isinstance(value, list) for value in response.json().values())
    assert not Cart.objects.exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        *(
            (body.replace(b'"product_id": 1, ', b""), fields)
            for body, fields in BODIES
            if b'"product_id": 1, "quantity"' in body
        ),
        (b"{}", ["quantity"]),
        (b'{"quantity": 2, "product_id": 1}', ["product_id"]),
    ],
)
def test_a_hostile_change_is_a_400_and_changes_nothing(
    ada: User, client: APIClient, lamp: Product, body: bytes, fields: list[str]
) -> None:
    item = make_cart(ada, {lamp: 2}).lines[0]

    response = client.patch(
        f"/api/cart/items/{item.item_id}/", body, content_type="application/json"
    )

    assert response.status_code == 400, response.content
    assert list(response.json()) == fields
    assert CartItem.objects.get().quantity == 2


@pytest.mark.parametrize(
    "item_id",
    ["0", "99", "-1", "abc", "1.5", "9" * 18, "9" * 19, "9" * 40, "%00", "1%00"],
)
def test_a_wrong_id_in_a_path_is_a_404(
    ada: User, client: APIClient, lamp: Product, item_id: str
) -> None:
    make_cart(ada, {lamp: 2})
    path = f"/api/cart/items/{item_id}/"

    for response in (client.patch(path, {"quantity": 1}), client.delete(path)):
        assert response.status_code == 404
        assert response.json() in (
            {"error": "Cart item not found"},
            {"error": "Resource not found"},
        )
    assert CartItem.objects.get().quantity == 2


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_invalid_idempotency_key_is_refused(client: APIClient, lamp: Product, key: str) -> None:
    response = client.post(
        "/api/cart/items/",
        {"product_id": lamp.pk},
        headers={"Idempotency-Key": key},
    )

    assert (response.status_code, response.json()) == (
        400,
        {"Idempotency-Key": ["Must have 1 to 255 characters."]},
    )
    assert not Cart.objects.exists()


@pytest.mark.parametrize("header", ["garbage", '"', "W/*", '"cart-1-0"', "x" * 5000])
def test_a_garbled_if_match_matches_no_version(
    ada: User, client: APIClient, lamp: Product, header: str
) -> None:
    make_cart(ada, {lamp: 2})

    written = client.delete("/api/cart/", headers={"If-Match": header})
    read = client.get("/api/cart/", headers={"If-None-Match": header})

    assert (written.status_code, read.status_code) == (412, 200)
    assert CartItem.objects.get().quantity == 2


def test_another_content_type_is_a_415(client: APIClient) -> None:
    response = client.post("/api/cart/items/", b"product_id=1", content_type="text/plain")

    assert response.status_code == 415
    assert list(response.json()) == ["error"]


def test_another_method_is_a_405(client: APIClient) -> None:
    for path in ("/api/cart/", "/api/cart/items/", "/api/cart/items/1/"):
        response: Any = client.put(path, {})
        assert (response.status_code, response.json()) == (
            405,
            {"error": 'Method "PUT" not allowed.'},
        )
