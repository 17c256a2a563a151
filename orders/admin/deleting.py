"""Deleting orders, one or several."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected as ask_before_deleting
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString

from accounts.callers import caller_of
from orderchainer.core.admin.service_admin import ServiceAdmin, without_media
from orderchainer.core.db.among import among
from orders.admin.shown import links, order_link
from orders.admin.sorting import dependents_first
from orders.models import Order, OrderDependency, OrderItem
from orders.services import delete_order


class OrderDeletion(ServiceAdmin):
    """Asks before orders are deleted, and deletes them through the service."""

    def get_deleted_objects(
        self, objs: Iterable[Order], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[SafeString]]:
        """Tell what else is deleted and what prevents it, without reading the orders' events."""
        orders = {order.pk: order for order in objs}
        edges = (
            OrderDependency.objects.holding_up()
            .filter(depends_on_id__in=among(orders))
            .exclude(order_id__in=among(orders))
        )
        keeping = [
            links([(edge.order_id, f"{edge.order.title} waits for #{edge.depends_on_id}")])
            for edge in edges.select_related("order").order_by("order_id")[:100]
        ]
        items = OrderItem.objects.filter(order_id__in=among(orders)).count()
        return (
            [order_link(order.pk, order.title) for order in orders.values()],
            {"orders": len(orders), "items": items},
            set() if self.has_delete_permission(request) else {"order"},
            # Only the first page warns. Afterwards the service deletes the orders that it can.
            keeping if request.method != "POST" else [],
        )

    def delete_model(self, request: HttpRequest, obj: Order) -> None:
        """Delete through the service."""
        delete_order(order_id=obj.pk, by=caller_of(request))

    @admin.action(description="Delete", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Order]
    ) -> HttpResponseBase | None:
        """Ask, then delete the selected orders, each before the orders that it depends on."""
        if "post" not in request.POST:
            return without_media(ask_before_deleting(self, request, queryset))
        self.do_each(
            request,
            dependents_first(queryset),
            lambda order: self._delete_logged(request, order),
            done="Deleted",
        )
        return None

    @transaction.atomic
    def _delete_logged(self, request: HttpRequest, order: Order) -> None:
        self.log_deletions(request, [order])
        self.delete_model(request, order)
