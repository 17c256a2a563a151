"""What the fields of products and categories may hold."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from catalog.models import Category, Product
from orderchainer.core.errors import Invalid

# Where nothing of a name can stand in an address.
UNNAMED_SLUG = "item"
MAX_SLUG_LENGTH = 255


class ProductFields(TypedDict, total=False):
    """What somebody may set on a product. Stock is none of it: that is the ledger's."""

    sku: str
    # Made of the name where it is missing.
    slug: str
    name: str
    description: str
    price: Decimal
    currency: str
    # Of the same project.
    category: Category | None
    featured: bool
    is_active: bool


class CategoryFields(TypedDict, total=False):
    """What somebody may set on a category."""

    name: str
    slug: str
    # Of the same project; None for the top.
    parent: Category | None
    position: int


def errors_in(row: Product | Category, names: Collection[str]) -> dict[str, list[str]]:
    """Return what is wrong with the columns `names` of `row`, by name; values take their columns' types."""
    others = {field.name for field in row._meta.fields} - set(names)
    errors: dict[str, list[str]] = {}
    try:
        row.clean_fields(exclude=others)
    except ValidationError as exc:
        errors = {name: list(said) for name, said in exc.message_dict.items()}
    for name in names:
        value = getattr(row, name)
        if name not in errors and isinstance(value, str):
            said = _problem(value, is_line=name != "description")
            if said:
                errors[name] = [said]
    return errors


def check_row(row: Product | Category, names: Collection[str]) -> None:
    """Raise `Invalid` for what `errors_in` finds."""
    if errors := errors_in(row, names):
        raise Invalid(errors)


def _problem(text: str, *, is_line: bool) -> str | None:
    """Return why `text` could not be stored or shown as it is, or None."""
    if "\x00" in text:
        return "Null characters are not allowed."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "This is no text: half of a character stands in it."
    if is_line and text != text.strip():
        return "This field may not begin or end with a space."
    if is_line and any(character in text for character in "\r\n\t"):
        return "This field is one line."
    return None


def slug_of(name: str) -> str:
    """Return what stands for `name` in an address: lower-case ASCII, and never nothing."""
    return slugify(name)[:MAX_SLUG_LENGTH].strip("-_") or UNNAMED_SLUG


class Slugs:
    """Slugs that are taken, and new ones beside them."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        # By base, the number that was tried last: of a thousand alike nobody counts from the start.
        self._last: dict[str, int] = {}

    def new_for(self, name: str) -> str:
        """Return the slug of `name`, or with the next number from 2 behind it that is free; it is taken now."""
        base = slug = slug_of(name)
        number = self._last.get(base, 1)
        while slug in self._taken:
            number += 1
            end = f"-{number}"
            slug = base[: MAX_SLUG_LENGTH - len(end)] + end
        self._last[base] = number
        self._taken.add(slug)
        return slug
