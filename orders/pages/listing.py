"""The list of a project's orders. Its address is all that it knows about filters and sorting."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse

from accounts.access import Operation
from orderchainer.core.db.among import among
from orderchainer.core.http.filters import ordered, planned_for_filters
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.filters import Filters, read_filters
from orderchainer.core.windows import Window
from orders import queries
from orders.access import HANDLE_ORDERS, SAVE_VIEWS, SHARE_VIEWS, VIEW_ORDERS
from orders.models import Order, OrderQuerySet, SavedView
from orders.pages.base import OfOrders
from orders.pages.bulk import bulk_bar_of
from orders.pages.filters import OrderListFilter
from orders.pages.narrowing import VIEW, Narrowing, address_with, narrowing_of
from orders.pages.shown import shown_order

PAGE_SIZE = 50
# No list is longer, and PostgreSQL counts no further.
MAX_PAGE = 10_000_000
# The most rows that a page asks for again at once: `MOST_PARTS` in `changes.js`.
MAX_PARTS = 100

# The columns by which people sort: the parameter's value and the heading.
SORTINGS = (
    ("number", "Order"),
    ("status", "Status"),
    ("customer", "Customer"),
    ("total", "Total"),
    ("updated_at", "Changed"),
)
KINDS = {"number": "name", "status": "wide", "total": "number"}


@dataclass(frozen=True)
class Heading:
    """The heading of a column: the address that sorts by it, if any, and how it sorts now.

    `kind` is the class of a column that is not as wide as the others, or has numbers.
    """

    label: str
    url: str
    direction: str
    kind: str = ""


class OrdersPage(OfOrders):
    """The list of orders."""

    template_name = "orders/orders.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a page of the orders that the address selects."""
        orders = Order.objects.filter(project=self.its_project).order_by("-ordered_at", "-id")
        filters, selected = read_filters(
            OrderListFilter, self.request.GET, orders, request=self.request
        )
        found: OrderQuerySet = ordered(selected, last="-id")  # type: ignore[assignment]
        number = _number_in(self.request.GET.get("page", ""))
        with planned_for_filters(self.request, OrderListFilter):
            rows, total = queries.listed_in_project(found, _window(number))
            pages = Paginator(range(total), PAGE_SIZE)
            if number > pages.num_pages:
                # An old link: the list has become shorter.
                number = pages.num_pages
                rows, _ = queries.listed_in_project(found, _window(number))
        narrowing = narrowing_of(self, filters, layout=SavedView.Layout.LIST)
        return self.show(
            {
                "orders": [shown_order(self.its_project, row) for row in rows],
                "may_handle": self.may(HANDLE_ORDERS),
                **bulk_bar_of(self, shown=len(rows), total=total),
                "page": pages.page(number),
                "narrowing": narrowing,
                "headings": self._headings(narrowing),
                "may_save": self.may(SAVE_VIEWS),
                "may_share": self.may(SHARE_VIEWS),
                "first_url": self._first(filters),
                "export_url": self._address_of("orders-export", filters),
                "rows_url": self._address_of("order-rows", filters),
            }
        )

    def _first(self, filters: Filters) -> str:
        """Return the address of the first page."""
        view = self.request.GET.get(VIEW, "")
        return address_with(self.request.path, filters, {VIEW: view} if view else {})

    def _address_of(self, name: str, filters: Filters) -> str:
        """Return the address of another page with these filters, without their sorting."""
        path = reverse(name, kwargs={"project_id": self.its_project.uuid})
        return address_with(path, filters.without("ordering"))

    def _headings(self, narrowing: Narrowing) -> list[Heading]:
        """Return the columns. A second click on a column sorts it the other way round."""
        now = narrowing.value("ordering")
        sorting = [
            Heading(
                label,
                narrowing.address_of_sorting(f"-{name}" if now == name else name),
                {name: "ascending", f"-{name}": "descending"}.get(now, ""),
                KINDS.get(name, ""),
            )
            for name, label in SORTINGS
        ]
        return [*sorting, Heading("Assigned to", "", "")]


class OrderRowsPage(OfOrders):
    """Some rows of the list again: those whose orders have changed."""

    template_name = "orders/rows.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the rows of the orders that `ids` names. Those that the filters leave out say so."""
        numbers = numbers_in(self.request.GET)
        rows = queries.numbered_rows_in_project(self.its_project, numbers)
        orders = Order.objects.filter(project=self.its_project)
        filters, found = read_filters(
            OrderListFilter, self.request.GET, orders, request=self.request
        )
        return self.show(
            {
                "orders": [shown_order(self.its_project, row) for row in rows],
                "unmatched": left_out(found, numbers) if filters else (),
                "may_handle": self.may(HANDLE_ORDERS),
            }
        )


def left_out(found: QuerySet[Any], numbers: Collection[int]) -> set[int]:
    """Return which of these orders are not among those that filters have found. One statement."""
    matching = found.order_by().filter(pk__in=among(numbers)).values_list("pk", flat=True)
    return set(numbers) - set(matching)


def numbers_in(query: Mapping[str, str]) -> list[int]:
    """Return the numbers of orders in `ids`, at most 100, without what can be no number of one."""
    texts = query.get("ids", "").split(",")[:MAX_PARTS]
    numbers = [
        int(each) for each in texts if each.isascii() and each.isdecimal() and len(each) < 20
    ]
    return [number for number in numbers if 0 < number <= MAX_ID]


def _number_in(text: str) -> int:
    """Return which page of the list is asked for; the first one if that is no number."""
    is_number = text.isascii() and text.isdecimal() and len(text) < 20
    return min(max(int(text), 1), MAX_PAGE) if is_number else 1


def _window(number: int) -> Window:
    return Window(skip=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
