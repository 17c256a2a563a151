"""Importing a table of products, and exporting one."""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Project
from catalog.errors import ImportRefused
from catalog.models import Category, Product, StockMovement
from catalog.queries.inventory import shelves_of, stock_differences
from catalog.services import (
    ImportReport,
    adjust_stock,
    export_products,
    import_products,
    preview_import,
    update_product,
)
from catalog.services.sheets import MAX_ROWS
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.core.errors import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Project:
    """A storefront that sells nothing yet."""
    return make_storefront()


def sheet(*rows: Sequence[str], delimiter: str = ",") -> bytes:
    """Write rows as CSV without quotes."""
    return "\n".join(delimiter.join(row) for row in rows).encode()


def exported(shop: Project) -> str:
    """Return the whole export, without its byte order mark."""
    text = "".join(export_products(shop, Product.objects.filter(project=shop)))
    assert text.startswith("\ufeff")
    return text[1:]


def ledger(product: Product) -> list[tuple[int, str]]:
    """Return the product's ledger, the oldest first."""
    return list(product.movements.order_by("pk").values_list("change", "reason"))


def errors_of(content: bytes, shop: Project) -> dict[int, dict[str, list[str]]]:
    """Return the errors by row. Fails if the preview and the import disagree."""
    before = everything()
    told = {row.row: row.errors for row in preview_import(project=shop, content=content).refused}
    with pytest.raises(ImportRefused) as refused:
        import_products(project=shop, content=content)
    rows: Any = refused.value.data["rows"]
    assert {row["row"]: row["errors"] for row in rows} == told
    assert everything() == before
    return told


def refusal_of(content: bytes, shop: Project, **options: Any) -> dict[str, list[str]]:
    """Return why the file as a whole is refused."""
    before = everything()
    with pytest.raises(Invalid) as previewed:
        preview_import(project=shop, content=content, **options)
    with pytest.raises(Invalid) as imported:
        import_products(project=shop, content=content, **options)
    assert previewed.value.errors == imported.value.errors
    assert everything() == before
    return imported.value.errors


def everything() -> list[Any]:
    """Return every row of the catalogue."""
    models: Any = (Category, Product, StockMovement)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- Creating and changing --------------------------------------------------------------------


def test_creates_new_products(shop: Project) -> None:
    content = sheet(
        ["SKU", "Name", "price", "category", "stock", "featured", "is active"],
        ["L-1", "Desk lamp", "19.9", "Lamps > Desk", "5", "TRUE", "yes"],
        ["L-2", "Desk lamp", "5", "", "", "", "0"],
    )

    report = import_products(project=shop, content=content)

    lamp, other = Product.objects.order_by("sku")
    assert [row.action for row in report.rows] == ["create", "create"]
    assert (lamp.name, lamp.slug, lamp.price, lamp.currency) == (
        "Desk lamp",
        "desk-lamp",
        Decimal("19.90"),
        "USD",
    )
    assert (lamp.stock, lamp.featured, lamp.is_active) == (5, True, True)
    assert (other.slug, other.stock, other.is_active) == ("desk-lamp-2", 0, False)
    assert other.category is None
    assert [shelf.path for shelf in shelves_of(shop)] == ["Lamps", "Lamps > Desk"]
    assert lamp.category is not None
    assert lamp.category.name == "Desk"
    assert (ledger(lamp), ledger(other)) == ([(5, "initial")], [])


def test_changes_only_the_named_products_and_columns(shop: Project) -> None:
    lamp = make_product(shop, sku="L-1", description="Bright.", stock=3)
    other = make_product(shop, sku="L-2")
    before = Product.objects.filter(pk=other.pk).values().get()

    report = import_products(
        project=shop,
        content=sheet(["sku", "price", "is_active"], ["L-1", "17.99", "false"]),
    )

    lamp.refresh_from_db()
    (row,) = report.rows
    assert (lamp.price, lamp.is_active) == (Decimal("17.99"), False)
    assert (lamp.name, lamp.description, lamp.stock) == ("Desk lamp", "Bright.", 3)
    assert lamp.version == 3
    assert {name: (each.before, each.after) for name, each in row.changes.items()} == {
        "price": ("19.99", "17.99"),
        "is_active": ("true", "false"),
    }
    assert Product.objects.filter(pk=other.pk).values().get() == before


