"""The filters and sort orders of the storefront's products."""

from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, cast

import django_filters
from django import forms
from django.http import HttpRequest

from catalog.models import Product, ProductQuerySet
from catalog.queries.storefront import Selection, Within
from orderchainer.core.http.filters import NumberFilter, Ordering, filled, filter_of, ordered
from orderchainer.core.ids import MAX_ID
from orderchainer.core.money import COLUMN_DECIMALS, COLUMN_DIGITS, MAX_AMOUNT

ORDERINGS = ("price", "name", "created_at", "id")
MAX_SEARCH_LENGTH = 200
# As many products as the shop document shows on a page.
PAGE_SIZE = 20


class YesOrNoField(forms.Field):
    """`true` or `false`. Django's own field ignores any other value; this one refuses it."""

    VALUES: ClassVar = {"true": True, "1": True, "false": False, "0": False}

    def to_python(self, value: Any) -> bool | None:
        """Read the text. Raises ValidationError."""
        if value in self.empty_values:
            return None
        if (known := self.VALUES.get(str(value).lower())) is None:
            raise forms.ValidationError("Write true or false.", code="invalid")
        return known


class YesOrNoFilter(django_filters.Filter):  # type: ignore[misc]  # untyped library
    """A column that is true or false."""

    field_class = YesOrNoField


class PriceFilter(NumberFilter):
    """A lower or upper bound of the price."""

    def __init__(self, lookup: str) -> None:
        super().__init__(
            "price",
            lookup,
            min_value=0,
            max_value=MAX_AMOUNT,
            max_digits=COLUMN_DIGITS,
            decimal_places=COLUMN_DECIMALS,
        )


class _ProductForm(forms.Form):
    """Checks across parameters."""

    def clean(self) -> dict[str, Any]:
        """Refuse a range that contains no price. Raises ValidationError."""
        fields = super().clean() or {}
        least, most = fields.get("price_min"), fields.get("price_max")
        if least is not None and most is not None and least > most:
            self.add_error("price_max", "Must not be less than price_min.")
        return fields


class ProductFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """The parameters of a list of products, without paging. The query applies `search`."""

    category = NumberFilter(method="within", min_value=1, max_value=MAX_ID, decimal_places=0)
    price_min = PriceFilter("gte")
    price_max = PriceFilter("lte")
    in_stock = YesOrNoFilter()
    featured = YesOrNoFilter()
    search = django_filters.CharFilter(method="untouched", max_length=MAX_SEARCH_LENGTH)
    ordering = Ordering(ORDERINGS)

    class Meta:
        model = Product
        form = _ProductForm
        fields = ()

    def within(
        self, products: ProductQuerySet, _name: str, category_id: Decimal
    ) -> ProductQuerySet:
        """Keep the products in that category or below it; none if it does not exist."""
        return products.filter(Within("category", int(category_id)))

    def untouched(self, products: ProductQuerySet, _name: str, _text: str) -> ProductQuerySet:
        """Keep all products: the query applies the search."""
        return products


@cache
def _on_sale() -> ProductQuerySet:
    """Return the query that all others start from. It is never run itself."""
    return Product.objects.on_sale()


# Parameters whose values may match nearly all products or nearly none.
_VALUES = frozenset({"category", "price_min", "price_max"})


@cache
def _all_on_sale() -> Selection:
    """Return the list without any filter, which is compiled once."""
    return Selection(_on_sale().order_by("id"))


def narrowed(request: HttpRequest) -> Selection:
    """Return the products on sale that the query string selects.

    Raises `Invalid` with the parameter's name. Without an ordering and a search the oldest products
    come first, so that a product that is added while a client pages comes last. Products with equal
    values are sorted by id, ascending or descending like the values: no product appears on two
    pages, and an index has this order.
    """
    given = filled(request).keys()
    # Building the form takes as long as reading the rows, so we skip it without a filter.
    if given.isdisjoint(ProductFilter.base_filters):
        return _all_on_sale()
    filterset = filter_of(ProductFilter, request, _on_sale())
    text: str = filterset.form.cleaned_data["search"]
    found = cast(ProductQuerySet, filterset.qs)
    if order := found.query.order_by:
        last = "-id" if str(order[-1]).startswith("-") else "id"
        found = ordered(found, last=last)
    elif not text:
        found = found.order_by("id")
    return Selection(
        found,
        text,
        is_on_shelf="category" in given,
        has_values=not given.isdisjoint(_VALUES),
    )
