"""What the fields of products and categories may hold."""

from collections.abc import Collection
from decimal import Decimal
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from catalog.models import Category, Product
from orderchainer.api.errors import Invalid

# Where nothing of a name can stand in a slug.
UNNAMED_SLUG = "item"
MOST_IN_SLUG = 255


class ProductFields(TypedDict, total=False):
    """What somebody may set on a product. Stock is none of it: that is the ledger's."""

    sku: str
    slug: str
    name: str
    description: str
    price: Decimal
    currency: str
    category: Category | None
    featured: bool
    is_active: bool


def check_row(row: Product | Category, names: Collection[str]) -> None:
    """Raise `Invalid` for what the columns `names` of `row` cannot hold, by field."""
    others = {field.name for field in row._meta.fields} - set(names)
    errors: dict[str, list[str]] = {}
    try:
        row.clean_fields(exclude=others)
    except ValidationError as exc:
        errors = dict(exc.message_dict)
    for name in names:
        value = getattr(row, name)
        if name not in errors and isinstance(value, str) and (said := _problem(value)):
            errors[name] = [said]
        elif name in {"name", "sku"} and name not in errors and value != value.strip():
            errors[name] = ["This field may not begin or end with a space."]
    if errors:
        raise Invalid(errors)


def _problem(text: str) -> str | None:
    """Return why no database, page or file could be trusted with `text`, or None."""
    if "\x00" in text:
        return "Null characters are not allowed."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "This is no text: half of a character stands in it."
    return None


def slug_of(name: str) -> str:
    """Return what stands for `name` in an address: lower-case ASCII, and never nothing."""
    return slugify(name)[:MOST_IN_SLUG].strip("-_") or UNNAMED_SLUG


def free_slug(base: str, taken: Collection[str]) -> str:
    """Return `base`, or with the first number from 2 behind it that is not `taken`."""
    slug, number = base, 1
    while slug in taken:
        number += 1
        end = f"-{number}"
        slug = base[: MOST_IN_SLUG - len(end)] + end
    return slug