def test_an_empty_cell_clears_only_description_and_category(
    shop: Project,
) -> None:
    make_product(
        shop,
        sku="L-1",
        description="Bright.",
        category=make_category(shop),
        featured=True,
        currency="EUR",
    )
    head = ["sku", "name", "price", "currency", "stock", "featured", "is_active"]

    import_products(
        project=shop,
        content=sheet([*head, "description", "category"], ["L-1", *[""] * 8]),
    )

    lamp = Product.objects.get()
    assert (lamp.name, lamp.price, lamp.currency) == (
        "Desk lamp",
        Decimal("19.99"),
        "EUR",
    )
    assert (lamp.stock, lamp.featured, lamp.is_active) == (10, True, True)
    assert (lamp.description, lamp.category) == ("", None)


def test_unchanged_rows_are_not_written(shop: Project) -> None:
    lamp = make_product(shop, sku="L-1")

    report = import_products(
        project=shop,
        content=sheet(["sku", "price", "stock"], ["L-1", "19.99", "10"]),
    )

    before = lamp.version
    lamp.refresh_from_db()
    assert [row.action for row in report.rows] == ["unchanged"]
    assert lamp.version == before


@pytest.mark.parametrize(
    ("column", "cell", "stock", "rows"),
    [
        ("stock", "12", 12, [(10, "initial"), (2, "imported")]),
        ("stock", "0", 0, [(10, "initial"), (-10, "imported")]),
        ("stock", "", 10, [(10, "initial")]),
        ("stock_change", "+5", 15, [(10, "initial"), (5, "imported")]),
        ("stock_change", "-10", 0, [(10, "initial"), (-10, "imported")]),
        ("stock_change", "0", 10, [(10, "initial")]),
    ],
)
def test_an_import_changes_stock_through_the_ledger(
    shop: Project, column: str, cell: str, stock: int, rows: list[tuple[int, str]]
) -> None:
    lamp = make_product(shop, sku="L-1")

    import_products(project=shop, content=sheet(["sku", column], ["L-1", cell]))

    lamp.refresh_from_db()
    assert (lamp.stock, ledger(lamp)) == (stock, rows)
    assert stock_differences() == []


def test_a_preview_reports_the_changes_and_makes_none(shop: Project) -> None:
    make_product(shop, sku="L-1")
    make_product(shop, sku="L-2")
    content = sheet(
        ["sku", "name", "price", "category", "stock"],
        ["L-1", "", "17.99", "Lamps > Desk", "9"],
        ["L-2", "Desk lamp", "19.99", "", "10"],
        ["L-3", "Lava lamp", "45", "lamps", "2"],
    )
    before = everything()

    preview = preview_import(project=shop, content=content)
    assert everything() == before
    report = import_products(project=shop, content=content)

    def told(report: ImportReport) -> object:
        return [(row.row, row.sku, row.action, row.changes) for row in report.rows]

    assert told(preview) == told(report)
    assert preview.new_categories == ["Lamps", "Lamps > Desk"]
    assert [preview.count(each) for each in ("create", "update", "unchanged")] == [
        1,
        1,
        1,
    ]
    assert Product.objects.get(sku="L-3").category == Category.objects.get(name="Lamps")


# --- Categories -------------------------------------------------------------------------------


def test_a_path_finds_its_category_however_it_is_capitalised(shop: Project) -> None:
    desk = make_category(shop, "Desk", parent=make_category(shop, "Lamps"))
    make_category(shop, "Desk")

    import_products(
        project=shop,
        content=sheet(
            ["sku", "name", "price", "category"],
            ["L-1", "A", "1", "LAMPS>desk"],
            ["L-2", "B", "1", "lamps > Floor"],
            ["L-3", "C", "1", "Lamps > FLOOR"],
        ),
    )

    assert Product.objects.get(sku="L-1").category == desk
    floor = Category.objects.get(name="Floor")
    assert floor.parent == desk.parent
    assert Product.objects.filter(category=floor).count() == 2


def test_new_categories_stand_within_one_another(shop: Project) -> None:
    import_products(
        project=shop,
        content=sheet(
            ["sku", "name", "price", "category"],
            ["L-1", "A", "1", "A > B"],
            ["L-2", "B", "1", "a > C"],
            ["L-3", "C", "1", "A"],
        ),
    )

    assert [shelf.path for shelf in shelves_of(shop)] == ["A", "A > B", "A > C"]
    assert [shelf.product_count for shelf in shelves_of(shop)] == [1, 1, 1]


