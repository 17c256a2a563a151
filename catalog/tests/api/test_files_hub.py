"""`/api/v1/products/{project_id}/import` and `…/export`."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.tests.projects import Team
from catalog.api.hub.docs import files as docs
from catalog.models import Product
from catalog.tests.api.products import everything
from catalog.tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


def path(project: Project, end: str) -> str:
    """Return a path of the project's files."""
    return f"/api/v1/products/{project.uuid}/{end}"


def send(client: APIClient, project: Project, content: bytes, **form: Any) -> Any:
    """Import a file in a form."""
    headers = form.pop("headers", {})
    file = SimpleUploadedFile("products.csv", content, "text/csv")
    return client.post(
        path(project, "import"), {"file": file, **form}, format="multipart", **headers
    )


# --- Import -----------------------------------------------------------------------------------


def make_lamp(shop: Project) -> Product:
    """Create the product that the documented example changes."""
    lamps = make_category(shop, "Lamps")
    return make_product(shop, sku="LAMP-1", category=make_category(shop, "Desk", parent=lamps))


@pytest.mark.parametrize("way", ["text", "file"])
def test_the_documented_dry_run_and_the_import_after_it(
    shop: Project, team: Team, manager: APIClient, way: str
) -> None:
    lamp = make_lamp(shop)
    before = everything()

    def call(*, dry_run: bool) -> Any:
        if way == "file":
            words = {"dry_run": "true"} if dry_run else {}
            return send(manager, shop, docs.TABLE_EXAMPLE.encode(), **words)
        body = {"csv": docs.TABLE_EXAMPLE, "dry_run": dry_run}
        return manager.post(path(shop, "import"), body)

    previewed = call(dry_run=True)
    assert (previewed.status_code, previewed.json()) == (200, docs.IMPORT_EXAMPLE)
    assert everything() == before
    imported = call(dry_run=False)

    assert (imported.status_code, imported.json()) == (
        200,
        {**docs.IMPORT_EXAMPLE, "dry_run": False},
    )
    lamp.refresh_from_db()
    new = Product.objects.get(sku="LAMP-2")
    assert (f"{lamp.price:.2f}", lamp.stock, new.name, new.stock) == (
        "17.99",
        10,
        "Lamp, red",
        5,
    )
    movement = new.movements.get()
    assert (movement.reason, movement.by) == ("initial", team.members["manager"])


WRONG = b"sku,name,price,stock\nL-1,Lamp,5,1\nL-2,,x,-1\n"
ERRORS = {
    "name": ["A new product needs this."],
    "price": ["Must be a number such as 1299.00, without signs and commas."],
    "stock": ["Must be a whole number."],
}


def test_one_wrong_row_stops_the_whole_import(shop: Project, manager: APIClient) -> None:
    previewed = send(manager, shop, WRONG, dry_run="true")
    response = send(manager, shop, WRONG)

    body = response.json()
    wrong = {
        "row": 3,
        "sku": "L-2",
        "action": "refuse",
        "changes": {},
        "errors": ERRORS,
    }
    assert (response.status_code, body["code"]) == (422, "IMPORT_REFUSED")
    assert body["detail"] == "1 row cannot be imported; nothing was changed."
    assert body["errors"] == {"file": [body["detail"]]}
    assert body["rows"] == [wrong]
    assert previewed.status_code == 200
    counts = ("created", "updated", "unchanged", "refused")
    assert [previewed.json()[each] for each in counts] == [1, 0, 0, 1]
    assert previewed.json()["rows"][1] == wrong
    assert not Product.objects.exists()


EITHER = {"file": ["Send the table either as a file or as text."]}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, EITHER),
        ({"dry_run": True}, EITHER),
        ({"csv": None}, {"csv": ["This field may not be null."]}),
        ({"csv": 5}, {"csv": ["Not a valid string."]}),
        ({"csv": "sku\n\x00"}, {"csv": ["Null characters are not allowed."]}),
        ({"csv": "sku\n"}, {"file": ["The file has no rows."]}),
        ({"csv": "sku\nx", "dry_run": "maybe"}, {"dry_run": ["Must be a valid boolean."]}),
        ({"csv": "sku\nx", "encoding": "utf-7"},
         {"encoding": ['"utf-7" is not one of utf-8, windows-1252, iso-8859-15, utf-16.']}),
        ({"file": "products.csv"},
         {"file": ["The submitted data was not a file. Check the encoding type on the form."]}),
        ({"csv": "sku\nx", "commit": True}, {"commit": ["There is no such field."]}),
    ],
)  # fmt: skip
def test_refuses_a_body(shop: Project, manager: APIClient, body: Any, errors: object) -> None:
    response = manager.post(path(shop, "import"), body)

    assert response.status_code == 422, response.content
    assert response.json()["errors"] == errors
    assert not Product.objects.exists()


