"""The list of a project's products. Its address is all that it knows about filters and sorting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, cast

from django.core.paginator import Page, Paginator
from django.http import HttpResponse

from accounts.access import Operation
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub.filters import InventoryFilter
from catalog.models import Product, ProductQuerySet
from catalog.pages.base import OfCatalog
from catalog.pages.shown import shown_product
from catalog.queries.inventory import LOW_STOCK, Shelf, products_of, tree_of
from catalog.search import each_way_to_find
from orderchainer.core.http.filters import ordered, planned_for_filters
from orderchainer.core.web.filters import Filters, number_in, read_filters

PAGE_SIZE = 50

# The columns: the parameter's value by which they sort, if any, and the heading.
COLUMNS = (
    ("name", "Product"),
    ("sku", "SKU"),
    ("", "Category"),
    ("price", "Price"),
    ("stock", "Stock"),
    ("", "Status"),
)
NUMBERS = {"price"}
# The views that everybody has.
TABS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("All", {}),
    ("For sale", {"is_active": "true"}),
    ("Not for sale", {"is_active": "false"}),
    ("Low", {"stock_max": str(LOW_STOCK)}),
    ("Sold out", {"in_stock": "false"}),
)
YES_OR_NO = {
    "is_active": {"true": "For sale", "false": "Not for sale"},
    "in_stock": {"true": "In stock", "false": "Sold out"},
    "featured": {"true": "Featured", "false": "Not featured"},
}
# How the chips of the other filters begin.
CHIPS = {
    "search": "Text",
    "sku": "SKU",
    "category": "Category",
    "price_min": "Price from",
    "price_max": "Price up to",
    "stock_max": "Stock up to",
}


@dataclass(frozen=True)
class Heading:
    """The heading of a column: the address that sorts by it, if any, and how it sorts now."""

    label: str
    url: str
    direction: str
    is_number: bool


class ProductsPage(OfCatalog):
    """The list of products."""

    template_name = "catalog/products.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_CATALOG}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a page of the products that the address selects."""
        project = self.its_project
        filters, found = read_filters(InventoryFilter, self.request.GET, products_of(project))
        shelves = tree_of(project)
        paths = {shelf.category.pk: shelf.path for shelf in shelves}
        text = _first(filters, "search")
        with planned_for_filters(self.request, InventoryFilter):
            page = self._page(cast(ProductQuerySet, found), text)
            products = [shown_product(project, each, paths) for each in page.object_list]
        narrowing = filters.without("ordering")
        may_manage = self.may(MANAGE_CATALOG)
        tabs = self._tabs(filters)
        return self.show(
            {
                "products": products,
                "page": page,
                "may_manage": may_manage,
                "empty_text": "What you sell appears here, with its price and its stock."
                if may_manage
                else "Owners and managers of the project can add products.",
                "empty_actions": [
                    ("Create product", self.address("product-new")),
                    ("Import a file", self.address("products-import")),
                ]
                if may_manage
                else [],
                "export_url": f"{self.address('products-export')}?{narrowing.query}",
                "filters": filters,
                "narrowing": narrowing,
                "search": text,
                "ordering": _first(filters, "ordering"),
                "selects": list(_selects(filters)),
                "shelves": _choices(shelves, filters),
                "price_min": _first(filters, "price_min"),
                "price_max": _first(filters, "price_max"),
                # The tab says it already.
                "has_details": bool(narrowing.without("search"))
                and not any(tab["is_current"] for tab in tabs),
                "chips": list(self._chips(filters, paths)),
                "tabs": tabs,
                "headings": self._headings(filters),
            }
        )

    def _page(self, products: ProductQuerySet, text: str) -> Page[Product]:
        """Return the page that the address asks for, or the nearest one that exists."""
        # Names, because people look for them. What a text finds comes best match first.
        is_sorted = bool(products.query.order_by)
        ways = each_way_to_find(products, text) if text else iter([products])
        pages = Paginator(products.none(), PAGE_SIZE)
        for found in ways:
            first = ("-rank", "id") if text else ("name", "id")
            rows = ordered(found) if is_sorted else found.order_by(*first)
            # No list shows the description, which may be long.
            pages = Paginator(rows.defer("description"), PAGE_SIZE)
            if pages.count:
                break
        return pages.get_page(self.request.GET.get("page"))

    def _address(self, filters: Filters) -> str:
        return f"{self.request.path}?{filters.query}" if filters else self.request.path

    def _chips(self, filters: Filters, paths: Mapping[int, str]) -> Iterator[tuple[str, str]]:
        """Yield the words of each filter, and the address without it."""
        for name, choices in YES_OR_NO.items():
            for value in filters.values.get(name, ()):
                is_true = "true" if value.lower() in {"true", "1"} else "false"
                yield choices[is_true], self._address(filters.without(name))
        for name, label in CHIPS.items():
            for value in filters.values.get(name, ()):
                words = _path_in(paths, value) if name == "category" else value
                yield f"{label}: {words}", self._address(filters.without(name, value))

    def _tabs(self, filters: Filters) -> list[dict[str, Any]]:
        """Return the views that everybody has. They keep the sorting."""
        sorting = filters.values.get("ordering", ())
        tabs = []
        for label, values in TABS:
            wanted = Filters({name: (value,) for name, value in values.items()})
            wanted = wanted.replacing("ordering", sorting)
            tabs.append(
                {"label": label, "url": self._address(wanted), "is_current": wanted == filters}
            )
        return tabs

    def _headings(self, filters: Filters) -> list[Heading]:
        """Return the columns. A second click on a column sorts it the other way round."""
        now = _first(filters, "ordering")
        return [
            Heading(
                label,
                self._address(filters.replacing("ordering", [f"-{name}" if now == name else name]))
                if name
                else "",
                {name: "ascending", f"-{name}": "descending"}.get(now, "") if name else "",
                name in NUMBERS,
            )
            for name, label in COLUMNS
        ]


def _first(filters: Filters, name: str) -> str:
    return filters.values.get(name, ("",))[0]


def _path_in(paths: Mapping[int, str], value: str) -> str:
    """Return the path of the category with this number, or the number itself if it is unknown."""
    return paths.get(int(Decimal(value)), value)


def _selects(filters: Filters) -> Iterator[tuple[str, str, list[tuple[str, str, bool]]]]:
    """Yield the filters with two values: the parameter, its label, and its choices."""
    for name, label in (("in_stock", "Stock"), ("is_active", "For sale")):
        chosen = _first(filters, name)
        words = YES_OR_NO[name]
        yield (
            name,
            label,
            [("", "Any", not chosen), *((value, words[value], value == chosen) for value in words)],
        )


def _choices(shelves: list[Shelf], filters: Filters) -> list[tuple[int, str, bool]]:
    chosen = number_in(filters, "category")
    return [(shelf.category.pk, shelf.path, shelf.category.pk == chosen) for shelf in shelves]