def test_a_path_that_two_categories_share_is_refused(shop: Project) -> None:
    make_category(shop, "Lamps")
    make_category(shop, "Lamps")
    head = ["sku", "name", "price", "category"]

    assert errors_of(
        sheet(head, ["L-1", "A", "1", "Lamps"], ["L-2", "B", "1", "Lamps > New"]), shop
    ) == {row: {"category": ["Several categories have this path."]} for row in (2, 3)}


def test_another_projects_products_and_categories_are_not_found(shop: Project) -> None:
    other = make_storefront()
    make_product(other, sku="L-1", category=make_category(other, "Lamps"))
    before = Product.objects.filter(project=other).values().get()

    import_products(
        project=shop,
        content=sheet(["sku", "name", "price", "category"], ["L-1", "A", "1", "Lamps"]),
    )

    assert Product.objects.filter(project=other).values().get() == before
    mine = Product.objects.get(project=shop)
    assert mine.category is not None
    assert mine.category.project == shop


# --- Wrong rows -------------------------------------------------------------------------------

CODE = "Must be three capital letters as in ISO 4217, such as USD."
UNKNOWN = "ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."
TOO_FINE = "Amounts in USD have at most two decimals, such as 100.50."
NEEDED = ["A new product needs this."]
PRICE = ["Must be a number such as 1299.00, without signs and commas."]
WORD = ["Must be true or false."]
WHOLE = ["Must be a whole number."]


@pytest.mark.parametrize(
    ("column", "cell", "errors"),
    [
        ("sku", "", {"sku": ["This field cannot be blank."]}),
        (
            "sku",
            "x" * 65,
            {"sku": ["Ensure this value has at most 64 characters (it has 65)."]},
        ),
        ("sku", "a\tb", {"sku": ["This field must be a single line."]}),
        ("name", "", {"name": NEEDED}),
        ("name", "x" * 256,
         {"name": ["Ensure this value has at most 255 characters (it has 256)."]}),
        ("price", "", {"price": NEEDED}),
        ("price", "-1", {"price": PRICE}),
        ("price", "1e3", {"price": PRICE}),
        ("price", "NaN", {"price": PRICE}),
        ("price", "Infinity", {"price": PRICE}),
        ("price", "$5", {"price": PRICE}),
        ("price", "1.999", {"price": [TOO_FINE]}),
        ("price", "1.990", {"price": [TOO_FINE]}),
        ("price", "12345678901", {"price": PRICE}),
        ("price", "١٢", {"price": PRICE}),
        ("currency", "usd", {"currency": [CODE]}),
        ("currency", "ABC", {"currency": [UNKNOWN]}),
        ("featured", "maybe", {"featured": WORD}),
        ("is_active", "2", {"is_active": WORD}),
        ("stock", "-1", {"stock": WHOLE}),
        ("stock", "1.5", {"stock": WHOLE}),
        ("stock", "٣", {"stock": WHOLE}),
        ("stock", "9999999999",
         {"stock": ["There are 0. The new stock must be from 0 to 1000000000."]}),
        ("category", "Lamps >", {"category": ["A name is missing beside a >."]}),
        ("category", " > ".join("abcdefghijk"),
         {"category": ["Categories can be at most 10 levels deep."]}),
        ("category", "x" * 256,
         {"category": ["Ensure this value has at most 255 characters (it has 256)."]}),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_and_nothing_is_imported(
    shop: Project, column: str, cell: str, errors: dict[str, list[str]]
) -> None:
    good = {"sku": "L-1", "name": "Lamp", "price": "1"}
    wrong = {**good, "sku": "L-2", column: cell}
    head = list(wrong)

    found = errors_of(
        sheet(head, [good.get(name, "") for name in head], list(wrong.values())), shop
    )

    assert found == {3: errors}


def test_a_sku_may_appear_once_in_a_file(shop: Project) -> None:
    make_product(shop, sku="L-1")

    assert errors_of(sheet(["sku", "price"], ["L-1", "1"], [" L-1 ", "2"], ["L-1", "3"]), shop) == {
        row: {"sku": ["Row 2 has this SKU already."]} for row in (3, 4)
    }


def test_an_import_cannot_remove_more_than_there_is(shop: Project) -> None:
    make_product(shop, sku="L-1", stock=3)

    assert errors_of(sheet(["sku", "stock_change"], ["L-1", "-4"]), shop) == {
        2: {"stock_change": ["There are 3. The new stock must be from 0 to 1000000000."]}
    }


def test_lists_only_the_first_wrong_rows(shop: Project) -> None:
    rows = [[f"L-{number}", "x"] for number in range(300)]

    with pytest.raises(ImportRefused) as refused:
        import_products(project=shop, content=sheet(["sku", "price"], *rows))

    told: Any = refused.value.data["rows"]
    assert refused.value.message == "300 rows cannot be imported; nothing was changed."
    assert [row["row"] for row in told] == list(range(2, 202))


# --- Files that are no table ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n", "The file is empty."),
        (b"sku,price", "The file has no rows."),
        (b"sku,price\n,\n\n , ", "The file has no rows."),
        (b"name,price\nLamp,1", "The file needs a column sku."),
        (b"sku,sku\nL-1,L-2", "The file has the same column twice."),
        (
            b"sku,stock,stock_change\nL-1,1,1",
            "Use either stock or stock_change, not both.",
        ),
        (b"sku\nL-1\na\x00b", "The file is not text: line 3 has a null character."),
        (b"sku,price\nL-1,1,2", "Row 2 has 3 cells, but the header has 2."),
        (b"sku,price\nL-1", "Row 2 has 1 cells, but the header has 2."),
        (b'sku,price\n"L-1"x,1', "The file is not valid CSV: ',' expected after '\"'."),
        (b'sku,price\n"L-1,1', "The file is not valid CSV: unexpected end of data."),
        (b"PK\x03\x04zip", "This is a workbook or an archive. Save it as CSV UTF-8."),
        (
            "sku,name\nL-1,Bügellampe".encode("latin-1"),
            "The file is not UTF-8: line 2 cannot be read. Save it as CSV UTF-8, or name "
            "its `encoding`.",
        ),
        (
            b"\xff\xfes",
            "The file is not UTF-16: line 1 cannot be read. Save it as CSV UTF-8, or name "
            "its `encoding`.",
        ),
        (b"sku" + b"," * 5_000_000, "The first row is too long for a header."),
        (b"sku," + b"x" * 900 + b"\nL-1,1", None),
        (b"sku,description\nL-1," + b"x" * 131_073,
         "The file is not valid CSV: field larger than field limit (131072)."),
        (b" " * (5 * 1024 * 1024 + 1), "The file is larger than 5242880 bytes."),
    ],
)  # fmt: skip
def test_refuses_a_file_that_is_not_a_table(
    shop: Project, content: bytes, said: str | None
) -> None:
    errors = refusal_of(content, shop)

    assert errors.keys() == {"file"}
    assert said is None or errors == {"file": [said]}
    assert len(errors["file"][0]) < 300


