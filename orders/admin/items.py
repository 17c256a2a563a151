"""The items of an order, on its page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from catalog.admin.shown import product_link
from orderchainer.core.admin.amounts import with_shown
from orderchainer.core.admin.service_admin import ServiceInline
from orderchainer.core.money import written
from orders.admin.forms import ItemForm, NewItemForm
from orders.models import Order, OrderItem
from orders.services.items import MAX_ITEMS

MAX_NEW_ITEMS = 100  # in one go


class ItemInline(ServiceInline):
    """The items of an order. Staff who may change the order may change them.

    Nobody changes those of a mirrored order, because its source decides them.
    """

    model = OrderItem
    form = ItemForm
    extra = 0
    fields = ("product_shown", "name", "sku", "unit_price", "quantity", "line_total")
    readonly_fields = ("product_shown", "line_total")
    verbose_name_plural = "items"

    def get_formset(self, request: HttpRequest, obj: Order | None = None, **kwargs: Any) -> Any:
        """Limit the number of forms. Otherwise a browser could make Django build 1,000 more."""
        there = 0 if obj is None else obj.items.count()
        most = max(there, min(MAX_ITEMS, there + MAX_NEW_ITEMS))
        if obj is None:
            kwargs["form"] = NewItemForm
        return super().get_formset(request, obj, max_num=most, absolute_max=most, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderItem]:
        """Load the products with the same statement."""
        return super().get_queryset(request).select_related("product", "order")

    @admin.display(description="product")
    def product_shown(self, item: OrderItem) -> SafeString | str:
        """The product that it was sold from. Its name and price may have changed since."""
        return "-" if item.product is None else product_link(item.product)

    @admin.display(description="total")
    def line_total(self, item: OrderItem) -> Any:
        """Unit price times quantity."""
        if item.pk is None:
            return None
        return written(item.total_price, item.order.currency)

    @admin.display(description="unit price")
    def unit_price_shown(self, item: OrderItem) -> str:
        """The unit price, where it cannot be typed into."""
        return written(item.unit_price, item.order.currency)

    def get_fields(self, request: HttpRequest, obj: Order | None = None) -> Any:
        """Offer the products to a new order, whose items can be sold from stock.

        A price that cannot be typed into is shown with its currency's decimals.
        """
        if obj is None:
            return ("product", *self.fields[1:])
        if self.has_change_permission(request, obj):
            return self.fields
        return [with_shown(name, "unit_price") for name in self.fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> Any:
        """Return the fields that are shown and cannot be typed into."""
        return (*self.readonly_fields, "unit_price_shown")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the order."""
        return self._may(request, "view") or self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the order, unless its source decides the items."""
        return self._may(request, "add" if obj is None else "change", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the order, unless its source decides the items."""
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing the order."""
        return self.has_change_permission(request, obj)

    def _may(self, request: HttpRequest, what: str, order: Order | None = None) -> bool:
        is_mirrored = order is not None and order.is_mirrored
        return not is_mirrored and request.user.has_perm(f"orders.{what}_order")
