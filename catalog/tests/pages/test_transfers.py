"""Products as files: the preview, the import of exactly what it showed, and the export."""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.tests.projects import Team
from catalog.models import Category, Product
from catalog.queries.inventory import movements_of, stock_differences
from catalog.services import adjust_stock, update_product
from catalog.tests.factories import make_category, make_product
from catalog.tests.pages.scenes import HOSTILE, address, fields_on, text_of

pytestmark = pytest.mark.django_db

TABLE = "sku,name,price,category,stock\nLAMP,Lamp,9.50,Lights > Desk,4\n"


def upload(team: Team, client: Client, table: str | bytes, **fields: str) -> Any:
    """Upload a file and return its preview."""
    content = table if isinstance(table, bytes) else table.encode()
    file = SimpleUploadedFile("products.csv", content, content_type="text/csv")
    return client.post(address(team, "products/import"), {"file": file, "encoding": "", **fields})


def apply(team: Team, client: Client, preview: Any) -> Any:
    """Press the button of the preview."""
    assert preview.status_code == 200
    return client.post(address(team, "products/import"), fields_on(preview.content.decode()))


def exported(team: Team, client: Client, query: str = "") -> str:
    response: Any = client.get(f"{address(team, 'products/export')}{query}")
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="products.csv"'
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_the_preview_says_what_would_change_and_changes_nothing(
    team: Team, manager: Client
) -> None:
    lamp = make_product(team.project, sku="LAMP", price=Decimal("19.99"))

    page = text_of(upload(team, manager, TABLE + "DESK,Desk,100,,1\n"))

    for text in (
        "<dt>Create</dt><dd>1</dd>",
        "<dt>Change</dt><dd>1</dd>",
        "<dt>Wrong</dt><dd>0</dd>",
        "<strong>price</strong>: <del>19.99</del> → 9.50",
        "<strong>stock</strong>: <del>10</del> → 4",
        "<strong>Lights &gt; Desk</strong>",
        "Import 2 products",
    ):
        assert text in page.replace("</dt> <dd>", "</dt><dd>")
    lamp.refresh_from_db()
    assert (lamp.price, lamp.stock) == (Decimal("19.99"), 10)
    assert Product.objects.count() == 1
    assert not Category.objects.exists()


def test_the_import_does_what_the_preview_showed(team: Team, manager: Client) -> None:
    lamp = make_product(team.project, sku="LAMP")

    response = apply(team, manager, upload(team, manager, TABLE + "DESK,Desk,100,,1\n"))

    assert (response.status_code, response["Location"]) == (303, address(team, "products"))
    assert "Imported: 1 created, 1 changed." in text_of(manager.get(response["Location"]))
    lamp.refresh_from_db()
    assert (lamp.name, lamp.price, lamp.stock) == ("Lamp", Decimal("9.50"), 4)
    assert movements_of(lamp)[0].by == team.members["manager"]
    assert Product.objects.get(sku="DESK").stock == 1
    assert stock_differences() == []


def test_an_import_that_is_sent_twice_counts_once(team: Team, manager: Client) -> None:
    lamp = make_product(team.project, sku="LAMP")
    preview = upload(team, manager, "sku,stock_change\nLAMP,5\n")

    answers = [apply(team, manager, preview) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    lamp.refresh_from_db()
    assert lamp.stock == 15


def test_a_wrong_row_is_named_with_its_column_and_nothing_can_be_imported(
    team: Team, manager: Client
) -> None:
    table = 'sku,name,price\nA,Lamp,1.00\n,Lamp,1\nB,,"1,50"\nA,Again,2\n'

    page = text_of(upload(team, manager, table))

    assert "Import 1 product" not in page
    assert "The file cannot be imported as it is" in page
    for text in (
        "<strong>sku</strong>: This field cannot be blank.",
        "<strong>name</strong>: A new product needs this.",
        "<strong>price</strong>: Must be a number such as 1299.00",
        "<strong>sku</strong>: Row 2 has this SKU already.",
    ):
        assert text in page
    assert 'class="number">4</td>' in page


def test_what_others_change_meanwhile_stops_the_import_and_is_shown(
    team: Team, manager: Client
) -> None:
    lamp = make_product(team.project, sku="LAMP")
    preview = upload(team, manager, TABLE)
    adjust_stock(product_id=lamp.pk, change=1)

    response = apply(team, manager, preview)

    page = text_of(response)
    assert response.status_code == 412
    assert "Nothing was imported" in page
    assert "<del>11</del> → 4" in page
    lamp.refresh_from_db()
    assert lamp.stock == 11
    # What it shows now can be imported.
    again = manager.post(address(team, "products/import"), fields_on(response.content.decode()))
    assert again.status_code == 303
    lamp.refresh_from_db()
    assert lamp.stock == 4


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04", "This is a workbook or an archive."),
        (b"sku,colour\nA,red\n", "No such column"),
        (b"sku,name\n", "The file has no rows."),
        (b"sku,name\nA\n", "Row 2 has 1 cells, but the header has 2."),
        ("sku,name\nA,Bügel\n".encode("latin-1"), "The file is not UTF-8: line 2"),
        (b"sku,name\nA,\x00\n", "line 2 has a null character"),
        (b"sku\n" + b"A\n" * 10_000, "The file has more than 5000 rows. Split it."),
        (b'sku,name\n"A,B\n', "The file is not valid CSV"),
    ],
)
def test_a_file_that_is_no_table_of_products_is_refused(
    team: Team, manager: Client, table: bytes, words: str
) -> None:
    response = upload(team, manager, table)

    assert response.status_code == 400
    assert words in text_of(response)
    assert not Product.objects.exists()


