"""Orders as plain rows, for lists and single answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import Combinable, RawSQL

from accounts.access import staff_may
from accounts.models import User
from orderchainer.core.db.prepared import Row, compiled, prepared
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import Window
from orders.access import VIEW_ORDERS
from orders.errors import OrderNotFound
from orders.lifecycle import blockers_among
from orders.models import Order, OrderQuerySet, listed_items

FIELDS = (
    "id",
    "uuid",
    "title",
    "description",
    "status",
    "created_at",
    "updated_at",
    "owner_id",
    "auto_activate",
    "failure_policy",
    "total_price",
    "currency",
    "link",
    "customer_name",
    "customer_email",
    "customer_phone",
    "shipping_address",
    "phone_number",
    "notes",
    "provider",
    "external_id",
    "version",
)


def rows_of(orders: OrderQuerySet) -> QuerySet[Order, Row]:
    """Return `orders` as plain rows with their `lines` and `waits`, in one statement."""
    rows: QuerySet[Order, Row] = (
        orders.with_waits()
        .annotate(lines=listed_items(product_id="product_id"))
        .values(*FIELDS, "waits", "lines")
    )
    return rows


@prepared
def _visible_rows(user_id: int, order_id: int, *, sees_all: bool) -> QuerySet[Order, Row]:
    visible = Order.objects.all().visible_to_viewer(user_id, sees_all=sees_all)
    return rows_of(visible.filter(pk=order_id))


@prepared
def _visible_rows_by_uuid(user_id: int, uuid: UUID, *, sees_all: bool) -> QuerySet[Order, Row]:
    visible = Order.objects.all().visible_to_viewer(user_id, sees_all=sees_all)
    return rows_of(visible.filter(uuid=uuid))


@prepared
def _rows_among(ids: RawSQL, *, ordering: Sequence[str | Combinable]) -> QuerySet[Order, Row]:
    return rows_of(Order.objects.filter(pk__in=ids).order_by(*ordering))


def row_for(user: User, order_id: int) -> Row:
    """Return the row of an order that `user` may see. Raises `OrderNotFound`."""
    rows = _visible_rows(user.pk, order_id, sees_all=staff_may(user, VIEW_ORDERS))
    if not rows:
        raise OrderNotFound
    return judged(rows)[0]


def row_by_uuid(user: User, order_uuid: UUID | str) -> Row:
    """Return the row of an order that `user` may see.

    Raises `OrderNotFound`, also if `order_uuid` is not a UUID.
    """
    uuid = uuid_in(order_uuid)
    rows = (
        _visible_rows_by_uuid(user.pk, uuid, sees_all=staff_may(user, VIEW_ORDERS)) if uuid else []
    )
    if not rows:
        raise OrderNotFound
    return judged(rows)[0]


def judged(rows: list[Row]) -> list[Row]:
    """Add `ready` to each row: whether no dependency holds the order up."""
    for row in rows:
        row["ready"] = not blockers_among(row["status"], row["waits"])
    return rows


@dataclass(frozen=True)
class Page:
    """A page of a list. `newest_id` is the newest order in the list when it was read."""

    rows: list[Row]
    total: int
    newest_id: int


def page_of(orders: OrderQuerySet, window: Window) -> Page:
    """Return the rows of `window` in at most two statements.

    `orders` must be ordered by named columns.
    """
    # Both statements share one compilation: the ORM takes longer to compile the query than
    # PostgreSQL to answer it.
    found = compiled(orders.order_by().values("id"))
    ordering = orders.query.order_by
    columns = ", ".join(column_of(str(term)) for term in ordering)
    # First find the ids of the page with an index alone. Otherwise the database would read whole
    # rows only to skip them.
    ids = f"{found.sql} ORDER BY {columns} LIMIT {window.limit} OFFSET {window.skip}"
    rows = judged(_rows_among(RawSQL(ids, found.params), ordering=ordering))
    total = window.total_if_known(len(rows))
    newest = max((row["id"] for row in rows), default=0)
    if total is None:
        with connection.cursor() as cursor:
            counted = f"SELECT count(*), coalesce(max(id), 0) FROM ({found.sql}) AS found"
            cursor.execute(counted, found.params)
            total, newest = cursor.fetchone()
    return Page(rows, total, newest)


def column_of(term: str) -> str:
    """Return a term of an ordering of orders as SQL."""
    name = term.removeprefix("-")
    return f'orders_order."{name}"' if name == term else f'orders_order."{name}" DESC'
