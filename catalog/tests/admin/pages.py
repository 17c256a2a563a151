"""A browser at the back office of the catalogue: its pages, its forms, its messages."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.tests.admin.forms import opened, typed
from catalog.models import Product

LISTS = ["product_changelist", "category_changelist", "stockmovement_changelist"]
LIST = "changelist-form"


def page(name: str, *args: object) -> str:
    return reverse(f"admin:catalog_{name}", args=args)


def product_form(client: Client, product: Product) -> dict[str, list[str]]:
    """Open a product's page and return what its form would post."""
    return opened(client, page("product_change", product.pk), "product_form")


def save(client: Client, product: Product, form: dict[str, list[str]], **changes: Any) -> Any:
    """Post a product's form with some fields changed."""
    return client.post(page("product_change", product.pk), typed(form, **changes))


def change(client: Client, product: Product, **changes: Any) -> Any:
    """Open a product's page, change fields and save."""
    return save(client, product, product_form(client, product), **changes)


def new_product(client: Client, **fields: Any) -> Any:
    """Open the form of a new product, fill it in and save."""
    form = opened(client, page("product_add"), "product_form")
    given = {"name": "Desk lamp", "sku": "LAMP-1", "price": "19.99", "currency": "USD"}
    return client.post(page("product_add"), typed(form, **{**given, **fields}))


def rows(client: Client, **query: str) -> dict[str, list[str]]:
    """Open the list of products and return what its form would post."""
    url = page("product_changelist")
    return opened(client, f"{url}?{'&'.join(f'{k}={v}' for k, v in query.items())}", LIST)


def row_of(form: dict[str, list[str]], product: Product) -> str:
    """Return the prefix of a product's field names in the list."""
    return next(
        name.removesuffix("id")
        for name, values in form.items()
        if name.endswith("-id") and values == [str(product.pk)]
    )


def save_rows(
    client: Client, form: dict[str, list[str]], *edits: tuple[Product, dict[str, Any]]
) -> Any:
    """Post the list with some cells of some products changed."""
    changes = {
        row_of(form, product) + name: value
        for product, cells in edits
        for name, value in cells.items()
    }
    return client.post(
        page("product_changelist"), typed(form, **changes, _save="Save"), follow=False
    )


def errors_in(response: Any) -> dict[str, list[str]]:
    """Return the errors of the form that is shown again."""
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return dict(found)


def errors_in_rows(response: Any) -> list[dict[str, list[str]]]:
    """Return the errors of the rows that are shown again."""
    assert response.status_code == 200
    return [dict(found) for found in response.context["cl"].formset.errors]


def picture_file(colour: str = "teal", name: str = "lamp.png") -> SimpleUploadedFile:
    """Return a picture as a browser sends it."""
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/png")


def ledger(product: Product) -> list[tuple[int, str]]:
    """Return the product's ledger, the oldest first."""
    return list(product.movements.order_by("pk").values_list("change", "reason"))
