"""What the first page tells of products: those of which there are few left."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from catalog.admin.shown import product_link
from catalog.models import Product
from catalog.queries.inventory import LOW_STOCK
from orderchainer.core.admin.glances import GLANCES, MAX_ROWS, Glance
from orderchainer.core.admin.panels import Panel, panel_of


def low_stock(request: HttpRequest) -> Panel | None:
    """List the products with the lowest stock, in one statement."""
    if not admin.site.get_model_admin(Product).has_view_permission(request):
        return None
    low = Product.objects.filter(is_active=True, project__is_active=True, stock__lte=LOW_STOCK)
    rows = low.select_related("project").order_by("stock", "pk")[: MAX_ROWS + 1]
    return panel_of(
        "Low stock",
        ("product", "in stock", "project"),
        ((product_link(row), str(row.stock), row.project.name) for row in rows),
        f"Every product has more than {LOW_STOCK} in stock.",
        most=MAX_ROWS,
        url=reverse("admin:catalog_product_changelist", query={"level": "low"}),
    )


GLANCES.add("low stock", Glance(3, low_stock))
