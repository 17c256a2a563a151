"""Orders of a given project for tests, made by the service."""

from typing import Any, cast

from accounts.models import Project
from orders.models import Order
from orders.services import OrderFields, create_order


def order_of(project: Project, *waits_for: Order, **fields: Any) -> Order:
    """Create an order of the project's first member that waits for `waits_for`."""
    return create_order(
        by=project.members.earliest("pk"),
        project=project,
        fields=cast(OrderFields, {"title": "An order", **fields}),
        dependencies=[order.pk for order in waits_for],
    )
