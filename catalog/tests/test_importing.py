"""Taking a table of products in, and writing one out."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Project
from catalog.errors import ImportRefused
from catalog.inventory import shelves_of
from catalog.models import Category, Product, StockMovement
from catalog.services import (
    export_products,
    import_products,
    preview_import,
)
from catalog.tests.factories import make_storefront
from orderchainer.api.errors import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Project:
    """A storefront that sells nothing yet."""
    return make_storefront()


def sheet(*rows: Sequence[str], delimiter: str = ",") -> bytes:
    """Write rows without quotes."""
    return "\n".join(delimiter.join(row) for row in rows).encode()


def exported(shop: Project) -> str:
    """Return the whole export, without its mark."""
    text = "".join(export_products(shop, Product.objects.filter(project=shop)))
    assert text.startswith("\ufeff")
    return text[1:]


def ledger(product: Product) -> list[tuple[int, str]]:
    """Return the product's ledger, the oldest first."""
    return list(product.movements.order_by("pk").values_list("change", "reason"))


def errors_of(content: bytes, shop: Project) -> dict[int, dict[str, list[str]]]:
    """Return what is wrong, by row; the preview and the import say the same, and nothing is changed."""
    before = everything()
    told = {
        row.row: row.errors
        for row in preview_import(project=shop, content=content).refused
    }
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


def test_creates_what_is_new(shop: Project) -> None:
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