def test_names_unknown_columns(shop: Project) -> None:
    assert refusal_of(b"sku,prize\nL-1,1", shop) == {
        "file": [
            "No such column: 'prize'. "
            "The columns are sku, name, description, price, currency, category, "
            "stock, featured, is_active, version, stock_change."
        ]
    }


def test_refuses_a_file_with_too_many_rows(shop: Project) -> None:
    rows = [[f"L-{number}", "1"] for number in range(MAX_ROWS + 1)]

    assert refusal_of(sheet(["sku", "price"], *rows), shop) == {
        "file": ["The file has more than 5000 rows. Split it."]
    }


def test_refuses_an_unknown_encoding(shop: Project) -> None:
    assert refusal_of(b"sku\nL-1", shop, encoding="utf-7") == {
        "encoding": ["Must be one of utf-8, windows-1252, iso-8859-15, utf-16."]
    }


TABLE = "sku;name;price\r\nL-1;Bügellampe €;1.50\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), ""),
        (TABLE.encode("utf-8-sig"), ""),
        (TABLE.encode("utf-16"), ""),
        (TABLE.encode("cp1252"), "windows-1252"),
        (TABLE.encode("utf-8-sig"), "windows-1252"),
        (TABLE.replace(";", "\t").encode(), "utf-8"),
        (TABLE.replace(";", ",").replace("\r\n", "\n").encode(), ""),
    ],
)
def test_reads_what_spreadsheets_save(shop: Project, content: bytes, encoding: str) -> None:
    import_products(project=shop, content=content, encoding=encoding)

    assert Product.objects.get().name == "Bügellampe €"


# --- Out and in again -------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''+x", "＝1+1"]  # noqa: RUF001


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_runs_as_a_formula(shop: Project, formula: str) -> None:
    make_product(shop, sku="L-1", description=f"{formula};{formula}\n{formula}")

    line = exported(shop).split("\r\n", 1)[1]

    assert f"\"'{formula};'{formula}\n'{formula}\"" in line


