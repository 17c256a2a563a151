"""The bodies of orders on the envelope surface: camelCase, with the total as `price`."""

from orderchainer.core.db.prepared import Row
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import milliseconds
from orderchainer.core.money import written


def order_body(row: Row) -> Body:
    """Write one order from the plain row that `queries` reads."""
    return {
        "orderId": str(row["uuid"]),
        "title": row["title"],
        "price": written(row["total_price"], row["currency"]),
        "link": row["link"],
        "status": row["status"],
        "createdAt": milliseconds(row["created_at"]),
        "updatedAt": milliseconds(row["updated_at"]),
    }
