"""`/api/products/` and `/api/categories/` as the shop document shows them, and our additions."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.services import create_project
from accounts.tests.factories import make_user
from catalog.models import Category, Product
from catalog.tests.api.shop.listing import ids
from catalog.tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


# --- The document's examples ------------------------------------------------------------------


def test_lists_products_as_the_document_shows(client: APIClient, shop: Project) -> None:
    electronics = make_category(shop, "Electronics")
    phones = [
        make_product(
            shop,
            name="Smartphone Pro Max",
            price=Decimal("499.99"),
            category=electronics,
            featured=True,
            stock=50,
        )
        for _ in range(25)
    ]
    make_product(shop, name="Smartphone Mini", price=Decimal("49.99"))

    response = client.get(
        f"/api/products/?category={electronics.pk}&price_min=50&price_max=500"
        "&in_stock=true&search=phone"
    )

    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["count", "next", "previous", "results"]
    assert body["count"] == 25
    assert body["next"] == (
        f"http://testserver/api/products/?category={electronics.pk}&price_min=50"
        "&price_max=500&in_stock=true&search=phone&page=2"
    )
    assert body["previous"] is None
    assert len(body["results"]) == 20
    assert body["results"][0] == {
        "id": phones[0].pk,
        "name": "Smartphone Pro Max",
        "price": "499.99",
        "stock": 50,
        "category_name": "Electronics",
        "image": "",
        "is_in_stock": True,
        "featured": True,
        # Beside the document's fields.
        "currency": "USD",
    }


def test_links_lead_through_all_pages_and_back(client: APIClient, shop: Project) -> None:
    products = [make_product(shop) for _ in range(5)]
    seen: list[int] = []
    address = "/api/products/?page_size=2"

    for page in (1, 2, 3):
        body = client.get(address).json()
        assert body["count"] == 5
        assert body["previous"] == (
            f"http://testserver/api/products/?page_size=2&page={page - 1}" if page > 1 else None
        )
        seen += [row["id"] for row in body["results"]]
        address = body["next"]

    assert seen == [product.pk for product in products]
    assert address is None


def test_a_list_without_parameters_has_the_links_of_the_document(
    client: APIClient, shop: Project
) -> None:
    for _ in range(21):
        make_product(shop)

    body = client.get("/api/products/", HTTP_HOST="localhost:8000").json()

    assert body["count"] == 21
    assert body["next"] == "http://localhost:8000/api/products/?page=2"


def test_shows_a_product_in_full(client: APIClient, shop: Project) -> None:
    electronics = make_category(shop, "Electronics")
    phones = make_category(shop, "Phones", electronics)
    with time_machine.travel(datetime(2025, 1, 8, 10, 0, 0, 999, UTC), tick=False):
        product = make_product(
            shop,
            sku="PRO-MAX",
            slug="pro-max",
            name="Smartphone Pro Max",
            description="Six cameras.",
            price=Decimal("999.90"),
            currency="EUR",
            category=phones,
            stock=0,
        )
    Product.objects.filter(pk=product.pk).update(image="products/0.jpg")

    response = client.get(f"/api/products/{product.pk}/")

    assert response.status_code == 200
    assert response.json() == {
        "id": product.pk,
        "name": "Smartphone Pro Max",
        "price": "999.90",
        "stock": 0,
        "category_name": "Phones",
        "image": "http://localhost:8000/media/products/0.jpg",
        "is_in_stock": False,
        "featured": False,
        "sku": "PRO-MAX",
        "slug": "pro-max",
        "description": "Six cameras.",
        "currency": "EUR",
        "category_id": phones.pk,
        "category_path": [
            {"id": electronics.pk, "name": "Electronics", "slug": "electronics"},
            {"id": phones.pk, "name": "Phones", "slug": "phones"},
        ],
        "is_active": True,
        "created_at": "2025-01-08T10:00:00Z",
        "updated_at": "2025-01-08T10:00:00Z",
    }


def test_a_product_outside_of_categories_has_an_empty_path(
    client: APIClient, shop: Project
) -> None:
    product = make_product(shop)

    body = client.get(f"/api/products/{product.pk}/").json()

    assert (body["category_id"], body["category_name"]) == (None, "")
    assert body["category_path"] == []
    assert client.get("/api/products/").json()["results"][0]["category_name"] == ""


# --- What is not for sale ---------------------------------------------------------------------


def hide_inactive(shop: Project) -> Product:
    return make_product(shop, is_active=False)


def hide_foreign(shop: Project) -> Product:
    return make_product(create_project(owner=make_user(), name="Another"))


@pytest.mark.parametrize("hide", [hide_inactive, hide_foreign])
def test_products_that_are_not_on_sale_are_hidden_everywhere(
    client: APIClient, shop: Project, hide: Callable[[Project], Product]
) -> None:
    sold = make_product(shop, name="Sold lamp")
    hidden = hide(shop)
    Product.objects.filter(pk=hidden.pk).update(name="Hidden lamp", featured=True)

    response = client.get(f"/api/products/{hidden.pk}/")

    assert (response.status_code, response.json()) == (
        404,
        {"error": "Product not found"},
    )
    assert ids(client) == [sold.pk]
    assert ids(client, "search=lamp") == [sold.pk]
    assert ids(client, "search=hidden") == []
    assert ids(client, "search=hiden+lammp") in ([], [sold.pk])
    assert ids(client, "featured=true") == []


def test_the_products_of_a_storefront_that_is_switched_off_are_not_for_sale(
    client: APIClient, shop: Project
) -> None:
    make_category(shop)
    product = make_product(shop)
    Project.objects.filter(pk=shop.pk).update(is_active=False)

    assert ids(client) == []
    assert client.get(f"/api/products/{product.pk}/").status_code == 404
    assert client.get("/api/categories/").json() == []


@pytest.mark.parametrize("product_id", ["0", "999999999", "9" * 30])
def test_a_missing_product_is_a_404_in_the_surfaces_shape(
    client: APIClient, shop: Project, product_id: str
) -> None:
    response = client.get(f"/api/products/{product_id}/")

    assert response.status_code == 404
    assert response.json() == {"error": "Product not found"}


def test_without_a_storefront_there_is_nothing(client: APIClient) -> None:
    body = client.get("/api/products/").json()

    assert body == {"count": 0, "next": None, "previous": None, "results": []}
    assert client.get("/api/categories/").json() == []


def test_answers_without_the_slash_too(client: APIClient, shop: Project) -> None:
    product = make_product(shop)

    assert client.get("/api/products").json()["count"] == 1
    assert client.get(f"/api/products/{product.pk}").status_code == 200
    assert client.get("/api/categories").status_code == 200


# --- Versions ---------------------------------------------------------------------------------


def test_a_product_that_is_as_it_was_is_not_sent_again(client: APIClient, shop: Project) -> None:
    product = make_product(shop)
    path = f"/api/products/{product.pk}/"
    etag = client.get(path)["ETag"]

    again = client.get(path, headers={"If-None-Match": etag})

    assert etag == f'"product-{product.pk}-{product.version}"'
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)


def test_a_product_whose_category_got_another_name_is_sent_again(
    client: APIClient, shop: Project
) -> None:
    top = make_category(shop, "Electronics")
    product = make_product(shop, category=make_category(shop, "Phones", top))
    path = f"/api/products/{product.pk}/"
    etag = client.get(path)["ETag"]
    Category.objects.filter(pk=top.pk).update(name="Devices")

    again = client.get(path, headers={"If-None-Match": etag})

    assert again.status_code == 200
    assert again["ETag"] != etag
    assert again.json()["category_path"][0]["name"] == "Devices"


# --- Categories -------------------------------------------------------------------------------


def test_shows_the_tree_of_categories_with_the_products_on_sale_in_each(
    client: APIClient, shop: Project
) -> None:
    garden = make_category(shop, "Garden", position=1)
    top = make_category(shop, "Electronics")
    phones = make_category(shop, "Phones", top, position=2)
    cables = make_category(shop, "Cables", top, position=2)
    cases = make_category(shop, "Cases", phones)
    for category in (top, phones, phones, cases):
        make_product(shop, category=category)
    make_product(shop, category=cases, is_active=False)
    make_category(create_project(owner=make_user(), name="Another"), "Theirs")

    response = client.get("/api/categories/")

    def shelf(category: Category, own: int, total: int, *children: object) -> dict[str, object]:
        return {
            "id": category.pk,
            "name": category.name,
            "slug": category.slug,
            "product_count": own,
            "total_count": total,
            "children": list(children),
        }

    assert response.status_code == 200
    assert response.json() == [
        shelf(
            top,
            1,
            4,
            shelf(cables, 0, 0),
            shelf(phones, 2, 3, shelf(cases, 1, 1)),
        ),
        shelf(garden, 0, 0),
    ]
