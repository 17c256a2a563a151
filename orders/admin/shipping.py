"""Marking an order as shipped with one click, on its page."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from accounts.callers import caller_of
from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.refusals import words_of
from orderchainer.core.admin.service_admin import ServiceAdmin
from orderchainer.core.errors import DomainError
from orders.lifecycle import Status
from orders.models import Order
from orders.services import move_order


class ShippingPage(ServiceAdmin):
    """The button that marks an order as shipped, and what happens when somebody presses it."""

    change_form_outer_before_template = "admin/orders/order/ship.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the address that the button posts to."""
        ship = self.admin_site.admin_view(self.ship)
        return [path("<path:object_id>/ship/", ship, name="orders_order_ship"), *super().get_urls()]

    def may_ship(self, request: HttpRequest, order: Order, *, is_blocked: bool) -> bool:
        """Tell whether the page offers the button. The service decides when it is pressed."""
        return Status.SHIPPED in order.open_moves(blocked=is_blocked) and (
            self.has_change_permission(request, order)
        )

    @method_decorator(require_POST)
    def ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Mark the order as shipped, and show its page with the news or the refusal."""
        if not self.has_change_permission(request):
            raise Http404
        order: Any = self.get_object(request, object_id) if is_key_of(Order, object_id) else None
        if order is None:
            raise Http404
        try:
            after = move_order(order_id=order.pk, status=Status.SHIPPED, by=caller_of(request))
        except DomainError as refusal:
            self.message_user(request, f"{order}: {words_of(refusal)}", messages.ERROR)
        else:
            was = "was shipped already" if order.status == after.status else f"is {after.status}"
            self.message_user(request, f"{order} {was}.", messages.SUCCESS)
        name = f"{self.admin_site.name}:orders_order_change"
        return HttpResponseRedirect(reverse(name, args=[order.pk]))
