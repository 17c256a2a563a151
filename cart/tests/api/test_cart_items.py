"""`/api/cart/items/`: adding, changing and removing items, and emptying the cart."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import delete_user
from accounts.tests.factories import client_of, make_user
from cart.models import Cart, CartItem
from cart.tests.api.carts import NO_LONGER_SOLD, empty, quantities, set_product, unsold
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_product

pytestmark = pytest.mark.django_db


# --- adding -----------------------------------------------------------------------------------


def test_adding_answers_the_whole_cart(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    make_cart(ada, {make_product(shop): 1})

    response = client.post("/api/cart/items/", {"product_id": lamp.pk, "quantity": 2})

    assert response.status_code == 201
    assert response.json() == client.get("/api/cart/").json()
    assert [item["quantity"] for item in response.json()["items"]] == [1, 2]


def test_adds_one_without_a_quantity(client: APIClient, lamp: Product) -> None:
    response = client.post("/api/cart/items/", {"product_id": lamp.pk})

    assert (response.status_code, response.json()["total_items"]) == (201, 1)


def test_adding_again_adds_up(ada: User, client: APIClient, lamp: Product) -> None:
    first = client.post("/api/cart/items/", {"product_id": lamp.pk, "quantity": 2})
    second = client.post("/api/cart/items/", {"product_id": lamp.pk, "quantity": 3})

    assert (first.status_code, second.status_code) == (201, 201)
    (item,) = second.json()["items"]
    assert (item["id"], item["quantity"]) == (first.json()["items"][0]["id"], 5)
    assert quantities(ada) == {lamp.pk: 5}


@pytest.mark.parametrize(("there", "more"), [(0, 11), (1, 10), (10, 1)])
def test_cannot_add_more_than_there_is(
    ada: User, client: APIClient, lamp: Product, there: int, more: int
) -> None:
    if there:
        make_cart(ada, {lamp: there})

    response = client.post("/api/cart/items/", {"product_id": lamp.pk, "quantity": more})

    assert (response.status_code, response.json()) == (
        400,
        {"quantity": ["Only 10 left."]},
    )
    assert quantities(ada) == ({lamp.pk: there} if there else {})


def test_cannot_add_a_sold_out_product(client: APIClient, lamp: Product) -> None:
    set_product(lamp, stock=0)

    response = client.post("/api/cart/items/", {"product_id": lamp.pk})

    assert (response.status_code, response.json()) == (
        400,
        {"quantity": ["None left."]},
    )


def test_cannot_set_more_than_there_is(ada: User, client: APIClient, lamp: Product) -> None:
    item = make_cart(ada, {lamp: 2}).lines[0]

    refused = client.patch(f"/api/cart/items/{item.item_id}/", {"quantity": 11})
    accepted = client.patch(f"/api/cart/items/{item.item_id}/", {"quantity": 10})

    assert (refused.status_code, refused.json()) == (
        400,
        {"quantity": ["Only 10 left."]},
    )
    assert accepted.status_code == 200
    assert quantities(ada) == {lamp.pk: 10}


def test_an_item_that_became_too_scarce_can_be_sent_back_as_it_was_read(
    ada: User, client: APIClient, lamp: Product
) -> None:
    item = make_cart(ada, {lamp: 11}).lines[0]

    response = client.patch(f"/api/cart/items/{item.item_id}/", {"quantity": 11})

    (line,) = response.json()["items"]
    assert response.status_code == 200
    assert (line["available"], line["is_available"]) == (10, False)
    assert response.json()["total_price"] == "219.89"


@pytest.mark.parametrize(("there", "more"), [(0, 1000), (998, 2), (999, 1), (1, 999)])
def test_there_are_at_most_999_of_a_product(
    ada: User, client: APIClient, lamp: Product, there: int, more: int
) -> None:
    if there:
        make_cart(ada, {lamp: there})

    response = client.post("/api/cart/items/", {"product_id": lamp.pk, "quantity": more})

    assert response.status_code == 400
    assert list(response.json()) == ["quantity"]
    assert quantities(ada) == ({lamp.pk: there} if there else {})


def test_the_999th_can_be_added(ada: User, client: APIClient, lamp: Product) -> None:
    set_product(lamp, stock=999)
    make_cart(ada, {lamp: 998})

    response = client.post("/api/cart/items/", {"product_id": lamp.pk})

    assert (response.status_code, quantities(ada)) == (201, {lamp.pk: 999})


@pytest.mark.parametrize("hide", NO_LONGER_SOLD)
def test_a_product_that_is_not_sold_is_a_404(
    ada: User, client: APIClient, lamp: Product, hide: Any
) -> None:
    hide(lamp)

    for product_id in (lamp.pk, 2**62):
        response = client.post("/api/cart/items/", {"product_id": product_id})
        assert (response.status_code, response.json()) == (
            404,
            {"error": "Product not found"},
        )
    assert not Cart.objects.exists()


def test_a_second_currency_is_refused(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    foreign = make_product(shop, name="Lampe", currency="EUR")
    make_cart(ada, {lamp: 1})

    response = client.post("/api/cart/items/", {"product_id": foreign.pk})

    assert (response.status_code, response.json()) == (
        409,
        {"error": "Lampe is sold in EUR, but your cart is in USD. Order that first."},
    )
    assert quantities(ada) == {lamp.pk: 1}


def test_a_cart_holds_a_limited_number_of_products(
    ada: User,
    client: APIClient,
    shop: Project,
    lamp: Product,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cart.services.items.MAX_PRODUCTS", 2)
    last = make_product(shop)
    make_cart(ada, {lamp: 1, last: 1})

    refused = client.post("/api/cart/items/", {"product_id": make_product(shop).pk})
    again = client.post("/api/cart/items/", {"product_id": last.pk})

    assert (refused.status_code, refused.json()) == (
        409,
        {"error": "A cart holds 2 different products, and yours is full."},
    )
    assert (again.status_code, quantities(ada)) == (201, {lamp.pk: 1, last.pk: 2})


# --- changing and taking out ------------------------------------------------------------------


def test_a_quantity_is_set_and_not_added(ada: User, client: APIClient, lamp: Product) -> None:
    item = make_cart(ada, {lamp: 7}).lines[0]

    response = client.patch(f"/api/cart/items/{item.item_id}/", {"quantity": 3})

    assert response.status_code == 200
    assert response.json() == client.get("/api/cart/").json()
    assert quantities(ada) == {lamp.pk: 3}


@pytest.mark.parametrize("quantity", [0, -1, 1000])
def test_a_quantity_out_of_bounds_is_refused(
    ada: User, client: APIClient, lamp: Product, quantity: int
) -> None:
    item = make_cart(ada, {lamp: 7}).lines[0]

    response = client.patch(f"/api/cart/items/{item.item_id}/", {"quantity": quantity})

    assert response.status_code == 400
    assert list(response.json()) == ["quantity"]
    assert quantities(ada) == {lamp.pk: 7}


def test_a_product_that_is_no_longer_sold_can_only_be_removed(
    ada: User, client: APIClient, lamp: Product
) -> None:
    item = make_cart(ada, {lamp: 7}).lines[0]
    unsold(lamp)

    changed = client.patch(f"/api/cart/items/{item.item_id}/", {"quantity": 3})
    removed = client.delete(f"/api/cart/items/{item.item_id}/")

    assert (changed.status_code, changed.json()) == (
        400,
        {"quantity": ["This product is no longer sold."]},
    )
    assert removed.status_code == 200
    assert removed.json() == empty(ada)


def test_an_item_is_removed(ada: User, client: APIClient, shop: Project, lamp: Product) -> None:
    shade = make_product(shop)
    item = make_cart(ada, {lamp: 1, shade: 2}).lines[0]

    response = client.delete(f"/api/cart/items/{item.item_id}/")

    assert response.status_code == 200
    assert response.json() == client.get("/api/cart/").json()
    assert quantities(ada) == {shade.pk: 2}


def test_a_removed_item_is_a_404(ada: User, client: APIClient, lamp: Product) -> None:
    item = make_cart(ada, {lamp: 1}).lines[0]
    path = f"/api/cart/items/{item.item_id}/"
    client.delete(path)

    for response in (client.delete(path), client.patch(path, {"quantity": 1})):
        assert (response.status_code, response.json()) == (
            404,
            {"error": "Cart item not found"},
        )


@pytest.mark.parametrize("filled", [True, False])
def test_a_cart_is_emptied(ada: User, client: APIClient, lamp: Product, filled: bool) -> None:
    if filled:
        make_cart(ada, {lamp: 2})

    response = client.delete("/api/cart/")

    assert (response.status_code, response.json()) == (200, empty(ada))
    assert client.get("/api/cart/").json() == empty(ada)
    assert quantities(ada) == {}


def test_a_user_cannot_change_another_users_cart(ada: User, lamp: Product) -> None:
    item = make_cart(ada, {lamp: 2}).lines[0]
    eve = make_user()
    client = client_of(eve)
    make_cart(eve, {lamp: 1})
    path = f"/api/cart/items/{item.item_id}/"

    for response in (client.delete(path), client.patch(path, {"quantity": 9})):
        assert (response.status_code, response.json()) == (
            404,
            {"error": "Cart item not found"},
        )
    client.delete("/api/cart/")
    assert client.get("/api/cart/").json() == empty(eve)
    assert quantities(ada) == {lamp.pk: 2}


def test_a_deleted_account_leaves_no_cart(ada: User, lamp: Product) -> None:
    make_cart(ada, {lamp: 2})

    delete_user(user=ada)

    assert not Cart.objects.exists()
    assert not CartItem.objects.exists()