@pytest.mark.parametrize(
    "text",
    [*FORMULAS, "'", "'quoted'", 'say "hi", twice; or more', "1,5", "ÄÖ 灯", "'x=1"],
)
def test_an_import_reads_back_what_was_exported(shop: Project, text: str) -> None:
    make_product(
        shop,
        sku=text,
        name=text,
        description=f" {text}\r\n{text}\n\t",
        category=make_category(shop, text),
    )
    before = everything()

    report = import_products(project=shop, content=exported(shop).encode())

    assert [row.action for row in report.rows] == ["unchanged"]
    assert everything() == before


def test_an_export_makes_the_same_products_elsewhere(shop: Project) -> None:
    desk = make_category(shop, "Desk", parent=make_category(shop, "Lamps"))
    make_product(shop, sku="L-1", category=desk, featured=True, description="a\nb")
    make_product(shop, sku="L-2", is_active=False, stock=0, price=Decimal("0"))
    text = exported(shop)
    other = make_storefront()

    import_products(project=other, content=text.encode())

    # Versions count the changes in each project, so they may differ.
    def without_version(table: str) -> list[str]:
        return [line.rpartition(",")[0] for line in table.split("\r\n")]

    assert without_version(exported(other)) == without_version(text)


def test_a_stale_export_overwrites_nothing(shop: Project) -> None:
    lamp = make_product(shop, sku="L-1")
    text = exported(shop).encode()
    adjust_stock(product_id=lamp.pk, change=-4)

    assert errors_of(text, shop) == {
        2: {
            "version": [
                "The product has changed since: this is version 2, and now it is 3. Export it "
                "again, or leave the column out."
            ]
        }
    }
    lamp.refresh_from_db()
    assert lamp.stock == 6


def test_exports_only_the_products_asked_for(shop: Project) -> None:
    make_product(shop, sku="L-1")
    make_product(shop, sku="L-2", is_active=False)
    on_sale = Product.objects.filter(project=shop, is_active=True)

    lines = "".join(export_products(shop, on_sale)).split("\r\n")

    assert lines == [
        '\ufeff"sku","name","description","price","currency","category","stock","featured",'
        '"is_active","version"',
        '"L-1","Desk lamp","","19.99","USD","","10","false","true","2"',
        "",
    ]


# --- Statements -------------------------------------------------------------------------------


def statements_of(shop: Project, rows: int, *, category: str) -> int:
    """Return how many statements an import takes that changes and creates `rows` products each."""
    old = [[f"OLD-{number}", "Lamp", "5", category, "3"] for number in range(rows)]
    new = [[f"{category}-{number}", "Lamp", "5", category, "3"] for number in range(rows)]
    content = sheet(["sku", "name", "price", "category", "stock"], *old, *new)
    with CaptureQueriesContext(connection) as queries:
        import_products(project=shop, content=content)
    return len(queries)


def test_the_number_of_statements_does_not_grow_with_the_rows(shop: Project) -> None:
    for number in range(40):
        make_product(shop, sku=f"OLD-{number}")

    few = statements_of(shop, 2, category="Few")
    many = statements_of(shop, 40, category="Many")

    assert few == many == 17


def test_an_export_reads_a_part_at_a_time(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.services.exporting.CHUNK", 2)
    category = make_category(shop)
    for _ in range(5):
        make_product(shop, category=category)

    with CaptureQueriesContext(connection) as queries:
        text = exported(shop)

    # Three parts and the end, and the categories once.
    assert (text.count("\r\n"), len(queries)) == (6, 5)


def test_a_product_that_changed_meanwhile_is_read_again(shop: Project) -> None:
    lamp = make_product(shop, sku="L-1")
    parts = export_products(shop, Product.objects.filter(project=shop))
    next(parts)

    update_product(product=lamp, changes={"name": "Lava lamp"})

    assert "Lava lamp" in next(parts)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["stock", "stock_change"])
def test_the_largest_file_is_imported_quickly(shop: Project, column: str) -> None:
    """Quadratic work would take minutes; linear work takes a second or two."""
    head = ["sku", "name", "price", column]
    rows = [[f"L-{number}", "Lamp", "5", "3"] for number in range(MAX_ROWS)]
    began = time.monotonic()

    for price in ("5", "6"):
        for row in rows:
            row[2] = price
        import_products(project=shop, content=sheet(head, *rows))

    assert time.monotonic() - began < 60
    assert Product.objects.filter(price=6).count() == MAX_ROWS
    assert stock_differences() == []
