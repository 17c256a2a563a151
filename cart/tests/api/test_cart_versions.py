"""`/api/cart/`: entity tags, repeats of a request, and both spellings of a path."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from cart.tests.api.carts import empty, quantities, set_product
from cart.tests.factories import make_cart
from catalog.models import Product

pytestmark = pytest.mark.django_db


def changed_in_another_tab(ada: User, lamp: Product) -> None:
    make_cart(ada, {lamp: 1})


def sold_to_somebody(ada: User, lamp: Product) -> None:
    set_product(lamp, stock=9)


def made_dearer(ada: User, lamp: Product) -> None:
    set_product(lamp, price=Decimal("20.99"))


@pytest.mark.parametrize("change", [changed_in_another_tab, sold_to_somebody, made_dearer])
def test_a_write_on_a_cart_that_changed_since_is_a_412(
    ada: User, client: APIClient, lamp: Product, change: Any
) -> None:
    item = make_cart(ada, {lamp: 2}).lines[0]
    etag = client.get("/api/cart/")["ETag"]
    change(ada, lamp)
    before = quantities(ada)

    for method, path, body in (
        ("post", "/api/cart/items/", {"product_id": lamp.pk}),
        ("patch", f"/api/cart/items/{item.item_id}/", {"quantity": 1}),
        ("delete", f"/api/cart/items/{item.item_id}/", None),
        ("delete", "/api/cart/", None),
    ):
        response = getattr(client, method)(path, body, headers={"If-Match": etag})
        assert (response.status_code, response.json()) == (
            412,
            {"error": "This has changed since you read it. Read it again and repeat the change."},
        )
    assert quantities(ada) == before


def test_a_write_with_the_current_etag_succeeds(
    ada: User, client: APIClient, lamp: Product
) -> None:
    etag = client.get("/api/cart/")["ETag"]
    path = ""
    for method, body in (
        ("post", {"product_id": lamp.pk}),
        ("patch", {"quantity": 5}),
        ("delete", None),
    ):
        response = getattr(client, method)(
            path or "/api/cart/items/", body, headers={"If-Match": etag}
        )
        assert response.status_code in {200, 201}
        assert response["ETag"] == client.get("/api/cart/")["ETag"] != etag
        etag = response["ETag"]
        if response.json()["items"]:
            path = f"/api/cart/items/{response.json()['items'][0]['id']}/"
    assert client.delete("/api/cart/", headers={"If-Match": etag}).status_code == 200


def test_an_unchanged_cart_is_a_304_until_a_price_changes(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 2})
    etag = client.get("/api/cart/")["ETag"]

    same = client.get("/api/cart/", headers={"If-None-Match": etag})
    made_dearer(ada, lamp)
    other = client.get("/api/cart/", headers={"If-None-Match": etag})

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", etag)
    assert (other.status_code, other.json()["total_price"]) == (200, "41.98")


def test_a_repeat_with_the_same_key_adds_nothing(
    ada: User, client: APIClient, lamp: Product
) -> None:
    sent = {"product_id": lamp.pk, "quantity": 2}
    headers = {"Idempotency-Key": "tab-1"}

    first = client.post("/api/cart/items/", sent, headers=headers)
    second = client.post("/api/cart/items/", sent, headers=headers)
    other = client.post("/api/cart/items/", {"product_id": lamp.pk}, headers=headers)

    assert (second.status_code, second.content) == (201, first.content)
    assert (second["Idempotent-Replayed"], second["ETag"]) == ("true", first["ETag"])
    assert other.status_code == 409
    assert quantities(ada) == {lamp.pk: 2}


@pytest.mark.parametrize("path", ["/api/cart", "/api/cart/"])
def test_each_path_answers_with_and_without_its_slash(
    ada: User, client: APIClient, lamp: Product, path: str
) -> None:
    slash = path[len("/api/cart") :]

    added = client.post(f"/api/cart/items{slash}", {"product_id": lamp.pk})
    item = f"/api/cart/items/{added.json()['items'][0]['id']}{slash}"
    changed = client.patch(item, {"quantity": 2})
    removed = client.delete(item)

    assert added.status_code == 201
    assert (changed.status_code, removed.status_code) == (200, 200)
    assert client.get(path).json() == client.delete(path).json() == empty(ada)