def test_an_old_encoding_can_be_named(team: Team, manager: Client) -> None:
    table = "sku,name,price\nA,Bügel,1\n".encode("windows-1252")

    apply(team, manager, upload(team, manager, table, encoding="windows-1252"))

    assert Product.objects.get().name == "Bügel"


@pytest.mark.parametrize(
    "changes", [{"packed": "eJw="}, {"packed": ""}, {"seen": ""}, {"key": ""}, {"encoding": "x"}]
)
def test_a_form_that_we_did_not_write_is_refused(
    team: Team, manager: Client, changes: dict[str, str]
) -> None:
    form = fields_on(upload(team, manager, TABLE).content.decode())

    response = manager.post(address(team, "products/import"), {**form, **changes})

    assert response.status_code == 400
    assert "Choose the file again." in text_of(response)
    assert not Product.objects.exists()


def test_text_of_a_file_stays_text(team: Team, manager: Client) -> None:
    out = StringIO()
    csv.writer(out).writerows([["sku", "name", "price"], [HOSTILE[:60], HOSTILE, HOSTILE]])

    page = text_of(upload(team, manager, out.getvalue()))

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_uploads_are_limited(team: Team, manager: Client, settings: Any) -> None:
    settings.RATE_LIMIT_UPLOADS = "1/m"

    preview = upload(team, manager, TABLE)
    assert preview.status_code == 200
    assert upload(team, manager, TABLE).status_code == 429
    # The page of the preview brings the file once more.
    assert apply(team, manager, preview).status_code == 429
    assert not Product.objects.filter(project=team.project).exists()


# --- Export -----------------------------------------------------------------------------------


def test_an_export_changes_nothing_when_it_is_imported(team: Team, manager: Client) -> None:
    shelf = make_category(team.project, "Desk", make_category(team.project, "Lights"))
    make_product(team.project, name='=cmd("calc")', description="a;\n+b", category=shelf)
    plain = make_product(team.project, name="Lamp", price=Decimal("0.5"), stock=0)
    update_product(product=plain, changes={"is_active": False})
    before = list(Product.objects.order_by("pk").values())

    table = exported(team, manager)

    rows = list(csv.DictReader(StringIO(table)))
    # A spreadsheet takes this for text.
    assert rows[0]["name"] == '\'=cmd("calc")'
    assert rows[0]["category"] == "Lights > Desk"
    page = text_of(upload(team, manager, table))
    assert "The products already match the file." in page
    assert "Import 2" not in page
    assert list(Product.objects.order_by("pk").values()) == before


def test_an_export_has_what_the_list_shows(team: Team, manager: Client, viewer: Client) -> None:
    for name, stock in (("Lamp", 1), ("Lamp shade", 0), ("Mug", 0)):
        make_product(team.project, name=name, stock=stock)

    def names(query: str) -> list[str]:
        return [row["name"] for row in csv.DictReader(StringIO(exported(team, viewer, query)))]

    assert names("") == ["Lamp", "Lamp shade", "Mug"]
    assert names("?search=lamp&in_stock=false") == ["Lamp shade"]
    assert names("?search=lamp&ordering=-name") == ["Lamp", "Lamp shade"]
    assert names("?in_stock=perhaps&search=mug") == ["Mug"]
    page = text_of(manager.get(address(team, "products"), {"search": "lamp", "ordering": "name"}))
    assert f'href="{address(team, "products/export")}?search=lamp"' in page
