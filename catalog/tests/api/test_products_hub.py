"""`/api/v1/products`: what a project sells, for those who run it."""

from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.tests.projects import Team
from catalog.models import Category, Product, StockMovement
from catalog.services import adjust_stock
from catalog.tests.api.products import MOMENT, at, count, everything, path, refused, shown
from catalog.tests.factories import make_category, make_product, make_storefront

pytestmark = pytest.mark.django_db

CODE = "Must be three capital letters as in ISO 4217, such as USD."
UNKNOWN = "ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."
NO_AMOUNT = "Must be an amount in digits, such as 1299.00."
TOO_FINE = "Amounts in USD have at most two decimals, such as 100.50."
UUID = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MOMENT, tick=False):
        yield


# --- Creating ---------------------------------------------------------------------------------

NEW = {"sku": "LAMP-1", "name": "Desk lamp", "price": "19.99"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_creates_a_product(shop: Project, manager: APIClient, slash: str) -> None:
    category = make_category(shop)

    response = manager.post(
        path(shop) + slash,
        {
            **NEW,
            "description": " Bright.\n",
            "category_id": category.pk,
            "currency": "EUR",
            "featured": True,
            "is_active": False,
            "stock": 12,
        },
    )

    lamp = Product.objects.get()
    assert (response.status_code, response.json()) == (201, shown(lamp))
    assert response["ETag"] == f'"product-{lamp.pk}-2"'
    assert (lamp.description, lamp.category, lamp.stock) == (" Bright.\n", category, 12)
    assert (lamp.currency, lamp.featured, lamp.is_active) == ("EUR", True, False)
    movement = StockMovement.objects.get()
    assert movement.by is not None
    assert (movement.change, movement.reason) == (12, "initial")
    assert movement.by.email == "manager@example.com"


def test_three_fields_are_enough(shop: Project, manager: APIClient) -> None:
    response = manager.post(path(shop), NEW)

    assert response.status_code == 201
    assert response.json() == shown(
        Product.objects.get(),
        slug="desk-lamp",
        currency="USD",
        category_id=None,
        featured=False,
        is_active=True,
        stock=0,
        version=1,
    )


REQUIRED = ["This field is required."]
STRING = ["Not a valid string."]
NO_CATEGORY = ["There is no such category in this project."]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"sku": None}, {"sku": ["This field may not be null."]}),
        ({"sku": " "}, {"sku": ["This field may not be blank."]}),
        ({"sku": 5}, {"sku": STRING}),
        ({"sku": "x" * 65}, {"sku": ["Ensure this field has no more than 64 characters."]}),
        ({"sku": "a\x00b"}, {"sku": ["Null characters are not allowed."]}),
        ({"sku": "a\tb"}, {"sku": ["This field must be a single line."]}),
        ({"name": ["Lamp"]}, {"name": STRING}),
        ({"name": "x" * 256}, {"name": ["Ensure this field has no more than 255 characters."]}),
        ({"slug": "no slug"},
         {"slug": ["Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."]},
        ),
        ({"description": "x" * 10_001},
         {"description": ["Ensure this field has no more than 10000 characters."]}),
        ({"price": "-1"}, {"price": ["Must not be negative."]}),
        ({"price": "1.999"}, {"price": [TOO_FINE]}),
        ({"price": "12345678901"}, {"price": ["Must be at most 9999999999.99."]}),
        ({"price": "1e999999"}, {"price": [NO_AMOUNT]}),
        ({"price": "NaN"}, {"price": [NO_AMOUNT]}),
        ({"price": "1,99"}, {"price": [NO_AMOUNT]}),
        ({"price": True}, {"price": [NO_AMOUNT]}),
        ({"currency": "usd"}, {"currency": [CODE]}),
        ({"currency": "ABC"}, {"currency": [UNKNOWN]}),
        ({"currency": ""}, {"currency": ["This field may not be blank."]}),
        ({"category_id": 0}, {"category_id": ["Ensure this value is greater than or equal to 1."]}),
        ({"category_id": 2**63 - 1}, {"category_id": NO_CATEGORY}),
        ({"category_id": 2**63},
         {"category_id": ["Ensure this value is less than or equal to 9223372036854775807."]}),
        ({"featured": "perhaps"}, {"featured": ["Must be a valid boolean."]}),
        ({"is_active": None}, {"is_active": ["This field may not be null."]}),
        ({"stock": -1}, {"stock": ["Ensure this value is greater than or equal to 0."]}),
        ({"stock": 10**9 + 1},
         {"stock": ["Ensure this value is less than or equal to 1000000000."]}),
        ({"stock": 1.5}, {"stock": ["A valid integer is required."]}),
        ({"prize": "5"}, {"prize": ["There is no such field."]}),
        ({"image": ""}, {"image": ["There is no such field."]}),
        ({"version": 1}, {"version": ["There is no such field."]}),
    ],
)  # fmt: skip
def test_refuses_to_create(
    shop: Project, manager: APIClient, changes: dict[str, Any], errors: object
) -> None:
    response = manager.post(path(shop), {**NEW, **changes})

    assert refused(response, 422, "VALIDATION_ERROR") == errors
    assert not Product.objects.exists()


