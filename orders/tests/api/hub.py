"""A project on the hub, for its tests."""

from typing import Any, cast

from rest_framework.test import APIClient

from accounts.models import Project
from orders.models import Order
from orders.services import OrderFields, create_order


def path(project: Project, *parts: object) -> str:
    """Return a path within the orders of a project."""
    return "/".join(["/api/v1/orders", str(project.uuid), *map(str, parts)])


def place(project: Project, *waits_for: Order, **fields: Any) -> Order:
    """Create an order of the project's owner."""
    order = create_order(
        by=project.memberships.get(role="owner").user,
        project=project,
        fields=cast(OrderFields, {"title": "An order", **fields}),
        dependencies=[each.pk for each in waits_for],
    )
    order.refresh_from_db()
    return order


def titles(client: APIClient, project: Project, query: str = "") -> list[str]:
    """Return the titles of the orders that a list shows."""
    response = client.get(f"{path(project)}?{query}")
    assert response.status_code == 200, response.content
    return [row["title"] for row in response.json()]
