"""The fields of products and categories, and which values they accept."""

from collections.abc import Iterable, Set
from decimal import Decimal
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from catalog.models import Category, Product
from orderchainer.core.errors import Invalid
from orderchainer.core.money import MoneyRefused, require_currency, settled

# The slug for names that have no character that is allowed in an address.
UNNAMED_SLUG = "item"
MAX_SLUG_LENGTH = 255


class ProductFields(TypedDict, total=False):
    """The fields of a product that callers may set. Only the ledger changes the stock."""

    sku: str
    # Derived from the name if it is missing.
    slug: str
    name: str
    description: str
    # In `currency`.
    price: Decimal
    # A new product without a currency gets the project's.
    currency: str
    # In the same project.
    category: Category | None
    featured: bool
    is_active: bool


class CategoryFields(TypedDict, total=False):
    """The fields of a category that callers may set."""

    name: str
    slug: str
    # In the same project; None for the top level.
    parent: Category | None
    position: int


def errors_in(row: Product | Category, names: Set[str]) -> dict[str, list[str]]:
    """Return what is wrong with the columns `names` of `row`, by name, and convert their values."""
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
    if isinstance(row, Product):
        errors |= _money_errors(row, names)
    return errors


def _money_errors(product: Product, names: Set[str]) -> dict[str, list[str]]:
    """Return what is wrong with price and currency, and give the price its currency's decimals."""
    if "currency" in names:
        try:
            require_currency(product.currency)
        except MoneyRefused as exc:
            return {"currency": [str(exc)]}
    if names & {"price", "currency"} and isinstance(product.price, Decimal):
        try:
            product.price = settled(product.price, product.currency)
        except MoneyRefused as exc:
            if "price" in names:
                return {"price": [str(exc)]}
            return {"currency": [f"The price does not fit: {exc} Send both."]}
    return {}


def check_row(row: Product | Category, names: Set[str]) -> None:
    """Raise `Invalid` for what `errors_in` finds."""
    if errors := errors_in(row, names):
        raise Invalid(errors)


def _problem(text: str, *, is_line: bool) -> str | None:
    """Return why `text` cannot be stored or shown unchanged, or None."""
    if "\x00" in text:
        return "Null characters are not allowed."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "This is not valid text: it contains half a character."
    if is_line and text != text.strip():
        return "This field may not begin or end with a space."
    if is_line and any(character in text for character in "\r\n\t"):
        return "This field must be a single line."
    return None


def slug_of(name: str) -> str:
    """Return `name` in a form for addresses: lower-case ASCII, never empty."""
    return slugify(name)[:MAX_SLUG_LENGTH].strip("-_") or UNNAMED_SLUG


class Slugs:
    """Slugs that are taken, and a source of new ones."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        # The last number tried for each slug without a number. Without it, each of a thousand
        # equal names would be counted up from 2 again.
        self._last: dict[str, int] = {}

    def new_for(self, name: str) -> str:
        """Take and return the slug of `name`; if it is taken, with a number from 2 on."""
        base = slug = slug_of(name)
        number = self._last.get(base, 1)
        while slug in self._taken:
            number += 1
            end = f"-{number}"
            slug = base[: MAX_SLUG_LENGTH - len(end)] + end
        self._last[base] = number
        self._taken.add(slug)
        return slug
