"""Everything about one order."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.assistant.contracts import Asker, Tool
from integrations.assistant.tools.naming import ORDER_ID, order_in
from integrations.assistant.tools.parameters import Parameters
from integrations.assistant.tools.showing import (
    MAX_TEXT_LENGTH,
    amount,
    cut,
    local,
    order_in_list,
    without_gaps,
)
from orderchainer.core.db.prepared import Row
from orders.access import VIEW_ORDERS
from orders.lifecycle import open_moves
from orders.queries import row_in_project

MAX_ITEMS = 30


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return the order, with its items and its customer. Takes two statements."""
    named, others = order_in(asker, parameters)
    row = row_in_project(asker.project, named["uuid"])
    lines = row["lines"]
    customer = {
        "name": cut(row["customer_name"]),
        "email": row["customer_email"],
        "phone": row["customer_phone"],
    }
    order = {
        **order_in_list(row, asker.project),
        "customer": without_gaps(customer),
        "external_id": row["external_id"],
        "provider": row["provider"],
        "items": [_item(line, row["currency"]) for line in lines[:MAX_ITEMS]],
        "items_in_all": len(lines),
        "fulfilled_at": local(row["fulfilled_at"], asker.project),
        "updated_at": local(row["updated_at"], asker.project),
        "is_test": row["is_test"],
        "possible_moves": list(open_moves(row["status"], blocked=not row["ready"])),
        "notes": cut(row["notes"], MAX_TEXT_LENGTH),
        "shipping_address": cut(row["shipping_address"], MAX_TEXT_LENGTH),
    }
    return without_gaps({"order": without_gaps(order), "also_called_so": others})


def _item(line: Row, currency: str) -> dict[str, Any]:
    item = {
        "name": cut(line["name"]),
        "quantity": line["quantity"],
        "price": amount(Decimal(line["unit_price"]), currency),
        "sku": line["sku"],
    }
    return without_gaps(item)


TOOL = Tool(
    name="fetch_order_details",
    description="Returns one order: status, customer, items, amounts, dates, notes, and the "
    "statuses to which it can be moved. `is_waiting` says whether other orders hold it up; "
    "order_chain says which ones. `also_called_so` are others that the user may mean instead.",
    parameters={
        "type": "object",
        "properties": {"order_id": ORDER_ID},
        "required": ["order_id"],
    },
    operation=VIEW_ORDERS,
    area="orders",
    run=run,
)
