"""The list of orders, with its filters and actions."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from accounts.callers import caller_of
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.service_admin import ServiceAdmin
from orderchainer.core.money import for_people
from orders.admin import panels
from orders.admin.shown import STATUS_COLOURS, WAIT_COLOURS
from orders.admin.sorting import dependencies_first, dependents_first
from orders.errors import numbered
from orders.lifecycle import GONE_WRONG, Status
from orders.models import Order, OrderQuerySet
from orders.services import move_order

# The message of an action names at most this many moved orders, and only counts the others.
MAX_NAMED_ORDERS = 100

Action = Callable[["OrderList", HttpRequest, QuerySet[Order]], None]


def move_to(status: Status) -> Action:
    """Return the action that moves the selected orders to `status`, along their chains.

    Dependencies move first, since they hold the others up. If the orders are to fail or to be
    cancelled, dependents move first. Otherwise the failure of a dependency would already have
    changed them when their turn comes.
    """
    along_the_chain = dependents_first if status in GONE_WRONG else dependencies_first

    def became(before: Order, after: Order) -> str:
        if after.status != status:
            return f"Moved to {status}, and at once became {after.status}"
        if before.status == status:
            return f"Were {status} already"
        return f"Moved to {status}"

    words = "Mark shipped" if status == Status.SHIPPED else f"Move to {status}"

    @admin.action(description=words, permissions=["change"])
    def move(page: "OrderList", request: HttpRequest, rows: QuerySet[Order]) -> None:
        page.do_each(
            request,
            along_the_chain(rows),
            lambda order: move_order(order_id=order.pk, status=status, by=caller_of(request)),
            done=became,
            named=lambda orders: numbered(
                sorted(order.pk for order in orders), most=MAX_NAMED_ORDERS
            ),
        )

    move.__name__ = f"move_to_{status}"
    return move


class WaitFilter(admin.SimpleListFilter):
    """Filter by whether something holds an order up."""

    title = "wait"
    parameter_name = "wait"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Name the choices."""
        return [("ready", "Pending and ready"), ("waits", "Held up"), ("ship", "To be shipped")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Filter by the annotation that the list has anyway."""
        match self.value():
            case "ready":
                return queryset.filter(status=Status.PENDING, ready=True)  # type: ignore[misc]  # annotated
            case "waits":
                return queryset.filter(ready=False)  # type: ignore[misc]  # annotated
            case "ship":
                can_ship = Q(status=Status.ACTIVE) | Q(status=Status.PENDING, ready=True)
                return queryset.filter(can_ship, is_test=False)
        return queryset


class OrderList(ServiceAdmin):
    """The columns, the filters and the search of the list."""

    list_display = (
        "number",
        "title",
        "owner",
        "project",
        "provider",
        "status_shown",
        "wait_shown",
        "total",
        "updated_at",
    )
    list_display_links = ("number", "title")
    list_filter = (
        "status",
        WaitFilter,
        "provider",
        "is_test",
        "failure_policy",
        ("project", PickFilter),
        ("created_at", DaysFilter),
        ("ordered_at", DaysFilter),
    )
    list_select_related = ("owner", "project")
    list_per_page = 50
    search_fields = (
        *("title", "owner__email", "external_id"),
        *("customer_name", "customer_email", "customer_phone"),
    )
    search_help_text = "A number, a title, a customer or an external id"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> OrderQuerySet:
        """Annotate in the same statement whether something holds the order up."""
        orders: OrderQuerySet = super().get_queryset(request)
        return orders.with_ready()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Also find an order by its number."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        number = search_term.strip().removeprefix("#")
        if is_key_of(Order, number):
            found |= queryset.filter(pk=number)
        return found, has_duplicates

    @admin.display(description="no.", ordering="pk")
    def number(self, order: Order) -> str:
        """The number of the order."""
        return f"#{order.pk}"

    @display(description="status", ordering="status", label=STATUS_COLOURS)
    def status_shown(self, order: Order) -> str:
        """The status as a coloured label."""
        return order.status

    @display(description="wait", label=WAIT_COLOURS)
    def wait_shown(self, order: Order) -> str | None:
        """Whether something holds up an order that has not begun."""
        return panels.wait_of(order)

    @admin.display(description="total", ordering="total_price")
    def total(self, order: Order) -> str:
        """The amount and its currency, marked if the order is only a test."""
        amount = f"{for_people(order.total_price, order.currency)} {order.currency}"
        return f"{amount} (test)" if order.is_test else amount
