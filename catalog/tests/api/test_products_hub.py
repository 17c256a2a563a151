"""`/api/v1/products`: what a project sells, for those who run it."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.tests.projects import Team, make_team
from catalog.models import Category, Product, StockMovement
from catalog.services import adjust_stock
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.testing.photographs import photograph

pytestmark = pytest.mark.django_db

CODE = "Must be three capital letters as in ISO 4217, such as USD."
UNKNOWN = "ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."
NO_AMOUNT = "Must be an amount in digits, such as 1299.00."
TOO_FINE = "Amounts in USD have at most two decimals, such as 100.50."
MOMENT = "2025-01-12T10:00:00Z"
UUID = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MOMENT, tick=False):
        yield


@pytest.fixture
def team() -> Team:
    """A project with a member in each role."""
    return make_team()


@pytest.fixture
def shop(team: Team) -> Project:
    """Their project."""
    return team.project


@pytest.fixture
def manager(team: Team) -> APIClient:
    """A client of a manager, who may change the catalogue."""
    return team.client("manager")


def path(project: Project, *parts: object) -> str:
    """Return a path of the project's products."""
    return "/".join(["/api/v1/products", str(project.uuid), *map(str, parts)])


def at(product: Product, *parts: object) -> str:
    """Return a path of the product."""
    return path(product.project, product.uuid, *parts)


def refused(response: Any, status: int, code: str, detail: str = "") -> Any:
    """Check a refusal of the hub, and return its errors by field."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert body["timestamp"] == MOMENT
    assert not detail or body["detail"] == detail
    return body.get("errors")


def everything() -> list[Any]:
    """Return every row of the catalogue."""
    models: Any = (Category, Product, StockMovement)
    return [list(model.objects.order_by("pk").values()) for model in models]


def shown(product: Product, **changes: Any) -> dict[str, Any]:
    """Return the body of a new product."""
    return {
        "id": str(product.uuid),
        "product_id": product.pk,
        "sku": product.sku,
        "slug": product.slug,
        "name": product.name,
        "description": product.description,
        "price": f"{product.price:.2f}",
        "currency": product.currency,
        "category_id": product.category_id,
        "image": "",
        "featured": product.featured,
        "is_active": product.is_active,
        "stock": product.stock,
        "is_in_stock": product.stock > 0,
        "version": product.version,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        **changes,
    }


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


def count(client: APIClient, where: str, **query: Any) -> int:
    """Return how many statements a read takes, including those for the caller and the project."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(where, query).status_code == 200
    return len(queries)


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