def test_says_all_that_is_missing(shop: Project, manager: APIClient) -> None:
    assert refused(manager.post(path(shop), {}), 422, "VALIDATION_ERROR") == {
        "sku": REQUIRED,
        "name": REQUIRED,
        "price": REQUIRED,
    }


@pytest.mark.parametrize("body", ["[]", '"x"', "null", '{"sku": "\\ud800"}', "{"])
def test_refuses_a_body_that_is_not_an_object(shop: Project, manager: APIClient, body: str) -> None:
    response = manager.post(path(shop), body, content_type="application/json")

    assert response.status_code in {400, 422}
    assert not Product.objects.exists()


def test_a_category_of_another_project_is_unknown(shop: Project, manager: APIClient) -> None:
    other = make_category(make_product_elsewhere().project)

    response = manager.post(path(shop), {**NEW, "category_id": other.pk})

    assert refused(response, 422, "VALIDATION_ERROR") == {"category_id": NO_CATEGORY}


def make_product_elsewhere() -> Product:
    """Create a product in a project of which no caller is a member."""
    return make_product(make_storefront())


def test_a_sku_or_slug_that_is_taken_is_a_conflict(shop: Project, manager: APIClient) -> None:
    make_product(shop, sku="LAMP-1", slug="lamp")
    before = everything()

    refused(
        manager.post(path(shop), NEW),
        409,
        "SKU_TAKEN",
        "Another product of this project has this SKU.",
    )
    refused(
        manager.post(path(shop), {**NEW, "sku": "L-2", "slug": "lamp"}),
        409,
        "SLUG_TAKEN",
        "This slug is taken in this project.",
    )

    assert everything() == before


def test_a_repeated_creation_makes_one_product(shop: Project, manager: APIClient) -> None:
    headers: Any = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    first = manager.post(path(shop), NEW, **headers)

    again = manager.post(path(shop), NEW, **headers)
    other = manager.post(path(shop), {**NEW, "sku": "L-2"}, **headers)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert again["ETag"] == first["ETag"]
    refused(other, 409, "IDEMPOTENCY_KEY_REUSED")
    assert Product.objects.count() == 1


# --- Reading ----------------------------------------------------------------------------------


def test_gets_a_product_and_answers_304_while_it_is_unchanged(shop: Project, team: Team) -> None:
    lamp = make_product(shop, is_active=False)
    client = team.client("viewer")

    response = client.get(at(lamp))
    again = client.get(at(lamp), HTTP_IF_NONE_MATCH=response["ETag"])
    adjust_stock(product_id=lamp.pk, change=1)
    later = client.get(at(lamp), HTTP_IF_NONE_MATCH=response["ETag"])

    assert (response.status_code, response.json()) == (200, shown(lamp))
    assert (again.status_code, again.content) == (304, b"")
    assert (later.status_code, later.json()["stock"]) == (200, 11)


