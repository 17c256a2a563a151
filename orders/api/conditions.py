"""The version of an order: every surface sends it as `ETag` and reads it from `If-Match`."""

from rest_framework.request import Request

from accounts.callers import caller_of
from orderchainer.core.db.prepared import Row
from orderchainer.core.http.conditional import etag_of, require_match
from orders import queries
from orders.models import Order
from orders.services import Precondition


def etag_of_row(row: Row) -> str:
    """Return the entity tag of an order's row.

    `ready` is part of it, because it changes when other orders change.
    """
    return etag_of("order", row["id"], row["version"], ready=row["ready"])


def precondition_of(request: Request) -> Precondition | None:
    """Return a check that the order still has the tag in `If-Match`; None without the header."""
    if "If-Match" not in request.headers:
        return None

    def require_unchanged(order: Order) -> None:
        row = queries.row_for(caller_of(request), order.pk)
        require_match(request, etag_of_row(row))

    return require_unchanged
