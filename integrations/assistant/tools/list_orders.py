"""The orders that fit a question."""

from collections.abc import Mapping
from typing import Any

from integrations.assistant.contracts import Asker, Tool
from integrations.assistant.tools.parameters import (
    Parameters,
    choice_in,
    number_in,
    text_in,
)
from integrations.assistant.tools.showing import order_in_list
from orderchainer.core.days import days_up_to_today
from orderchainer.core.windows import Window
from orders.access import VIEW_ORDERS
from orders.lifecycle import Status
from orders.models import Order
from orders.queries import listed_in_project

MAX_ORDERS = 20
MAX_DAYS = 3650
MAX_SEARCH_LENGTH = 200


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return the newest orders that fit, and how many there are in all. Takes one statement."""
    days = number_in(parameters, "days", least=1, most=MAX_DAYS, default=30)
    period = days_up_to_today(days, asker.project.zone)
    orders = Order.objects.filter(project=asker.project).placed_within(period)
    if status := choice_in(parameters, "status", Status.values):
        orders = orders.filter(status=status)
    if search := text_in(parameters, "search", most=MAX_SEARCH_LENGTH):
        orders = orders.found_by(search)
    if parameters.get("is_waiting") is True:
        orders = orders.with_ready().filter(ready=False)  # type: ignore[misc]  # annotated
    limit = number_in(parameters, "limit", least=1, most=MAX_ORDERS, default=10)
    rows, total = listed_in_project(orders.order_by("-ordered_at", "-id"), Window(0, limit))
    return {
        "total": total,
        "days": days,
        "orders": [order_in_list(row, asker.project) for row in rows],
    }


TOOL = Tool(
    name="list_orders",
    description="Lists orders of the last days, the newest first, and says how many there are in "
    "`total`. For sums and counts use order_statistics.",
    parameters={
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": Status.values},
            "search": {
                "type": "string",
                "description": "A part of the title, of the shop's id, or of the customer's name, "
                "e-mail address or phone number.",
            },
            "is_waiting": {
                "type": "boolean",
                "description": "true for those that other orders hold up.",
            },
            "days": {
                "type": "integer",
                "description": f"How many days back, today included; 30 if missing, at most "
                f"{MAX_DAYS}.",
            },
            "limit": {"type": "integer", "description": f"10 if missing, at most {MAX_ORDERS}."},
        },
    },
    operation=VIEW_ORDERS,
    area="orders",
    run=run,
)