@pytest.mark.parametrize("which", ["unknown", "no uuid", "number", "elsewhere"])
def test_what_is_not_there_is_not_found(shop: Project, manager: APIClient, which: str) -> None:
    lamp, elsewhere = make_product(shop), make_product_elsewhere()
    product_id = {
        "unknown": UUID,
        "no uuid": "lamp",
        "number": lamp.pk,
        "elsewhere": elsewhere.uuid,
    }[which]
    before = everything()

    for method, end, body in (
        ("get", "", None),
        ("patch", "", {"name": "Other"}),
        ("put", "/image", {"image": None}),
        ("delete", "/image", None),
        ("get", "/stock", None),
        ("post", "/stock", {"change": 1}),
    ):
        response = getattr(manager, method)(path(shop, f"{product_id}{end}"), body)
        refused(response, 404, "PRODUCT_NOT_FOUND", "Product not found")

    assert everything() == before


# --- The list ---------------------------------------------------------------------------------


def skus(response: Any) -> list[str]:
    """Return the SKUs of a list, in its order."""
    assert response.status_code == 200, response.content
    return [product["sku"] for product in response.json()]


def test_lists_the_projects_products_a_page_at_a_time(shop: Project, team: Team) -> None:
    make_product_elsewhere()
    lamps = [make_product(shop, sku=f"L-{number}") for number in range(3)]
    client = team.client("viewer")

    whole = client.get(path(shop))
    second = client.get(path(shop), {"page": 2, "page_size": 2})

    assert whole.json() == [shown(lamp) for lamp in lamps]
    assert whole["X-Total-Count"] == "3"
    assert skus(second) == ["L-2"]
    assert second["X-Total-Count"] == "3"
    assert 'rel="prev"' in second["Link"]


@pytest.fixture
def shelf(shop: Project) -> Project:
    """A project with four products."""
    lamps = make_category(shop, "Lamps")
    desk = make_category(shop, "Desk", parent=lamps)
    make_product(shop, sku="A", name="Desk lamp", price=5, stock=0, category=desk)
    make_product(shop, sku="B", name="Wall lamp", price=10, stock=3, category=lamps)
    make_product(shop, sku="C", name="Chair", price=20, stock=8, featured=True)
    make_product(shop, sku="D", name="Table", price=40, stock=50, is_active=False)
    return shop


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"is_active": "false"}, "D"),
        ({"is_active": "true"}, "ABC"),
        ({"featured": "true"}, "C"),
        ({"in_stock": "false"}, "A"),
        ({"in_stock": "true"}, "BCD"),
        ({"stock_max": "3"}, "AB"),
        ({"price_min": "10", "price_max": "20"}, "BC"),
        ({"sku": "B"}, "B"),
        ({"sku": "b"}, ""),
        ({"search": "lamp"}, "AB"),
        ({"search": "lamp", "in_stock": "true"}, "B"),
        ({"search": "nothing like it"}, ""),
        ({"ordering": "-price"}, "DCBA"),
        ({"ordering": "name"}, "CADB"),
        ({"ordering": "-stock", "search": "lamp"}, "BA"),
        ({"is_active": ""}, "ABCD"),
    ],
)
def test_narrows_and_sorts(
    shelf: Project, manager: APIClient, query: dict[str, str], found: str
) -> None:
    response = manager.get(path(shelf), query)

    assert skus(response) == list(found)
    assert response["X-Total-Count"] == str(len(found))


def test_a_category_includes_the_products_below_it(shelf: Project, manager: APIClient) -> None:
    ids = dict(Category.objects.values_list("name", "pk"))

    assert skus(manager.get(path(shelf), {"category": ids["Lamps"]})) == ["A", "B"]
    assert skus(manager.get(path(shelf), {"category": ids["Desk"]})) == ["A"]
    assert skus(manager.get(path(shelf), {"category": 2**63 - 1})) == []


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"page": "0"}, {"page": ["Must be a whole number from 1 to 2147483647."]}),
        ({"page_size": "201"}, {"page_size": ["Must be a whole number from 1 to 200."]}),
        ({"price_min": "abc"}, {"price_min": ["Enter a number."]}),
        ({"is_active": "maybe"}, {"is_active": ["Write true or false."]}),
        ({"stock_max": "-1"}, {"stock_max": ["Ensure this value is greater than or equal to 0."]}),
        ({"category": "x"}, {"category": ["Enter a number."]}),
        ({"search": "x" * 201},
         {"search": ["Ensure this value has at most 200 characters (it has 201)."]}),
        ({"search": "a\x00"}, {"search": ["Null characters are not allowed."]}),
        ({"ordering": "owner"},
         {"ordering": ['"owner" is not one of id, name, sku, price, stock, created_at, '
                       'updated_at.']}),
    ],
)  # fmt: skip
def test_refuses_conditions_that_make_no_sense(
    shop: Project, manager: APIClient, query: dict[str, str], errors: object
) -> None:
    for where in ("", "export") if not {"page", "page_size", "ordering"} & query.keys() else ("",):
        response = manager.get(path(shop, *filter(None, [where])), query)

        assert refused(response, 422, "VALIDATION_ERROR") == errors