def test_reads_a_file_in_the_encoding_that_the_request_names(
    shop: Project, manager: APIClient
) -> None:
    content = "sku;name;price\nL-1;Bügellampe;5".encode("cp1252")

    refused = send(manager, shop, content)
    taken = send(manager, shop, content, encoding="windows-1252")

    assert refused.status_code == 422
    assert (taken.status_code, Product.objects.get().name) == (200, "Bügellampe")


def test_an_empty_file_is_not_a_missing_file(shop: Project, manager: APIClient) -> None:
    response = send(manager, shop, b"")

    assert response.json()["errors"] == {"file": ["The file is empty."]}


def test_a_file_that_is_too_large_is_refused(shop: Project, manager: APIClient) -> None:
    response = send(manager, shop, b"x" * (5 * 1024 * 1024 + 1))

    assert (response.status_code, response.json()["code"]) == (413, "TOO_LARGE")


def test_a_repeated_import_counts_once(shop: Project, manager: APIClient) -> None:
    lamp = make_product(shop, sku="L-1")
    table = b"sku,stock_change\nL-1,5"
    headers = {"headers": {"HTTP_IDEMPOTENCY_KEY": "delivery-7"}}

    first, again = (send(manager, shop, table, **headers) for _ in range(2))
    other = send(manager, shop, b"sku,stock_change\nL-1,6", **headers)

    assert (again.status_code, again.json()) == (200, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    lamp.refresh_from_db()
    assert lamp.stock == 15


def test_a_report_shortens_long_texts(shop: Project, manager: APIClient) -> None:
    body = {"csv": f"sku,name,price,description\nL-1,Lamp,5,{'x' * 10_000}"}

    response = manager.post(path(shop, "import"), {**body, "dry_run": True})

    (row,) = response.json()["rows"]
    assert row["changes"]["description"] == [None, "x" * 99 + "…"]


def test_wrong_rows_come_first_in_a_long_report(shop: Project, manager: APIClient) -> None:
    rows = [f"L-{number},Lamp,5" for number in range(300)] + ["L-300,Lamp,x"]

    response = manager.post(
        path(shop, "import"),
        {"csv": "\n".join(["sku,name,price", *rows]), "dry_run": True},
    )

    body = response.json()
    assert (body["created"], body["refused"], len(body["rows"])) == (300, 1, 200)
    assert body["rows"][-1]["errors"].keys() == {"price"}


# --- Export -----------------------------------------------------------------------------------


def table_of(response: Any) -> list[dict[str, str]]:
    """Read an export."""
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def test_exports_what_can_be_imported(shop: Project, team: Team) -> None:
    make_lamp(shop)

    response = team.client("viewer").get(path(shop, "export"))

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="products.csv"'
    assert table_of(response) == [
        {
            "sku": "LAMP-1",
            "name": "Desk lamp",
            "description": "",
            "price": "19.99",
            "currency": "USD",
            "category": "Lamps > Desk",
            "stock": "10",
            "featured": "false",
            "is_active": "true",
            "version": "2",
        }
    ]


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ({}, ["LAMP-1", "CHAIR"]),
        ({"is_active": "true"}, ["LAMP-1"]),
        ({"search": "lamp"}, ["LAMP-1"]),
        ({"search": "nothing like it"}, []),
    ],
)
def test_exports_what_is_asked_for(
    shop: Project, manager: APIClient, query: dict[str, str], skus: list[str]
) -> None:
    make_lamp(shop)
    make_product(shop, sku="CHAIR", name="Chair", is_active=False)

    response = manager.get(path(shop, "export"), query)

    assert [row["sku"] for row in table_of(response)] == skus


def test_a_formula_is_exported_as_text_and_imported_unchanged(
    shop: Project, manager: APIClient
) -> None:
    formula = '=HYPERLINK("http://evil.example","x")'
    make_product(shop, sku="@L-1", name=formula)
    before = everything()

    response: Any = manager.get(path(shop, "export"))
    content = b"".join(response.streaming_content)
    (row,) = csv.DictReader(StringIO(content.decode("utf-8-sig")))
    imported = send(manager, shop, content)

    assert (row["sku"], row["name"]) == ("'@L-1", f"'{formula}")
    assert imported.json()["unchanged"] == 1
    assert everything() == before


@pytest.mark.parametrize("accept", ["text/csv", "application/json", "*/*", "x/y"])
def test_a_refusal_is_json_for_any_accept_header(
    shop: Project, manager: APIClient, accept: str
) -> None:
    response = manager.get(path(shop, "export"), HTTP_ACCEPT=accept)
    refused = manager.get(path(shop, "export"), {"price_min": "x"}, HTTP_ACCEPT=accept)

    assert (response.status_code, refused.status_code) == (200, 422)
    assert refused["Content-Type"] == "application/json"
    assert json.loads(refused.content)["errors"] == {"price_min": ["Enter a number."]}


def test_an_export_of_one_part_takes_five_statements(shop: Project, manager: APIClient) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            table_of(manager.get(path(shop, "export")))
        return len(queries)

    make_product(shop, category=make_category(shop))
    few = count()
    for _ in range(20):
        make_product(shop, category=make_category(shop))

    assert few == count() == 5
