"""What is exported can be imported again."""

from decimal import Decimal

import pytest

from accounts.models import Project
from catalog.models import Product
from catalog.services import adjust_stock, export_products, import_products
from catalog.tests.factories import make_category, make_product, make_storefront
from catalog.tests.importing.sheets import errors_of, everything, exported

pytestmark = pytest.mark.django_db


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