@pytest.mark.parametrize("query", [{}, {"category": 1, "is_active": "true"}, {"search": "lamp"}])
def test_a_list_costs_the_same_whatever_is_in_it(
    shop: Project, manager: APIClient, query: dict[str, Any]
) -> None:
    for number in range(3):
        make_product(shop, category=make_category(shop, f"Shelf {number}"))
    few = count(manager, path(shop), page_size=2, **query)
    for number in range(20):
        make_product(shop, category=make_category(shop, f"Board {number}"))

    assert few == count(manager, path(shop), page_size=2, **query)
    # The caller, the project, the rows, and their number.
    assert few <= 4


# --- Changing ---------------------------------------------------------------------------------


def test_changes_only_the_named_fields(shop: Project, manager: APIClient) -> None:
    category = make_category(shop)
    lamp = make_product(shop, category=category, description="Bright.")

    response = manager.patch(at(lamp), {"price": 17, "category_id": None, "is_active": False})

    assert response.status_code == 200
    assert response.json() == shown(
        lamp, price="17.00", category_id=None, is_active=False, version=3
    )
    assert response["ETag"] == f'"product-{lamp.pk}-3"'
    lamp.refresh_from_db()
    assert (lamp.price, lamp.category, lamp.description) == (
        Decimal("17.00"),
        None,
        "Bright.",
    )


def test_what_was_read_may_be_sent_back(shop: Project, manager: APIClient) -> None:
    lamp = make_product(shop, category=make_category(shop))
    before = everything()

    response = manager.patch(at(lamp), manager.get(at(lamp)).json())

    assert (response.status_code, response.json()) == (200, shown(lamp))
    assert everything() == before


def test_updating_a_product_cannot_change_its_stock(shop: Project, manager: APIClient) -> None:
    lamp = make_product(shop)

    response = manager.patch(at(lamp), {"stock": 11, "name": "Other"})

    assert refused(response, 422, "VALIDATION_ERROR") == {
        "stock": ["There are 10. Stock is changed by a POST to the product's stock."]
    }
    lamp.refresh_from_db()
    assert (lamp.stock, lamp.name) == (10, "Desk lamp")


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("the same", 200),
        ("*", 200),
        ("one of two", 200),
        ("an old one", 412),
        ("weak", 412),
        ("another's", 412),
    ],
)
def test_a_change_may_depend_on_the_version(
    shop: Project, manager: APIClient, condition: str, status: int
) -> None:
    lamp, other = make_product(shop), make_product(shop)
    tag = f'"product-{lamp.pk}-2"'
    conditions = {
        "the same": tag,
        "*": "*",
        "one of two": f'"x", {tag}',
        "an old one": f'"product-{lamp.pk}-1"',
        "weak": f"W/{tag}",
        "another's": f'"product-{other.pk}-2"',
    }
    for method, end, body in (
        ("patch", [], {"name": "Other"}),
        ("put", ["image"], {"image": None}),
        ("delete", ["image"], None),
        ("post", ["stock"], {"change": 1}),
    ):
        Product.objects.filter(pk=lamp.pk).update(version=2)
        before = everything()

        response = getattr(manager, method)(
            at(lamp, *end), body, HTTP_IF_MATCH=conditions[condition]
        )

        if status == 412:
            refused(response, 412, "STALE")
            assert everything() == before
        else:
            assert response.status_code in {200, 201}
