"""The stock that orders hold, on their pages and on the page that checks the ledger."""

from django.urls import reverse

from catalog.admin.ledger import proves
from catalog.admin.shown import product_link
from catalog.models import Product
from orderchainer.core.admin.panels import MAX_ROWS, Panel, link, panel_of
from orders.admin.shown import order_link
from orders.holds import held_by, wrong_holds
from orders.models import Order


@proves
def orders_hold_what_they_sold() -> Panel:
    """List the orders that hold more or less than they should."""
    return panel_of(
        "Stock that orders hold",
        ("order", "product", "holds", "should hold"),
        (
            (
                order_link(it.order_id, None),
                link(
                    reverse("admin:catalog_product_change", args=[it.product_id]),
                    f"product {it.product_id}",
                ),
                str(it.held),
                str(it.due),
            )
            for it in wrong_holds()
        ),
        "Every order holds what it sold, or nothing if it failed or was cancelled.",
    )


def held_stock(order: Order) -> Panel:
    """List the stock that the order holds or has given back."""
    held = held_by(order.pk)
    products = Product.objects.in_bulk(list(held)[: MAX_ROWS + 1])
    return panel_of(
        "Stock it holds",
        ("product", "held", "left in stock"),
        (
            (
                product_link(product),
                str(held[pk]) if held[pk] else "given back",
                str(product.stock),
            )
            for pk, product in products.items()
        ),
    )
