"""The items in the forms of an order: rows of fields, as many as the order needs.

Each row has its fields in the form itself, so that one summary names all that is wrong, and a page
that was overtaken compares them as it compares every field.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField

from accounts.models import Project
from catalog.queries.inventory import products_named
from orderchainer.core.form_fields import PlainDecimalField
from orderchainer.core.money import COLUMN_DECIMALS, COLUMN_DIGITS, for_fields
from orders.models import OrderItem
from orders.services import ItemDraft, StockItemDraft
from orders.services.items import MAX_QUANTITY

# Longer orders go through the API.
MAX_ROWS = 50
NEW_ROWS = 3
# The hidden field that says how many rows a page has.
ROWS = "rows"
# The button that adds a row without scripts.
MORE = "more"

_PARTS = ("product", "name", "sku", "quantity", "price", "remove")


def amount_field(label: str, **more: Any) -> PlainDecimalField:
    """Return a field for an amount of money."""
    return PlainDecimalField(
        label=label,
        min_value=Decimal(0),
        max_digits=COLUMN_DIGITS,
        decimal_places=COLUMN_DECIMALS,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        **more,
    )


def rows_in(data: Mapping[str, Any] | None, at_first: int) -> int:
    """Return how many rows a form has: what the page said, and one more if that was asked for."""
    text = str((data or {}).get(ROWS, ""))
    rows = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else at_first
    return min(rows + (MORE in (data or {})), MAX_ROWS)


class WithItems(forms.BaseForm):
    """A form with rows for items. Subclasses call `add_rows` when they are made.

    `sells` tells whether a row can name a product, to sell it from stock.
    """

    project: Project
    rows = 0
    sells = False
    # The ids of the products that rows name, by the numbers of the rows.
    _products: Mapping[int, int] = {}

    def add_rows(self, rows: int) -> None:
        """Add the fields of so many items."""
        self.rows = rows
        self.fields[ROWS] = forms.CharField(widget=forms.HiddenInput, required=False)
        self.fields[ROWS].initial = str(rows)
        for row in range(1, rows + 1):
            self.fields |= _fields_of(row, sells=self.sells)

    def fill_in(self, items: Sequence[OrderItem], currency: str) -> None:
        """Let the rows begin with these items."""
        for row, item in enumerate(items, start=1):
            price = for_fields(item.unit_price, currency)
            values = {"name": item.name, "sku": item.sku, "quantity": item.quantity, "price": price}
            for part, value in values.items():
                self.initial[_name(row, part)] = value

    def plain_fields(self) -> Iterator[BoundField]:
        """Return the fields that belong to no item."""
        return (field for field in self if not field.name.startswith("item_"))

    def item_rows(self) -> Sequence[tuple[int, list[BoundField]]]:
        """Return the number and the fields of each item."""
        parts = [part for part in _PARTS if _name(1, part) in self.fields]
        return [
            (row, [self[_name(row, part)] for part in parts]) for row in range(1, self.rows + 1)
        ]

    @property
    def can_grow(self) -> bool:
        """Whether the form takes more rows."""
        return 0 < self.rows < MAX_ROWS

    def items_changed(self) -> bool:
        """Tell whether somebody changed an item."""
        changed: Collection[str] = self.changed_data
        return any(name.startswith("item_") for name in changed)

    def clean_items(self, cleaned: Mapping[str, Any]) -> None:
        """Require what an item needs: a product that there is, or a name and a price."""
        told = {row: self._told(row, cleaned) for row in range(1, self.rows + 1)}
        names = [parts["product"] for parts in told.values() if parts["product"]]
        found = products_named(self.project, names)
        self._products = {}
        for row, parts in told.items():
            if not _is_filled(parts):
                continue
            if parts["product"]:
                self._note_product(row, parts["product"], found)
                continue
            for part in ("name", "price"):
                name = _name(row, part)
                if parts[part] in {None, ""} and name not in self.errors:
                    self.add_error(name, "This field is required.")

    def _note_product(self, row: int, text: str, found: Mapping[str, Sequence[int]]) -> None:
        ids = found.get(text, ())
        if len(ids) == 1:
            self._products = {**self._products, row: ids[0]}
            return
        words = (
            f"Several products are called “{text[:50]}”. Enter the SKU."
            if ids
            else f"This project sells no product “{text[:50]}”."
        )
        self.add_error(_name(row, "product"), ValidationError(words))

    def drafts(self) -> list[ItemDraft | StockItemDraft]:
        """Return the items that are filled in and not to be removed."""
        found: list[ItemDraft | StockItemDraft] = []
        for row in range(1, self.rows + 1):
            told = self._told(row, self.cleaned_data)
            if not _is_filled(told):
                continue
            name, sku, price = told["name"], told["sku"], told["price"]
            quantity = told["quantity"] or 1
            if row in self._products:
                sold = StockItemDraft(self._products[row], quantity, name, sku, price)
                found.append(sold)
            else:
                found.append(ItemDraft(name=name, sku=sku, quantity=quantity, unit_price=price))
        return found

    def _told(self, row: int, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        return {part: cleaned.get(_name(row, part)) for part in _PARTS}


def _name(row: int, part: str) -> str:
    return f"item_{row}_{part}"


def _is_filled(told: Mapping[str, Any]) -> bool:
    """Tell whether anything is typed into a row that shall stay."""
    typed = [value for part, value in told.items() if part != "remove"]
    return not told["remove"] and any(value not in {None, ""} for value in typed)


def _fields_of(row: int, *, sells: bool) -> dict[str, forms.Field]:
    picked = {"data-picks": "product", "placeholder": "SKU or name", "autocomplete": "off"}
    fields: dict[str, forms.Field] = {
        "product": forms.CharField(
            label="Product",
            max_length=255,
            required=False,
            widget=forms.TextInput(attrs=picked),
        ),
        "name": forms.CharField(label="Name", max_length=255, required=False),
        "sku": forms.CharField(label="SKU", max_length=64, required=False),
        "quantity": forms.IntegerField(
            label="Quantity",
            min_value=1,
            max_value=MAX_QUANTITY,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        ),
        "price": amount_field("Price of one", required=False),
        "remove": forms.BooleanField(label="Remove", required=False),
    }
    if not sells:
        del fields["product"]
    else:
        del fields["remove"]
    return {_name(row, part): field for part, field in fields.items()}
