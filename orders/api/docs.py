"""What the schema says of orders on several surfaces."""

from drf_spectacular.utils import OpenApiParameter

from orders.errors import CustomerMayOnlyCancel, MoveRefused, OrderBlocked
from orders.lifecycle import OPEN_MOVES, Status

STATUS_FILTER = OpenApiParameter(
    "status",
    enum=Status.values,
    many=True,
    description="Only orders with this status; may be repeated.",
)

# Refusals of a change.
CANCEL_ONLY = CustomerMayOnlyCancel(2, ["cancelled"])
MOVE_REFUSED = MoveRefused(2, "completed", "active", OPEN_MOVES[Status.COMPLETED])
BLOCKED = OrderBlocked(2, "active", [1], ["draft", "failed", "cancelled"])
