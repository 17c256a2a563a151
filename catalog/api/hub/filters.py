"""The filters and sort orders of a project's products."""

from typing import cast

import django_filters
from django.http import HttpRequest

from accounts.models import Project
from catalog.api.shop.filters import ProductFilter, YesOrNoFilter
from catalog.models import Product, ProductQuerySet
from catalog.queries.inventory import products_of
from catalog.search import ways_to_find
from orderchainer.core.http.filters import NumberFilter, Ordering, filled, filter_of, ordered
from orderchainer.core.windows import Window, part_of

ORDERINGS = ("id", "name", "sku", "price", "stock", "created_at", "updated_at")


class InventoryFilter(ProductFilter):
    """The customers' filters, and more for the people who run the project."""

    is_active = YesOrNoFilter()
    sku = django_filters.CharFilter(max_length=64)
    stock_max = NumberFilter("stock", "lte", min_value=0, max_value=2**31 - 1, decimal_places=0)
    ordering = Ordering(ORDERINGS)


def narrowed(project: Project, request: HttpRequest) -> tuple[ProductQuerySet, str]:
    """Return the project's products that the query string selects, and the text to search for.

    Raises `Invalid` with the parameter's name. The oldest products come first unless `ordering`
    says otherwise. Products with equal values are sorted by id, so that none appears on two pages.
    """
    products = products_of(project)
    if filled(request).keys().isdisjoint(InventoryFilter.base_filters):
        return products.order_by("id"), ""
    filterset = filter_of(InventoryFilter, request, products)
    text: str = filterset.form.cleaned_data["search"]
    return ordered(cast(ProductQuerySet, filterset.qs)), text


def part_found(products: ProductQuerySet, text: str, window: Window) -> tuple[list[Product], int]:
    """Return the page of the products that `text` finds, and how many it finds in all."""
    if not text:
        return part_of(products, window)
    part: tuple[list[Product], int] = ([], 0)
    for found in ways_to_find(products, text):
        part = part_of(found, window)
        if part[1]:
            break
    return part


def all_found(products: ProductQuerySet, text: str) -> ProductQuerySet:
    """Return the products that `text` finds."""
    if not text:
        return products
    ways = ways_to_find(products, text)
    return next((found for found in ways[:-1] if found.exists()), ways[-1])
