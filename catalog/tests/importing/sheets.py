"""Sheets of products, and what tests look up."""

from collections.abc import Sequence
from typing import Any

import pytest

from accounts.models import Project
from catalog.errors import ImportRefused
from catalog.models import Category, Product, StockMovement
from catalog.services import export_products, import_products, preview_import
from orderchainer.core.errors import Invalid


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
