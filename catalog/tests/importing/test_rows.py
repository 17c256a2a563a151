"""What the rows of a sheet create and change, also categories."""

import time
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Project
from catalog.models import Category, Product
from catalog.queries.inventory import shelves_of, stock_differences
from catalog.services import (
    ImportReport,
    export_products,
    import_products,
    preview_import,
    update_product,
)
from catalog.services.sheets import MAX_ROWS
from catalog.tests.factories import make_category, make_product, make_storefront
from catalog.tests.importing.sheets import errors_of, everything, exported, ledger, sheet

pytestmark = pytest.mark.django_db


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
