"""The page of a customer: who they are, what they bought, and for how much."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from unfold.decorators import action

from accounts.models import User
from orderchainer.core.admin.panels import MAX_ROWS, Panel, label, link, panel_of
from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ServiceAdmin
from orderchainer.core.money import for_people
from orders import figures
from orders.admin.shown import STATUS_COLOURS, order_link
from orders.models import Order, OrderQuerySet
from orders.queries.customers import of_same_customer


class CustomerPage(ServiceAdmin):
    """The page of a customer, with a link to it from an order."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a customer, who is found by an order or by an account."""
        customer = self.admin_site.admin_view(self.customer)
        return [path("customer/", customer, name="orders_order_customer"), *super().get_urls()]

    @action(description="Customer", url_path="customer", icon="person")
    def open_customer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead from an order to the page of its customer."""
        url = reverse(f"{self.admin_site.name}:orders_order_customer", query={"order": object_id})
        return HttpResponseRedirect(url)

    def customer(self, request: HttpRequest) -> HttpResponse:
        """Show the customer of the order `order`, or of the account `user`."""
        if not self.has_view_permission(request):
            raise Http404
        orders, who = self._asked_for(request)
        newest = list(orders.order_by("-ordered_at", "-pk")[: MAX_ROWS + 1])
        facts = _facts(newest[0], who) if newest else _facts_of_account(who)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Customer {facts[0][1]}",
            "facts": facts,
            "panels": [_totals_of(orders), _list_of(newest)],
        }
        return TemplateResponse(request, "admin/orders/order/customer.html", context)

    def _asked_for(self, request: HttpRequest) -> tuple[OrderQuerySet, User | None]:
        key = request.GET.get("user", "")
        if is_key_of(User, key):
            user = User.objects.filter(pk=key).first()
            if user is not None:
                return Order.objects.filter(owner=user), user
        key = request.GET.get("order", "")
        order = Order.objects.filter(pk=key).first() if is_key_of(Order, key) else None
        if order is None:
            raise Http404
        return of_same_customer(order), None


Facts = list[tuple[str, Any]]


def _facts(newest: Order, account: User | None) -> Facts:
    """Return who the customer is, as their newest order tells it."""
    if account is not None:
        return _facts_of_account(account)
    owner = User.objects.get(pk=newest.owner_id)
    if not newest.customer_key:
        return _facts_of_account(owner)
    return [
        ("Name", newest.customer_name or newest.customer_email or newest.customer_phone),
        ("E-mail", newest.customer_email or "-"),
        ("Phone", newest.customer_phone or newest.phone_number or "-"),
        ("Address", newest.shipping_address or "-"),
    ]


def _facts_of_account(user: User | None) -> Facts:
    assert user is not None, "an order leads to a page with at least this order"
    url = reverse("admin:accounts_user_change", args=[user.pk])
    return [
        ("Name", user.name or user.email),
        ("E-mail", user.email),
        ("Phone", user.phone or "-"),
        ("Address", user.address or "-"),
        ("Account", link(url, user.email)),
    ]


def _totals_of(orders: OrderQuerySet) -> Panel:
    tally = figures.Tally()
    for group in figures.groups_of(orders.order_by()):
        tally.add(group)
    return panel_of(
        "Totals",
        ("currency", "orders", "total", "average"),
        (
            (
                sales.currency,
                str(sales.total_orders),
                for_people(sales.total_revenue, sales.currency),
                for_people(sales.average_order_value, sales.currency),
            )
            for sales in tally.sales()
        ),
        "No orders that count.",
    )


def _list_of(newest: list[Order]) -> Panel:
    return panel_of(
        "Orders",
        ("order", "status", "total", "ordered at"),
        (
            (
                order_link(order.pk, order.title),
                label(order.status, STATUS_COLOURS),
                f"{for_people(order.total_price, order.currency)} {order.currency}"
                f"{' (test)' if order.is_test else ''}",
                moment(order.ordered_at),
            )
            for order in newest
        ),
        "No orders yet.",
    )
