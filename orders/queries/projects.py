"""The orders of a project, for the people who run it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Cast, JSONObject

from accounts.models import Project, User
from orderchainer.core.db.prepared import Row, compiled, prepared
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import Window
from orders.errors import OrderNotFound
from orders.graph import ListOf
from orders.models import Order, OrderDependency, OrderQuerySet, listed_items
from orders.queries.rows import column_of, judged

PROJECT_FIELDS = (
    *("id", "uuid", "external_id", "provider", "status", "is_test"),
    *("customer_name", "customer_email", "customer_phone", "shipping_address"),
    *("total_price", "currency", "ordered_at", "fulfilled_at", "updated_at"),
    *("title", "link", "notes", "auto_activate", "failure_policy", "source_details", "version"),
    *("assignee__uuid", "assignee__first_name", "assignee__last_name", "assignee__email"),
)


def rows_in_project(orders: OrderQuerySet, *more: str) -> QuerySet[Order, Row]:
    """Return `orders` as the people who run their project see them, in one statement.

    Like `rows_of`, with the `uuids` of the dependencies by ascending id; the `lines` name products
    by their UUIDs. `more` are annotations to return.
    """
    edges = OrderDependency.objects.filter(order=OuterRef("pk")).order_by("depends_on_id")
    rows: QuerySet[Order, Row] = (
        orders.with_waits()
        .annotate(
            uuids=ListOf(edges.values(item=JSONObject(uuid=Cast("depends_on__uuid", CharField())))),
            lines=listed_items(product=Cast("product__uuid", CharField())),
        )
        .values(*PROJECT_FIELDS, "waits", "uuids", "lines", *more)
    )
    return rows


@prepared
def _row_in_project(project_id: int, uuid: UUID) -> QuerySet[Order, Row]:
    return rows_in_project(Order.objects.filter(project=project_id, uuid=uuid))


@prepared
def _listed_in_project(
    total: RawSQL, ids: RawSQL, *, ordering: Sequence[str | Combinable]
) -> QuerySet[Order, Row]:
    listed = Order.objects.filter(pk__in=ids).annotate(total=total).order_by(*ordering)
    return rows_in_project(listed, "total")


def row_in_project(project: Project, order_uuid: UUID | str) -> Row:
    """Return the row of an order of the project.

    Raises `OrderNotFound`, also if `order_uuid` is not a UUID.
    """
    uuid = uuid_in(order_uuid)
    rows = _row_in_project(project.pk, uuid) if uuid else []
    if not rows:
        raise OrderNotFound
    return judged(rows)[0]


def order_id_in_project(project: Project, order_uuid: UUID | str) -> int:
    """Return the id of an order of the project.

    Raises `OrderNotFound`, also if `order_uuid` is not a UUID.
    """
    if uuid := uuid_in(order_uuid):
        found = Order.objects.filter(project=project, uuid=uuid)
        for order_id in found.values_list("pk", flat=True):
            return order_id
    raise OrderNotFound


def listed_in_project(orders: OrderQuerySet, window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many there are in all, in one statement.

    `orders` must be ordered by columns of the table itself. No two orders may be equal in all of
    these columns.
    """
    ordering = orders.query.order_by
    found = compiled(orders.order_by().values("pk"))
    total = RawSQL(f"SELECT count(*) FROM ({found.sql}) AS found", found.params)
    rows = judged(_listed_in_project(total, _window_of(found, ordering, window), ordering=ordering))
    length = rows[0].pop("total") if rows else 0
    return rows[1:] if window.skip else rows, length


def _window_of(found: RawSQL, ordering: Sequence[str | Combinable], window: Window) -> RawSQL:
    """Return the ids of the window and, if it begins later, the id of the first order of the list.

    That order's row carries the total if the window lies beyond the end of the list.
    """
    columns = ", ".join(column_of(str(term)) for term in ordering)
    listed = f"{found.sql} ORDER BY {columns}"
    page = f"SELECT * FROM ({listed} LIMIT {window.limit} OFFSET {window.skip}) AS page"
    if not window.skip:
        return RawSQL(page, found.params)
    first = f"SELECT * FROM ({listed} LIMIT 1) AS first"
    return RawSQL(f"{page} UNION ALL {first}", [*found.params, *found.params])


def ids_by_uuid(
    user: User, uuids: Collection[UUID], *, order_id: int | None = None
) -> dict[UUID, int]:
    """Return the ids of the orders with these UUIDs that `user` sees, or that `order_id` waits for.

    An order may wait for one that the user cannot see. They may still send back the UUID of that
    one.
    """
    if not uuids:
        return {}
    orders = Order.objects.filter(uuid__in=uuids)
    visible = orders.visible_to(user)
    if order_id is not None:
        awaited = OrderDependency.objects.filter(order=order_id, depends_on=OuterRef("pk"))
        visible = visible | orders.filter(Exists(awaited))
    return dict(visible.values_list("uuid", "pk"))
