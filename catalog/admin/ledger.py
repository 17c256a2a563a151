"""The ledger of stock, to look at, and the proof that stock is what it adds up to."""

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

# Each looks at something that must never be, and returns what it found: no row where all is well.
Proof = Callable[[], Panel]
_proofs: list[Proof] = []


def proves(proof: Proof) -> Proof:
    """Show what `proof` finds on the page of the ledger's proof."""
    _proofs.append(proof)
    return proof


@proves
def stock_is_its_ledger() -> Panel:
    """List every product whose stock is not what its ledger adds up to."""
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
        "The stock of every product is what its ledger adds up to.",
    )


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, ServiceAdmin):
    """Every change of every stock, the newest first, with who and why."""

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
        """How many more or fewer."""
        return signed(movement.change)

    @display(description="reason", label=REASON_COLOURS)
    def reason_shown(self, movement: StockMovement) -> str:
        """Why, coloured."""
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
        """Find what an order did by its number."""
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
        """Add up the ledger of every product and compare, as `manage.py check_stock` does."""
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
