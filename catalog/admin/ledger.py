"""The ledger of stock, and the page that proves that the stock is its sum."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from catalog.admin.shown import (
    REASON_COLOURS,
    order_link,
    product_link,
    signed,
    who,
)
from catalog.models import Product, StockMovement
from catalog.queries.inventory import stock_differences
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.panels import Panel, link, panel_of
from orderchainer.core.admin.picking import is_value_of
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin

# Each looks for something that must never happen, and lists what it found. It should find nothing.
Proof = Callable[[], Panel]
_proofs: list[Proof] = []


def proves(proof: Proof) -> Proof:
    """Register `proof` for the page that checks the ledger."""
    _proofs.append(proof)
    return proof


@proves
def stock_is_its_ledger() -> Panel:
    """List the products whose stock is not the sum of their ledger."""
    return panel_of(
        "Stock against the ledger",
        ("product", "stock", "ledger", "difference"),
        (
            (
                link(
                    reverse("admin:catalog_product_change", args=[it.product_id]),
                    f"product {it.product_id}",
                ),
                str(it.stock),
                str(it.ledger),
                signed(it.stock - it.ledger),
            )
            for it in stock_differences()
        ),
        "The stock of every product is the sum of its ledger.",
    )


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, ServiceAdmin):
    """Every change of stock, newest first, with who did it and why."""

    icon = "receipt_long"
    list_display = (
        "created_at",
        "product_shown",
        "change_shown",
        "reason_shown",
        "who_shown",
        "order_shown",
        "note",
    )
    list_display_links = ("created_at",)
    list_filter = ("reason", ("product", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("product", "by")
    list_per_page = 50
    search_fields = ("product__sku", "note")
    search_help_text = "A SKU, a part of the note, or an order's number such as #12"
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "product_shown",
        "change_shown",
        "reason_shown",
        "who_shown",
        "order_shown",
        "note",
        "created_at",
    )
    readonly_fields = fields
    actions_list = ("prove",)

    @admin.display(description="product")
    def product_shown(self, movement: StockMovement) -> SafeString:
        """The product."""
        return product_link(movement.product)

    @admin.display(description="change")
    def change_shown(self, movement: StockMovement) -> str:
        """The change with its sign."""
        return signed(movement.change)

    @display(description="reason", label=REASON_COLOURS)
    def reason_shown(self, movement: StockMovement) -> str:
        """The reason as a coloured label."""
        return movement.reason

    @admin.display(description="who")
    def who_shown(self, movement: StockMovement) -> str:
        """Who did it."""
        return who(movement)

    @admin.display(description="order")
    def order_shown(self, movement: StockMovement) -> SafeString | str:
        """The order that took it or gave it back."""
        return order_link(movement.order_id)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StockMovement], search_term: str
    ) -> tuple[Any, bool]:
        """Also find the rows of an order by its number, such as #5."""
        term = search_term.strip()
        number = term.removeprefix("#")
        order_id = StockMovement._meta.get_field("order_id")
        if number != term and number and is_value_of(order_id, number):
            return queryset.filter(order_id=number), False
        return super().get_search_results(request, queryset, search_term)

    @action(
        description="Stock against the ledger",
        url_path="check",
        icon="balance",
        permissions=["view"],
    )
    def prove(self, request: HttpRequest) -> HttpResponse:
        """Compare every product with the sum of its ledger, like `manage.py check_stock`."""
        moved = StockMovement.objects.aggregate(rows=Count("pk"), units=Sum("change"))
        panels = [proof() for proof in _proofs]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Stock against the ledger",
            "products": Product.objects.count(),
            "rows": moved["rows"],
            "units": moved["units"] or 0,
            "panels": panels,
            "is_well": not any(panel.rows for panel in panels),
        }
        return TemplateResponse(request, "admin/catalog/check.html", context)
