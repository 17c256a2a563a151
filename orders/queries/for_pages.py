"""Orders for the pages of a project, which name them by their numbers."""

from collections.abc import Collection

from accounts.models import Project, User
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import MAX_ID
from orders.errors import OrderNotFound
from orders.models import Order, OrderDependency
from orders.queries.chains import waiver_of, waivers_of_each
from orders.queries.projects import rows_in_project
from orders.queries.rows import judged

# What pages show beyond the fields of the API.
_MORE = ("status_changed_at", "phone_number", "description")


def numbered_row_in_project(project: Project, number: int, *, viewer: User) -> Row:
    """Return the row of the project's order with this number, and its `waivers`.

    These are the dependencies that it no longer waits for, as `viewer` may see them. Raises
    `OrderNotFound`.
    """
    if 0 < number <= MAX_ID:
        orders = Order.objects.filter(project=project, pk=number)
        told = orders.annotate(waivers=waivers_of_each(viewer))
        for row in judged(list(rows_in_project(told, *_MORE, "waivers"))):
            return {**row, "waivers": [waiver_of(item) for item in row["waivers"]]}
    raise OrderNotFound


def numbered_rows_in_project(project: Project, numbers: Collection[int]) -> list[Row]:
    """Return the rows of the project's orders with these numbers, in one statement."""
    known = [number for number in numbers if 0 < number <= MAX_ID]
    orders = Order.objects.filter(project=project, pk__in=known).order_by("pk")
    return judged(list(rows_in_project(orders, *_MORE)))


def number_in_project(project: Project, number: int) -> int:
    """Return the number if it is that of an order of the project. Raises `OrderNotFound`."""
    if not titles_in_project(project, [number] if 0 < number <= MAX_ID else []):
        raise OrderNotFound
    return number


def awaited_by(number: int) -> list[int]:
    """Return the ids of the orders that an order waits for, waived ones included."""
    edges = OrderDependency.objects.filter(order=number).order_by("depends_on_id")
    return list(edges.values_list("depends_on_id", flat=True))


def titles_in_project(project: Project, numbers: Collection[int]) -> dict[int, str]:
    """Return the titles of those of these orders that are in the project."""
    return dict(Order.objects.filter(project=project, pk__in=numbers).values_list("pk", "title"))


def numbered_order_in_project(project: Project, number: int) -> Order:
    """Return the project's order with this number. Raises `OrderNotFound`."""
    if 0 < number <= MAX_ID:
        for order in Order.objects.filter(project=project, pk=number):
            return order
    raise OrderNotFound
