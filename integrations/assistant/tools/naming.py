"""The one way in which tools find an order: as people name it, and in the project only."""

from typing import Any

from integrations.assistant.contracts import Asker, ToolError
from integrations.assistant.tools.parameters import Parameters, needed_text_in
from integrations.assistant.tools.showing import cut, name_of
from orderchainer.core.db.prepared import Row
from orders.queries import orders_named

ORDER_ID: dict[str, Any] = {
    "type": "string",
    "description": "The order, as the user calls it: its number with or without #, the shop's own "
    "name or id of it, or its UUID.",
}
MAX_LENGTH = 100


def order_in(asker: Asker, parameters: Parameters) -> tuple[Row, list[dict[str, Any]]]:
    """Return the order that the call most likely means, and others with the same name.

    The row has `id`, `uuid`, `title` and `status`. Raises `ToolError`, in the same words for an
    order of another project as for one that does not exist.
    """
    name = needed_text_in(parameters, "order_id", most=MAX_LENGTH)
    found = orders_named(asker.project, name)
    if not found:
        raise ToolError(f"There is no order {name} here.")
    first, *others = found
    return first, [
        {
            "name": name_of(row),
            "number": row["id"],
            "id": str(row["uuid"]),
            "title": cut(row["title"]),
        }
        for row in others
    ]


def only_order_in(asker: Asker, parameters: Parameters) -> Row:
    """Return the only order that the call can mean, for what a person may do to it.

    Raises `ToolError`, also if there are several.
    """
    order, others = order_in(asker, parameters)
    if others:
        raise ToolError(
            f"Several orders are called {parameters['order_id']}. Ask again with the id of one: "
            f"{order['uuid']} is #{order['id']} ({cut(order['title'])})"
            + "".join(f", {each['id']} is #{each['number']} ({each['title']})" for each in others)
            + "."
        )
    return order
