"""Sorting orders along their chain."""

from collections.abc import Iterable

from orderchainer.core.db.among import among
from orders import graph
from orders.models import Order, OrderDependency


def dependencies_first(orders: Iterable[Order]) -> list[Order]:
    """Return `orders`, sorted so that each comes after its dependencies; ties by id."""
    by_id = {order.pk: order for order in orders}
    dependencies: dict[int, list[int]] = {pk: [] for pk in by_id}
    edges = OrderDependency.objects.filter(
        order_id__in=among(by_id), depends_on_id__in=among(by_id)
    )
    for order_id, dependency in edges.values_list("order_id", "depends_on_id"):
        dependencies[order_id].append(dependency)
    return [by_id[pk] for pk in graph.topological_order(by_id, dependencies)]


def dependents_first(orders: Iterable[Order]) -> list[Order]:
    """Return `orders`, sorted so that each comes before its dependencies."""
    return dependencies_first(orders)[::-1]
