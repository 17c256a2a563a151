"""Orders as a file for spreadsheets."""

from collections.abc import Iterator

from orderchainer.core.db.planning import planned_for_values
from orderchainer.core.db.prepared import Row
from orderchainer.core.moments import seconds
from orderchainer.core.money import written
from orderchainer.core.sheets import BYTE_ORDER_MARK, lines_of, safe_cell
from orders.lifecycle import state_in_chain
from orders.models import OrderQuerySet
from orders.queries.boards import assignee_in
from orders.queries.projects import rows_in_project

COLUMNS = (
    *("number", "title", "status", "chain", "held_up_by"),
    *("customer", "customer_email", "customer_phone", "shipping_address"),
    *("items", "total", "currency", "assignee", "source", "external_id", "is_test"),
    *("ordered_at", "status_changed_at", "updated_at", "fulfilled_at", "notes"),
)
# How many rows we read, write and send at a time.
CHUNK = 500
_MORE = ("status_changed_at", "phone_number")


def export_orders(orders: OrderQuerySet, *, is_narrowed: bool) -> Iterator[str]:
    """Write orders of a project as CSV, oldest first, and yield it in parts.

    Each part takes one statement. So many orders do not fill the memory, and no transaction stays
    open while a slow client reads. `is_narrowed` tells whether filters have selected them.
    """
    yield BYTE_ORDER_MARK + lines_of([COLUMNS])
    after = 0
    while rows := _rows_after(after, orders, is_narrowed=is_narrowed):
        after = rows[-1]["id"]
        yield lines_of(_cells(row) for row in rows)
        if len(rows) < CHUNK:
            break


def _rows_after(number: int, orders: OrderQuerySet, *, is_narrowed: bool) -> list[Row]:
    following = orders.filter(pk__gt=number).order_by("pk")
    with planned_for_values(is_narrowed):
        return list(rows_in_project(following, *_MORE)[:CHUNK])


def _cells(row: Row) -> list[str]:
    state = state_in_chain(row["status"], row["waits"])
    values = {
        "number": str(row["id"]),
        "title": row["title"],
        "status": row["status"],
        "chain": state[0].value if state else "",
        "held_up_by": " ".join(map(str, state[1])) if state else "",
        "customer": row["customer_name"],
        "customer_email": row["customer_email"],
        "customer_phone": row["customer_phone"] or row["phone_number"],
        "shipping_address": row["shipping_address"],
        "items": "\n".join(_item(line) for line in row["lines"]),
        "total": written(row["total_price"], row["currency"]),
        "currency": row["currency"],
        "assignee": assignee_in(row),
        "source": row["provider"],
        "external_id": row["external_id"],
        "is_test": "true" if row["is_test"] else "false",
        **{
            name: seconds(row[name]) if row[name] else ""
            for name in ("ordered_at", "status_changed_at", "updated_at", "fulfilled_at")
        },
        "notes": row["notes"],
    }
    return [safe_cell(values[name] or "") for name in COLUMNS]


def _item(line: Row) -> str:
    sku = f" ({line['sku']})" if line["sku"] else ""
    return f"{line['quantity']} × {line['name']}{sku}"  # noqa: RUF001  (a sign of multiplication)
