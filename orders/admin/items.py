"""The items of an order, on its page."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from catalog.admin.shown import product_link
from orderchainer.core.admin.amounts import with_shown
from orderchainer.core.admin.service_admin import ServiceInline
from orderchainer.core.money import for_people
from orders.admin.forms import ItemForm, NewItemForm
from orders.models import Order, OrderItem
from orders.services.items import MAX_ITEMS

MAX_NEW_ITEMS = 100  # in one go


@dataclass(frozen=True)
class Lines:
    """What the page of an order must know of its items before it shows them."""

    count: int
    sold: int

    @property
    def are_frozen(self) -> bool:
        """Whether an item was sold from stock, so that all of them stay as they are."""
        return self.sold > 0


def lines_of(request: HttpRequest, order: Order) -> Lines:
    """Count the items of an order, once for each request: a page asks many times."""
    asked: dict[int, Lines] = request.__dict__.setdefault("lines_of_orders", {})
    if order.pk not in asked:
        asked[order.pk] = Lines(**order.items.aggregate(count=Count("pk"), sold=Count("product")))
    return asked[order.pk]


class ItemInline(ServiceInline):
    """The items of an order. Staff who may change the order may change them.

    Nobody changes those of a mirrored order, because its source decides them, nor those of an order
    that was sold from stock.
    """

    model = OrderItem
    form = ItemForm
    extra = 0
    fields = ("product_shown", "name", "sku", "unit_price", "quantity", "line_total")
    readonly_fields = ("product_shown", "line_total")
    verbose_name_plural = "items"

    def get_formset(self, request: HttpRequest, obj: Order | None = None, **kwargs: Any) -> Any:
        """Limit the number of forms. Otherwise a browser could make Django build 1,000 more.

        Where nothing can be added, the page offers no further form.
        """
        there = 0 if obj is None else lines_of(request, obj).count
        most = max(there, min(MAX_ITEMS, there + MAX_NEW_ITEMS))
        offered = most if self.has_add_permission(request, obj) else there
        if obj is None:
            kwargs["form"] = NewItemForm
        return super().get_formset(request, obj, max_num=offered, absolute_max=most, **kwargs)

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
        return for_people(item.total_price, item.order.currency)

    @admin.display(description="unit price")
    def unit_price_shown(self, item: OrderItem) -> str:
        """The unit price, where it cannot be typed into."""
        return for_people(item.unit_price, item.order.currency)

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
        """As for the order, unless its items stay as they are."""
        return self._may(request, "add" if obj is None else "change", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the order, unless its items stay as they are."""
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing the order."""
        return self.has_change_permission(request, obj)

    def _may(self, request: HttpRequest, what: str, order: Order | None = None) -> bool:
        if not request.user.has_perm(f"orders.{what}_order"):
            return False
        return order is None or not (order.is_mirrored or lines_of(request, order).are_frozen)
