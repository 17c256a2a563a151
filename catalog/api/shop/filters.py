"""What the storefront's products can be narrowed to and sorted by."""

from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, cast

import django_filters
from django import forms
from django.http import HttpRequest

from catalog.models import Product, ProductQuerySet
from catalog.queries.storefront import Within
from orderchainer.core.errors import Invalid
from orderchainer.core.ids import MAX_ID

ORDERINGS = ("price", "name", "created_at", "id")
# The most that a product can cost.
MOST = Decimal("9999999999.99")
MAX_SEARCH_LENGTH = 200
# As many products as the shop document shows on a page.
PAGE_SIZE = 20


class YesOrNoField(forms.Field):
    """`true` or `false`, and not what is neither: Django's own takes that for nothing."""

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


class PriceFilter(django_filters.NumberFilter):  # type: ignore[misc]  # untyped library
    """A bound of the price that a price could have."""

    def __init__(self, lookup: str) -> None:
        super().__init__(
            "price",
            lookup,
            min_value=0,
            max_value=MOST,
            max_digits=12,
            decimal_places=2,
        )


class _ProductForm(forms.Form):
    """The parameters together."""

    def clean(self) -> dict[str, Any]:
        """Refuse a range in which no price lies. Raises ValidationError."""
        fields = super().clean() or {}
        least, most = fields.get("price_min"), fields.get("price_max")
        if least is not None and most is not None and least > most:
            self.add_error("price_max", "Must not be less than price_min.")
        return fields


class ProductFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """All parameters of a list of products but its page. `search` is left to the query."""

    category = django_filters.NumberFilter(
        method="within", min_value=1, max_value=MAX_ID, decimal_places=0
    )
    price_min = PriceFilter("gte")
    price_max = PriceFilter("lte")
    in_stock = YesOrNoFilter()
    featured = YesOrNoFilter()
    search = django_filters.CharFilter(method="untouched", max_length=MAX_SEARCH_LENGTH)
    ordering = django_filters.OrderingFilter(
        fields=[(name, name) for name in ORDERINGS]
    )

    class Meta:
        model = Product
        form = _ProductForm
        fields = ()

    def within(
        self, products: ProductQuerySet, _name: str, category_id: Decimal
    ) -> ProductQuerySet:
        """Keep what stands in that category or in one within it; nothing where there is none."""
        return products.filter(Within("category", int(category_id)))

    def untouched(
        self, products: ProductQuerySet, _name: str, _text: str
    ) -> ProductQuerySet:
        """Keep all of them."""
        return products


@cache
def _on_sale() -> ProductQuerySet:
    """Return the query that all others begin with; it is never run itself."""
    return Product.objects.on_sale()


def narrowed(request: HttpRequest) -> tuple[ProductQuerySet, str]:
    """Return what the query string leaves of the products on sale, and what it searches for, if anything.

    Raises `Invalid` that names the parameter. The oldest come first unless it asks for an order or searches:
    what is added meanwhile then comes after all that was read. Equal values keep the order of their ids, or
    its reverse, so that no product stands on two pages and an index has that order.
    """
    products = _on_sale()
    # Building the form costs as much as reading the rows: only where something is asked.
    if request.GET.keys().isdisjoint(ProductFilter.base_filters):
        return products.order_by("id"), ""
    filterset = ProductFilter(request.GET, queryset=products)
    if not filterset.is_valid():
        raise Invalid(
            {name: list(messages) for name, messages in filterset.errors.items()}
        )
    text: str = filterset.form.cleaned_data["search"]
    found = cast(ProductQuerySet, filterset.qs)
    if order := found.query.order_by:
        last = "-id" if str(order[-1]).startswith("-") else "id"
        return found.order_by(*order, last), text
    return (found if text else found.order_by("id")), text
