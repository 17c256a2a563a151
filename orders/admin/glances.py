"""What the first page tells of orders: sales, what is to be shipped, deliveries that failed."""

from django.contrib import admin
from django.db import models
from django.db.models import Case, Q, Value, When
from django.http import HttpRequest
from django.urls import reverse

from orderchainer.core.admin.glances import GLANCES, MAX_ROWS, Glance, newest_failures
from orderchainer.core.admin.panels import Panel, label, panel_of
from orderchainer.core.admin.readers_zone import moment, readers_zone
from orderchainer.core.days import days_up_to_today
from orderchainer.core.money import for_people
from orders import figures
from orders.admin.shown import STATUS_COLOURS, order_link
from orders.lifecycle import Status
from orders.models import Order, OrderQuerySet
from orders.stream.models import EventDelivery

DAYS_OF_SALES = 7
# Of each status we look at this many orders, the oldest first.
OLDEST = 1_000
COUNTED_AT_MOST = 50


def may_view(request: HttpRequest, model: type[models.Model]) -> bool:
    """Tell whether the reader may see the pages of `model`."""
    may: bool = admin.site.get_model_admin(model).has_view_permission(request)
    return may


def sales(request: HttpRequest) -> Panel | None:
    """Add up today's orders and those of the last days by currency, in one statement.

    The days are those of the reader's zone, because the orders are those of all projects.
    """
    if not may_view(request, Order):
        return None
    zone = readers_zone()
    days = days_up_to_today(DAYS_OF_SALES, zone)
    today = days_up_to_today(1, zone)
    orders = Order.objects.placed_within(days).order_by()
    # Naming the statuses lets the database use its index of status and date.
    counted = orders.filter(status__in=sorted(set(Status) - figures.NOT_COUNTED))
    is_today = Case(When(ordered_at__gte=today.start, then=Value(1)), default=Value(0))
    in_days, in_day = figures.Tally(), figures.Tally()
    for group in figures.groups_of(counted, is_today=is_today):
        in_days.add(group)
        if group["is_today"]:
            in_day.add(group)
    of_day = {each.currency: each for each in in_day.sales()}
    return panel_of(
        "Sales",
        ("currency", "orders today", "sold today", "orders in 7 days", "sold in 7 days"),
        (
            (
                each.currency,
                str(day.total_orders) if (day := of_day.get(each.currency)) else "0",
                for_people(in_day.revenue_in(each.currency), each.currency),
                str(each.total_orders),
                for_people(each.total_revenue, each.currency),
            )
            for each in in_days.sales()
        ),
        f"Nothing was ordered in the last {DAYS_OF_SALES} days.",
    )


def to_ship(request: HttpRequest) -> Panel | None:
    """List the orders that can be shipped now, the oldest first, in two statements."""
    if not may_view(request, Order):
        return None
    waiting = [
        *_oldest(Status.ACTIVE)[: COUNTED_AT_MOST + 1],
        *_oldest(Status.PENDING).with_ready().filter(ready=True)[: COUNTED_AT_MOST + 1],  # type: ignore[misc]  # annotated
    ]
    waiting.sort(key=lambda order: (order.ordered_at, order.pk))
    count = f"{len(waiting)}" if len(waiting) <= COUNTED_AT_MOST else f"over {COUNTED_AT_MOST}"
    return panel_of(
        f"Orders to ship: {count}" if waiting else "Orders to ship",
        ("order", "status", "customer", "total", "ordered at"),
        (
            (
                order_link(order.pk, order.title),
                label(order.status, STATUS_COLOURS),
                order.customer_name or order.customer_email or "-",
                f"{for_people(order.total_price, order.currency)} {order.currency}",
                moment(order.ordered_at),
            )
            for order in waiting
        ),
        "There is nothing to ship.",
        most=MAX_ROWS,
        url=reverse("admin:orders_order_changelist", query={"wait": "ship"}),
    )


def _oldest(status: Status) -> OrderQuerySet:
    oldest = Order.objects.filter(status=status, is_test=False).order_by("ordered_at", "pk")
    return Order.objects.filter(pk__in=oldest.values("pk")[:OLDEST]).order_by("ordered_at", "pk")


def failed_deliveries(request: HttpRequest) -> Panel | None:
    """List the deliveries of events that failed lately or are failing now."""
    if not may_view(request, EventDelivery):
        return None
    state = EventDelivery.State
    failing = Q(state=state.FAILED) | Q(state=state.PENDING, attempts__gt=0)
    rows = newest_failures(EventDelivery.objects.filter(failing).select_related("event"))
    return panel_of(
        "Deliveries that fail",
        ("subscriber", "event", "order", "state", "last error"),
        (
            (
                row.subscriber,
                row.event.type,
                order_link(row.event.order_id, None) if row.event.order_id else "-",
                row.state,
                row.last_error or "-",
            )
            for row in rows
        ),
        "All events of the last 7 days were delivered.",
        most=MAX_ROWS,
        url=reverse("admin:orders_eventdelivery_changelist", query={"state__exact": state.FAILED}),
    )


GLANCES.add("sales", Glance(1, sales))
GLANCES.add("orders to ship", Glance(2, to_ship))
GLANCES.add("failed deliveries", Glance(4, failed_deliveries))