# --- The picture ------------------------------------------------------------------------------


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    """The directory where pictures are stored."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(client: APIClient, product: Product, content: bytes, **form: Any) -> Any:
    """Send a picture in a form."""
    file = SimpleUploadedFile("../../evil.php", content, "image/png")
    return client.put(at(product, "image"), {"image": file, **form}, format="multipart")


def files(directory: Path) -> set[str]:
    """Return the paths of the stored files."""
    return {str(file.relative_to(directory)) for file in directory.rglob("*") if not file.is_dir()}


def test_a_picture_is_kept_shown_and_replaced(
    shop: Project,
    manager: APIClient,
    media: Path,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    lamp = make_product(shop)

    first = upload(manager, lamp, photograph())
    (file,) = files(media)
    with django_capture_on_commit_callbacks(execute=True):
        second = upload(manager, lamp, photograph(orientation=6))
    (other,) = files(media)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["image"] == f"{settings.PUBLIC_URL}/media/{file}"
    assert re.fullmatch(r"products/[0-9a-f]{32}\.jpg", file)
    assert second.json()["image"].endswith(other)
    assert other != file
    assert (first.json()["version"], second.json()["version"]) == (3, 4)
    shown_picture = APIClient().get(f"/media/{other}")
    assert (shown_picture.status_code, shown_picture["Content-Type"]) == (
        200,
        "image/jpeg",
    )


@pytest.mark.parametrize("way", ["delete", "null"])
def test_a_picture_is_taken_away(
    shop: Project,
    manager: APIClient,
    media: Path,
    way: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    lamp = make_product(shop)
    upload(manager, lamp, photograph())

    with django_capture_on_commit_callbacks(execute=True):
        if way == "delete":
            response = manager.delete(at(lamp, "image"))
        else:
            response = manager.put(at(lamp, "image"), {"image": None})

    assert (response.status_code, response.json()["image"]) == (200, "")
    assert files(media) == set()
    again = manager.delete(at(lamp, "image"))
    assert (again.status_code, again["ETag"]) == (200, response["ETag"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"<svg onload='alert(1)'/>", "Upload a PNG, JPEG, WebP or GIF picture."),
        (photograph()[:200], "The picture is damaged: it cannot be read."),
    ],
)
def test_refuses_a_file_that_is_not_a_picture(
    shop: Project, manager: APIClient, media: Path, content: bytes, message: str
) -> None:
    lamp = make_product(shop)

    response = upload(manager, lamp, content)

    assert refused(response, 422, "VALIDATION_ERROR") == {"image": [message]}
    assert files(media) == set()
    lamp.refresh_from_db()
    assert lamp.version == 2


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"image": REQUIRED}),
        (
            {"image": "http://example.com/x.png"},
            {"image": ["Send the picture as a file, in multipart/form-data."]},
        ),
        ({"image": None, "alt": "x"}, {"alt": ["There is no such field."]}),
    ],
)
def test_refuses_a_missing_picture(
    shop: Project, manager: APIClient, body: Any, errors: object
) -> None:
    response = manager.put(at(make_product(shop), "image"), body)

    assert refused(response, 422, "VALIDATION_ERROR") == errors


# --- Stock ------------------------------------------------------------------------------------


def test_adjusts_the_stock_and_shows_the_ledger(
    shop: Project, team: Team, manager: APIClient
) -> None:
    lamp = make_product(shop)

    response = manager.post(
        at(lamp, "stock"),
        {"change": 10, "reason": "received", "note": "Delivery of Tuesday"},
    )
    broken = manager.post(at(lamp, "stock"), {"change": -1})

    assert (response.status_code, response.json()["stock"]) == (201, 20)
    assert (broken.status_code, broken.json()) == (
        201,
        shown(lamp, stock=19, version=4),
    )
    assert broken["ETag"] == f'"product-{lamp.pk}-4"'
    ledger = team.client("viewer").get(at(lamp, "stock"))
    movements = list(lamp.movements.order_by("-pk").values_list("pk", flat=True))
    common = {"order_id": None, "created_at": MOMENT}
    by = str(team.members["manager"].uuid)
    assert ledger.json() == [
        {"id": movements[0], "change": -1, "reason": "adjusted", "note": "", "by": by, **common},
        {"id": movements[1], "change": 10, "reason": "received", "note": "Delivery of Tuesday",
         "by": by, **common},
        {"id": movements[2], "change": 10, "reason": "initial", "note": "", "by": None, **common},
    ]  # fmt: skip
    assert ledger["X-Total-Count"] == "3"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"change": REQUIRED}),
        ({"change": 0}, {"change": ["Must be from 1 to 1000000000, up or down."]}),
        ({"change": "many"}, {"change": ["A valid integer is required."]}),
        ({"change": True}, {"change": ["A valid integer is required."]}),
        ({"change": 10**9}, {"change": ["There would be more than 1000000000 in stock."]}),
        ({"change": 10**12},
         {"change": ["Ensure this value is less than or equal to 1000000000."]}),
        ({"change": 1, "reason": "sold"}, {"reason": ['"sold" is not one of received, adjusted.']}),
        ({"change": 1, "reason": "imported"},
         {"reason": ['"imported" is not one of received, adjusted.']}),
        ({"change": 1, "note": "x" * 256},
         {"note": ["Ensure this field has no more than 255 characters."]}),
        ({"change": 1, "note": "\x00"}, {"note": ["Null characters are not allowed."]}),
        ({"change": 1, "order_id": 1}, {"order_id": ["There is no such field."]}),
    ],
)  # fmt: skip
def test_refuses_to_adjust(shop: Project, manager: APIClient, body: Any, errors: object) -> None:
    lamp = make_product(shop)
    before = everything()

    response = manager.post(at(lamp, "stock"), body)

    assert refused(response, 422, "VALIDATION_ERROR") == errors
    assert everything() == before


def test_cannot_take_more_than_there_is(shop: Project, manager: APIClient) -> None:
    lamp = make_product(shop)

    response = manager.post(at(lamp, "stock"), {"change": -11})

    refused(response, 409, "INSUFFICIENT_STOCK")
    assert response.json()["shortages"] == [
        {
            "product_id": lamp.pk,
            "name": "Desk lamp",
            "sku": lamp.sku,
            "requested": 11,
            "available": 10,
        }
    ]


def test_a_repeated_adjustment_counts_once(shop: Project, manager: APIClient) -> None:
    lamp = make_product(shop)
    headers: Any = {"HTTP_IDEMPOTENCY_KEY": "delivery-7"}

    answers = [manager.post(at(lamp, "stock"), {"change": 5}, **headers) for _ in range(3)]

    assert [answer.json()["stock"] for answer in answers] == [15, 15, 15]
    lamp.refresh_from_db()
    assert (lamp.stock, lamp.movements.count()) == (15, 2)


def test_a_ledger_costs_the_same_however_long(
    shop: Project, manager: APIClient, team: Team
) -> None:
    lamp = make_product(shop)
    for _ in range(2):
        adjust_stock(product_id=lamp.pk, change=1, by=team.owner)
    few = count(manager, at(lamp, "stock"), page_size=2)
    for user in team.members.values():
        adjust_stock(product_id=lamp.pk, change=1, by=user)

    assert few == count(manager, at(lamp, "stock"), page_size=2) == 5
