"""What a project's products can be narrowed to and sorted by."""

from typing import cast

import django_filters
from django.http import HttpRequest

from accounts.models import Project
from catalog.api.shop.filters import ProductFilter, YesOrNoFilter
from catalog.models import Product, ProductQuerySet
from catalog.queries.inventory import products_of
from catalog.search import ways_to_find
from orderchainer.core.errors import Invalid
from orderchainer.core.windows import Window, part_of

ORDERINGS = ("id", "name", "sku", "price", "stock", "created_at", "updated_at")


class InventoryFilter(ProductFilter):
    """What customers filter by, and what only those want to know who run the project."""

    is_active = YesOrNoFilter()
    sku = django_filters.CharFilter(max_length=64)
    stock_max = django_filters.NumberFilter(
        "stock", "lte", min_value=0, max_value=2**31 - 1, decimal_places=0
    )
    ordering = django_filters.OrderingFilter(
        fields=[(name, name) for name in ORDERINGS]
    )


def narrowed(project: Project, request: HttpRequest) -> tuple[ProductQuerySet, str]:
    """Return what the query string leaves of the project's products, and what it searches for, if anything.

    Raises `Invalid` that names the parameter. The oldest come first unless it says otherwise; equal values
    keep the order of their ids, so that no product stands on two pages.
    """
    products = products_of(project)
    if request.GET.keys().isdisjoint(InventoryFilter.base_filters):
        return products.order_by("id"), ""
    filterset = InventoryFilter(request.GET, queryset=products)
    if not filterset.is_valid():
        raise Invalid(
            {name: list(messages) for name, messages in filterset.errors.items()}
        )
    text: str = filterset.form.cleaned_data["search"]
    found = cast(ProductQuerySet, filterset.qs)
    return found.order_by(*found.query.order_by, "id"), text


def part_found(
    products: ProductQuerySet, text: str, window: Window
) -> tuple[list[Product], int]:
    """Return those of `products` in `window` that `text` finds, and how many it finds in all."""
    if not text:
        return part_of(products, window)
    part: tuple[list[Product], int] = ([], 0)
    for found in ways_to_find(products, text):
        part = part_of(found, window)
        if part[1]:
            break
    return part


def all_found(products: ProductQuerySet, text: str) -> ProductQuerySet:
    """Return those of `products` that `text` finds."""
    if not text:
        return products
    ways = ways_to_find(products, text)
    return next((found for found in ways[:-1] if found.exists()), ways[-1])
