"""Products as files: the preview, the import of exactly what it showed, and the export."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Project
from accounts.tests.admin.browsers import TOO_LARGE
from accounts.tests.admin.forms import fields_in
from catalog.models import Category, Product
from catalog.queries.inventory import stock_differences
from catalog.services import adjust_stock, update_product
from catalog.tests.admin.pages import ledger, page
from catalog.tests.factories import make_product

pytestmark = pytest.mark.django_db

TABLE = "sku,name,price,category,stock\nLAMP,Lamp,9.50,Lights > Desk,4\n"


def upload(client: Client, project: Project, table: str | bytes, **fields: Any) -> Any:
    """Upload a file and return its preview."""
    content = table if isinstance(table, bytes) else table.encode()
    file = SimpleUploadedFile("products.csv", content, content_type="text/csv")
    return client.post(
        page("product_import_products"),
        {"project": project.pk, "file": file, "encoding": "", **fields},
    )


def seen(response: Any) -> dict[str, str]:
    """Return what a preview page would post."""
    assert response.status_code == 200
    context = response.context
    assert context["can_apply"]
    return {name: str(context[name]) for name in ("packed", "seen", "encoding")} | {
        "project": str(context["project"].pk)
    }


def apply(client: Client, form: dict[str, str]) -> Any:
    return client.post(page("product_import_products"), form)


def test_previews_a_file_and_changes_nothing(client: Client, shop: Project) -> None:
    lamp = make_product(shop, sku="LAMP", price=Decimal("19.99"))

    response = upload(client, shop, TABLE + "DESK,Desk,100,,1\n")

    text = response.content.decode()
    assert "To create: 1. To change: 1. Unchanged: 0. Wrong: 0." in text
    assert "price: 19.99 → 9.50" in text
    assert "stock: 10 → 4" in text
    assert "New categories: Lights; Lights &gt; Desk." in text
    lamp.refresh_from_db()
    assert (lamp.price, lamp.stock) == (Decimal("19.99"), 10)
    assert Product.objects.count() == 1
    assert not Category.objects.exists()


def test_imports_exactly_what_the_preview_showed(client: Client, shop: Project) -> None:
    lamp = make_product(shop, sku="LAMP")

    response = apply(client, seen(upload(client, shop, TABLE + "DESK,Desk,100,,1\n")))

    lamp.refresh_from_db()
    assert response.status_code == 302
    assert (lamp.name, lamp.price, lamp.stock) == ("Lamp", Decimal("9.50"), 4)
    assert ledger(lamp) == [(10, "initial"), (-6, "imported")]
    assert Product.objects.get(sku="DESK").stock == 1
    assert stock_differences() == []
    assert LogEntry.objects.get().change_message == (
        "Products from a file. Imported: 1 created, 1 changed."
    )


def test_the_preview_page_posts_the_same_file(client: Client, shop: Project) -> None:
    response = upload(client, shop, TABLE)

    form = fields_in(response.content.decode(), "import_form")

    assert {name: form[name][0] for name in seen(response)} == seen(response)


def test_imports_nothing_if_the_preview_is_stale(client: Client, shop: Project) -> None:
    lamp = make_product(shop, sku="LAMP")
    form = seen(upload(client, shop, TABLE))
    adjust_stock(product_id=lamp.pk, change=3)

    response = apply(client, form)

    text = response.content.decode()
    assert "The catalogue has changed since, so nothing was imported" in text
    assert "stock: 13 → 4" in text
    lamp.refresh_from_db()
    assert (lamp.price, lamp.stock) == (Decimal("19.99"), 13)
    # What is shown now can be done.
    assert apply(client, seen(response)).status_code == 302
    lamp.refresh_from_db()
    assert lamp.stock == 4


def test_a_file_that_is_sent_twice_changes_nothing_the_second_time(
    client: Client, shop: Project
) -> None:
    make_product(shop, sku="LAMP")
    form = seen(upload(client, shop, "sku,stock_change\nLAMP,5\n"))

    first, second = apply(client, form), apply(client, form)

    assert (first.status_code, second.status_code) == (302, 200)
    assert Product.objects.get().stock == 15


def test_shows_wrong_rows_and_offers_no_import(client: Client, shop: Project) -> None:
    response = upload(client, shop, "sku,name,price,stock\nA,,1,1\nB,B,x,1\nC,C,1,-1\nD,D,1,1\n")

    text = response.content.decode()
    assert "Wrong: 3." in text
    assert "name: A new product needs this." in text
    assert "price: Must be a number such as 1299.00" in text
    assert not response.context["can_apply"]


def test_a_row_that_goes_wrong_meanwhile_is_shown(client: Client, shop: Project) -> None:
    lamp = make_product(shop, sku="LAMP")
    form = seen(upload(client, shop, f"sku,price,version\nLAMP,5,{lamp.version}\n"))
    update_product(product=lamp, changes={"name": "Meanwhile"})

    response = apply(client, form)

    assert "The product has changed since" in response.content.decode()
    assert Product.objects.get().price == Decimal("19.99")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "The file is empty."),
        ("name\nLamp\n", "The file needs a column sku."),
        ("sku,colour\nA,red\n", "No such column"),
        (b"PK\x03\x04", "This is a workbook"),
        (b"sku,name\nA,\xff\n", "The file is not UTF-8"),
        (b"sku\nA\x00B\n", "sku"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(
    client: Client, shop: Project, table: str | bytes, words: str
) -> None:
    response = upload(client, shop, table)

    assert response.status_code == 200
    assert words in response.content.decode()
    assert not Product.objects.exists()


def test_reads_what_old_spreadsheets_write(client: Client, shop: Project) -> None:
    table = "sku;name;price\nA;Für Käse;1\n".encode("windows-1252")

    response = upload(client, shop, table, encoding="windows-1252")
    apply(client, seen(response))

    assert Product.objects.get().name == "Für Käse"


@pytest.mark.parametrize("project", ["", "abc", TOO_LARGE, "999", "\x00"])
def test_importing_into_a_missing_project_is_refused(
    client: Client, shop: Project, project: str
) -> None:
    nowhere = Project(pk=project)
    assert upload(client, nowhere, TABLE).status_code == 200
    form = {**seen(upload(client, shop, TABLE)), "project": project}
    assert apply(client, form).status_code == 302
    assert not Product.objects.exists()


@pytest.mark.parametrize("packed", ["", "abc", "\x00", "é", "eJw=", "eJwDAAAAAAE=", "A" * 100])
def test_applies_no_file_that_was_not_shown(client: Client, shop: Project, packed: str) -> None:
    form = {**seen(upload(client, shop, TABLE)), "packed": packed}

    response = client.post(page("product_import_products"), form, follow=True)

    assert response.status_code == 200
    assert "Choose the file again." in response.content.decode()
    assert not Product.objects.exists()


def test_a_packed_file_that_unpacks_too_large_is_refused(client: Client, shop: Project) -> None:
    from catalog.carried import packed
    from catalog.services.sheets import MAX_BYTES

    form = {
        **seen(upload(client, shop, TABLE)),
        "packed": packed(b"a" * (MAX_BYTES + 1)),
    }

    response = client.post(page("product_import_products"), form, follow=True)

    assert "Choose the file again." in response.content.decode()


def test_exports_what_an_import_takes_back(client: Client, shop: Project) -> None:
    make_product(shop, sku="LAMP", name="=1+1", description="Two\nlines")
    asked = client.get(page("product_export_products"))

    response = client.get(page("product_export_products"), {"project": shop.pk})

    assert asked.status_code == 200
    table = response.getvalue()
    assert response["Content-Disposition"] == 'attachment; filename="products.csv"'
    assert "no-store" in response["Cache-Control"]
    shown = upload(client, shop, table)
    assert "The products already match the file." in shown.content.decode()


@pytest.mark.parametrize("project", ["abc", TOO_LARGE, "999", "\x00"])
def test_exporting_a_missing_project_is_refused(
    client: Client, shop: Project, project: str
) -> None:
    response = client.get(page("product_export_products"), {"project": project})

    assert response.status_code == 200
    assert "text/html" in response["Content-Type"]
