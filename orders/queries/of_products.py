"""Orders by what is in them."""

from accounts.models import Project
from catalog.models import Product
from orderchainer.core.db.prepared import Row
from orders.models import Order, OrderItem
from orders.queries.projects import rows_in_project
from orders.queries.rows import judged


def latest_with_product(
    project: Project, product: Product, *, limit: int
) -> tuple[list[Row], bool]:
    """Return the latest orders of the project with the product, and whether there are more.

    The newest comes first. Takes one statement.
    """
    # The index on product and order has them in this sequence.
    items = OrderItem.objects.filter(product=product).order_by("-order")
    latest = items.values("order").distinct()[: limit + 1]
    orders = Order.objects.filter(project=project, pk__in=latest).order_by("-pk")
    rows = judged(list(rows_in_project(orders)))
    return rows[:limit], len(rows) > limit
