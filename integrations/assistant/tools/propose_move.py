"""Propose that a person moves an order. Nothing is moved here."""

from collections.abc import Mapping
from typing import Any

from integrations.assistant.contracts import Asker, Tool, ToolError
from integrations.assistant.tools.naming import ORDER_ID, only_order_in
from integrations.assistant.tools.parameters import Parameters, choice_in
from integrations.assistant.tools.showing import cut, name_of
from orders.access import HANDLE_ORDERS
from orders.lifecycle import Status, open_moves
from orders.queries import row_in_project


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return what a person would send to move the order. Takes two statements."""
    order = only_order_in(asker, parameters)
    status = choice_in(parameters, "status", Status.values)
    if not status:
        raise ToolError("status is missing.")
    row = row_in_project(asker.project, order["uuid"])
    moves = open_moves(row["status"], blocked=not row["ready"])
    if status not in moves:
        waits = " It waits for other orders; order_chain says which ones." * (not row["ready"])
        known = f"It can be moved to {', '.join(moves)}." if moves else "It cannot be moved at all."
        words = f"Order #{order['id']} is {row['status']} and cannot be moved to {status} now."
        raise ToolError(f"{words}{waits} {known}")
    return {
        "order_id": str(order["uuid"]),
        "name": name_of(order),
        "number": order["id"],
        "title": cut(order["title"]),
        "status": status,
    }


TOOL = Tool(
    name="propose_move",
    description="Proposes to move an order to another status. Nothing changes: the user sees the "
    "proposal and may carry it out.",
    parameters={
        "type": "object",
        "properties": {
            "order_id": ORDER_ID,
            "status": {"type": "string", "enum": Status.values},
        },
        "required": ["order_id", "status"],
    },
    operation=HANDLE_ORDERS,
    area="orders",
    run=run,
    proposes="move_order",
)
