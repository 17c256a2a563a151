"""`/api/cart/`: adding, changing and removing items, and how it shows products that changed."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import delete_user
from accounts.tests.factories import client_of, make_user
from cart.api.shop.serializers import CartOutput
from cart.models import Cart, CartItem
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_category, make_product, make_storefront

pytestmark = pytest.mark.django_db


def quantities(user: User) -> dict[int, int]:
    """Return how many of each product are in the cart, as it is stored."""
    items = CartItem.objects.filter(cart_id=user.pk)
    return dict(items.values_list("product_id", "quantity"))


def empty(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "items": [],
        "total_price": "0.00",
        "total_items": 0,
        "currency": "",
    }


def set_product(product: Product, **fields: object) -> None:
    """Change a product behind the cart's back."""
    Product.objects.filter(pk=product.pk).update(**fields)


# --- reading ----------------------------------------------------------------------------------


def test_a_cart_that_was_never_filled_is_empty_and_has_no_row(ada: User, client: APIClient) -> None:
    response = client.get("/api/cart/")

    assert (response.status_code, response.json()) == (200, empty(ada))
    assert not Cart.objects.exists()


def test_the_cart_keeps_its_id_when_it_is_filled(
    ada: User, client: APIClient, lamp: Product
) -> None:
    before = client.get("/api/cart/").json()["id"]

    client.post("/api/cart/items/", {"product_id": lamp.pk})

    assert client.get("/api/cart/").json()["id"] == before == ada.pk


def test_a_cart_shows_its_items_with_todays_prices(
    ada: User, client: APIClient, shop: Project
) -> None:
    shade = make_product(
        shop, name="Shade", price=Decimal("0.10"), category=make_category(shop, "Parts")
    )
    lamp = make_product(shop, name="Lamp", price=Decimal("19.99"), stock=5)
    cart = make_cart(ada, {shade: 3, lamp: 2})
    set_product(lamp, price=Decimal("24.99"))

    body = client.get("/api/cart/").json()

    assert body == {
        "id": ada.pk,
        "items": [
            {
                "id": cart.lines[0].item_id,
                "product": {
                    "id": shade.pk,
                    "name": "Shade",
                    "price": "0.10",
                    "category_name": "Parts",
                    "image": "",
                    "currency": "USD",
                },
                "quantity": 3,
                "total_price": "0.30",
                "available": 10,
                "is_available": True,
            },
            {
                "id": cart.lines[1].item_id,
                "product": {
                    "id": lamp.pk,
                    "name": "Lamp",
                    "price": "24.99",
                    "category_name": "",
                    "image": "",
                    "currency": "USD",
                },
                "quantity": 2,
                "total_price": "49.98",
                "available": 5,
                "is_available": True,
            },
        ],
        "total_price": "50.28",
        "total_items": 5,
        "currency": "USD",
    }


def test_the_picture_of_a_product_has_an_absolute_url(
    ada: User, client: APIClient, lamp: Product
) -> None:
    set_product(lamp, image="products/0f.jpg")
    make_cart(ada, {lamp: 1})

    (item,) = client.get("/api/cart/").json()["items"]

    assert item["product"]["image"] == "http://localhost:8000/media/products/0f.jpg"


def test_totals_are_exact(ada: User, client: APIClient, shop: Project) -> None:
    dear = make_product(shop, price=Decimal("9999999999.99"))
    cheap = make_product(shop, price=Decimal("0.01"))
    make_cart(ada, {dear: 999, cheap: 1})

    body = client.get("/api/cart/").json()

    assert body["items"][0]["total_price"] == "9989999999990.01"
    assert body["total_price"] == "9989999999990.02"


def test_the_schema_names_the_fields_that_are_answered(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 1})

    body = client.get("/api/cart/").json()

    schema = CartOutput()
    item: Any = schema.fields["items"]
    assert list(body) == list(schema.fields)
    assert list(body["items"][0]) == list(item.child.fields)
    assert list(body["items"][0]["product"]) == list(item.child.fields["product"].fields)


# --- what changed since it was picked ---------------------------------------------------------


@pytest.mark.parametrize(
    ("stock", "available", "is_available"), [(3, 3, True), (2, 2, False), (0, 0, False)]
)
def test_an_item_tells_what_is_available(
    ada: User,
    client: APIClient,
    lamp: Product,
    stock: int,
    available: int,
    is_available: bool,
) -> None:
    make_cart(ada, {lamp: 3})
    set_product(lamp, stock=stock)

    (item,) = client.get("/api/cart/").json()["items"]

    assert (item["available"], item["is_available"]) == (available, is_available)


def unsold(lamp: Product) -> None:
    set_product(lamp, is_active=False)


def of_a_closed_project(lamp: Product) -> None:
    Project.objects.filter(pk=lamp.project_id).update(is_active=False)


def of_a_former_storefront(lamp: Product) -> None:
    make_storefront()


@pytest.mark.parametrize("change", [unsold, of_a_closed_project, of_a_former_storefront])
def test_a_product_that_is_no_longer_sold_stays_but_does_not_count(
    ada: User, client: APIClient, lamp: Product, change: Any
) -> None:
    make_cart(ada, {lamp: 2})
    change(lamp)

    body = client.get("/api/cart/").json()

    (item,) = body["items"]
    assert (item["quantity"], item["total_price"]) == (2, "39.98")
    assert (item["available"], item["is_available"]) == (0, False)
    assert (body["total_price"], body["total_items"]) == ("0.00", 0)
    assert body["currency"] == ""


def test_a_product_that_is_no_longer_sold_does_not_decide_the_currency(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    shade = make_product(shop, price=Decimal("5.00"), currency="EUR")
    make_cart(ada, {lamp: 2})
    unsold(lamp)

    response = client.post("/api/cart/items/", {"product_id": shade.pk, "quantity": 3})

    body = response.json()
    assert response.status_code == 201
    assert (body["currency"], body["total_price"]) == ("EUR", "15.00")
    assert body["total_items"] == 3
    assert [item["is_available"] for item in body["items"]] == [False, True]


def test_a_product_with_a_new_currency_does_not_count(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    shade = make_product(shop, price=Decimal("5.00"))
    make_cart(ada, {lamp: 1, shade: 2})
    set_product(shade, currency="EUR")

    body = client.get("/api/cart/").json()

    foreign = body["items"][1]
    assert foreign["product"]["currency"] == "EUR"
    assert (foreign["total_price"], foreign["available"]) == ("10.00", 0)
    assert (body["total_price"], body["currency"]) == ("19.99", "USD")
    assert body["total_items"] == 1


def test_a_product_that_is_deleted_takes_its_items_along(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    rare = make_product(shop, stock=0)
    make_cart(ada, {rare: 1, lamp: 1})

    rare.delete()

    assert [item["product"]["id"] for item in client.get("/api/cart/").json()["items"]] == [lamp.pk]


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


@pytest.mark.parametrize("hide", [unsold, of_a_closed_project, of_a_former_storefront])
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


# --- entity tags and repeats ------------------------------------------------------------------


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
