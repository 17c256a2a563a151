"""Propose that a person sends a text to an order's customer. Nothing is sent here."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F

from integrations.assistant.contracts import Asker, Tool, ToolError
from integrations.assistant.tools.naming import ORDER_ID, only_order_in
from integrations.assistant.tools.parameters import Parameters, needed_text_in
from integrations.assistant.tools.reaching import sees_orders
from notifications.access import SEND_MESSAGES
from notifications.models.messages import ContentType
from notifications.queries import messages_of, without_blocked
from orderchainer.core.db.prepared import Row
from orders.queries import row_in_project

MAX_TEXT_LENGTH = 4_000
# The channel on which a shop may write first.
FIRST_CHANNEL = "whatsapp"


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return what a person would send to `…/send`. Takes four statements at most."""
    text = needed_text_in(parameters, "text", most=MAX_TEXT_LENGTH)
    if not sees_orders(asker):
        raise ToolError("The user may not see orders here.")
    order = only_order_in(asker, parameters)
    return {
        **_to_whom(asker, order),
        "content_type": ContentType.TEXT.value,
        "content": text,
        "order_id": str(order["uuid"]),
    }


def _to_whom(asker: Asker, order: Row) -> dict[str, Any]:
    """Return recipient and provider: where we last talked about the order, else its number."""
    project = asker.project
    talked = without_blocked(messages_of(project), project).filter(order=order["id"])
    last = talked.order_by("-created_at", "-id").values(
        "channel", contact=F("conversation__contact__uuid")
    )
    for row in last[:1]:
        return {"recipient": {"contact_id": str(row["contact"])}, "provider": row["channel"]}
    phone = row_in_project(project, order["uuid"])["customer_phone"]
    if not phone:
        raise ToolError(
            f"Nobody has written about order #{order['id']}, and it has no phone number."
        )
    return {"recipient": {"phone": phone}, "provider": FIRST_CHANNEL}


TOOL = Tool(
    name="propose_message",
    description="Proposes to send a text to the customer of an order, over the channel on which "
    "they last wrote about it. Nothing is sent: the user sees the proposal and may send it.",
    parameters={
        "type": "object",
        "properties": {
            "order_id": ORDER_ID,
            "text": {
                "type": "string",
                "description": "What to send, in the customer's language, as it would be sent.",
            },
        },
        "required": ["order_id", "text"],
    },
    operation=SEND_MESSAGES,
    area="messages",
    run=run,
    proposes="send_message",
)
