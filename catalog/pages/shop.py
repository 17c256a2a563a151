"""The shop's catalogue, and the page of one product."""

from collections.abc import Iterator
from typing import Any, cast

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from catalog.models import Product, ProductQuerySet
from catalog.pages.shop_filters import ShopFilter
from catalog.pages.shop_shown import product_context, shown_product
from catalog.pages.storefront import ShopPage
from catalog.queries import storefront
from catalog.queries.shopfront import Aisle
from catalog.queries.storefront import Selection
from orderchainer.core.http.filters import ordered
from orderchainer.core.web.filters import Filters, number_in, read_filters
from orderchainer.core.windows import PageNotFound, PageWindow

# Whole rows of two, three and four.
PAGE_SIZE = 24
MAX_PAGE = 1_000_000
# Before the name of a category in another one. Lists of choices show no other space.
_INDENT = "\N{NO-BREAK SPACE}" * 3
# The sequences to choose from. Without a choice, what is in stock comes first, and featured
# products before others; what a search finds comes best match first.
SORTINGS = (
    ("", "Featured"),
    ("price", "Price, low to high"),
    ("-price", "Price, high to low"),
    ("-created_at", "Newest first"),
    ("name", "Name, A to Z"),
)


class CataloguePage(ShopPage):
    """What the shop sells. The address is all that the page knows about filters and sorting."""

    template_name = "shop/catalogue.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show a page of the products that the address selects."""
        filters, found = read_filters(ShopFilter, self.request.GET, Product.objects.on_sale())
        number = _number_in(self.request.GET.get("page", ""))
        window = PageWindow(skip=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        try:
            page = storefront.page_of(_selection(filters, cast(ProductQuerySet, found)), window)
        except PageNotFound:
            # An old link: the list has become shorter.
            return redirect(self._address(filters))
        narrowing = filters.without("sort")
        text = filters.values.get("q", ("",))[0]
        aisle = self._aisle(filters)
        return self.show(
            {
                "products": [shown_product(row) for row in page.rows],
                "page": Paginator(range(page.total), PAGE_SIZE).page(number),
                "filters": filters,
                "narrowing": narrowing,
                "is_front": not filters and number == 1,
                "q": text,
                "heading": _heading(text, aisle, narrowing),
                "aisle": aisle,
                "aisles": list(self._aisles(filters)),
                "values": {name: values[0] for name, values in filters.values.items()},
                "sortings": list(_sortings(filters, text)),
                "chips": list(self._chips(filters, aisle)),
                "all_url": self._address(Filters()),
            }
        )

    def _address(self, filters: Filters) -> str:
        return f"{self.request.path}?{filters.query}" if filters else self.request.path

    def _aisle(self, filters: Filters) -> Aisle | None:
        """Return the category that is chosen, if the shop has it."""
        wanted = number_in(filters, "category")
        every = (each for top in self.shop.aisles for _, each in top.within())
        return next((each for each in every if each.id == wanted), None)

    def _aisles(self, filters: Filters) -> Iterator[tuple[str, str, bool]]:
        """Yield the value, the words and whether it is chosen, for each category."""
        wanted = number_in(filters, "category")
        for top in self.shop.aisles:
            for depth, each in top.within():
                yield str(each.id), _INDENT * depth + each.name, each.id == wanted

    def _chips(self, filters: Filters, aisle: Aisle | None) -> Iterator[tuple[str, str]]:
        """Yield the words of each filter, and the address without it."""
        words = {
            "q": "“{}”",
            "category": aisle.name if aisle else "A category that is gone",
            "price_min": f"From {{}} {self.shop.currency}",
            "price_max": f"Up to {{}} {self.shop.currency}",
            "in_stock": "In stock",
        }
        for name, text in words.items():
            for value in filters.values.get(name, ()):
                yield text.replace("{}", value), self._address(filters.without(name))


class ProductPage(ShopPage):
    """One product, and the button that puts it into the cart."""

    template_name = "shop/product.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the product."""
        quantity = self.request.GET.get("quantity", "")
        return self.show(
            {
                **product_context(self.kwargs["product_id"]),
                "quantity": quantity if _is_number(quantity) and len(quantity) < 4 else "1",
                # Whoever has just signed in to buy this still has to press the button.
                "is_back": bool(quantity) and self.session is not None,
            }
        )


def _selection(filters: Filters, found: ProductQuerySet) -> Selection:
    text = filters.values.get("q", ("",))[0]
    if order := found.query.order_by:
        found = ordered(found, last="-id" if str(order[-1]).startswith("-") else "id")
    elif not text:
        found = found.order_by("-in_stock", "-featured", "id")
    return Selection(
        found,
        text,
        is_on_shelf="category" in filters.values,
        has_values=not filters.values.keys().isdisjoint({"category", "price_min", "price_max"}),
    )


def _sortings(filters: Filters, text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the value, the words and whether it is chosen, for each sequence."""
    chosen = filters.values.get("sort", ("",))[0]
    for value, words in SORTINGS:
        yield value, "Best match" if text and not value else words, value == chosen


def _heading(text: str, aisle: Aisle | None, narrowing: Filters) -> str:
    if text:
        return f"Results for “{text}”"
    if aisle:
        return aisle.name
    return "Products" if narrowing else "All products"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _number_in(text: str) -> int:
    """Return which page is asked for; the first one if that is no number."""
    return min(max(int(text), 1), MAX_PAGE) if _is_number(text) and len(text) < 20 else 1
