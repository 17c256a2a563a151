"""What the pages of the catalogue share: links, pictures, the ledger, the project to suggest."""

from collections.abc import Mapping

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Project, User
from catalog.models import Product, StockMovement
from catalog.queries.inventory import movements_of
from orderchainer.core.admin.panels import MAX_ROWS, Panel, label, link, panel_of
from orderchainer.core.admin.readers_zone import moment

Reason = StockMovement.Reason

REASON_COLOURS: Mapping[str, str] = {
    Reason.INITIAL: "info",
    Reason.RECEIVED: "success",
    Reason.ADJUSTED: "warning",
    Reason.IMPORTED: "info",
    Reason.SOLD: "primary",
    Reason.RETURNED: "success",
}


def project_to_suggest() -> dict[str, int]:
    """Return the first value of a form's `project`: the storefront's, if there is one."""
    project = Project.objects.filter(is_storefront=True).first()
    return {"project": project.pk} if project else {}


def product_link(product: Product) -> SafeString:
    """Return a link to a product's page."""
    url = reverse("admin:catalog_product_change", args=[product.pk])
    return link(url, str(product))


def order_link(order_id: int | None) -> SafeString | str:
    """Return a link to an order's page. This app knows no orders, so it shows only the number."""
    if order_id is None:
        return "-"
    return link(reverse("admin:orders_order_change", args=[order_id]), f"#{order_id}")


def picture_of(product: Product, side: int) -> SafeString | str:
    """Return the product's picture in a square of `side` pixels."""
    if not product.image:
        return "-"
    return format_html(
        '<img src="{}" alt="" width="{side}" height="{side}" loading="lazy" '
        'class="rounded-default object-cover" style="width: {side}px; height: {side}px">',
        product.image.url,
        side=side,
    )


def signed(change: int) -> str:
    """Return a change with its sign."""
    return f"{change:+d}"


def who(movement: StockMovement) -> str:
    """Return who did it: a person, or an order."""
    if movement.by is not None:
        return movement.by.email
    return "an order" if movement.order_id is not None else "-"


def ledger_of(product: Product, viewer: User) -> Panel:
    """List the ledger of a product, newest first."""
    sees_orders = viewer.has_perm("orders.view_order")
    return panel_of(
        "Ledger",
        ("when", "change", "reason", "who", "order", "note"),
        (
            (
                moment(row.created_at),
                signed(row.change),
                label(row.reason, REASON_COLOURS),
                who(row),
                order_link(row.order_id)
                if sees_orders
                else (f"#{row.order_id}" if row.order_id else "-"),
                row.note or "-",
            )
            for row in movements_of(product)[: MAX_ROWS + 1]
        ),
        "No stock movements yet.",
    )
