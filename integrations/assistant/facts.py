"""What we tell a model beforehand: about the project, the order in question, and what was said.

About an order we tell what the tools say of it. So a model sees orders in one form only, and only
what the user may see.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.queries import require_operation
from integrations.assistant import tools
from integrations.assistant.contracts import Asker, ToolError
from integrations.assistant.toolbox import run_tool
from notifications.access import VIEW_MESSAGES
from notifications.models import Message
from notifications.models.messages import Direction
from notifications.queries import messages_of
from orderchainer.core.errors import DomainError
from orders.queries import order_id_in_project

TOOLS_ABOUT_ORDERS = ("fetch_order_details", "order_chain")
MAX_MESSAGES = 20
MAX_MESSAGE_LENGTH = 1_000


def facts_of_project(asker: Asker) -> Mapping[str, Any]:
    """Return what every question may depend on: whose project it is, and what time it is there."""
    project = asker.project
    now = timezone.now().astimezone(project.zone)
    return {
        "name": project.name,
        "currency": project.currency,
        "time": now.isoformat(timespec="minutes"),
        "time_zone": project.timezone,
    }


def facts_of_order(asker: Asker, order_id: UUID | None) -> Mapping[str, Any]:
    """Return what the tools tell of an order, by the name of the tool; nothing without an order.

    Raises `OrderNotFound` if the project has no such order.
    """
    if order_id is None:
        return {}
    order_id_in_project(asker.project, order_id)
    facts: dict[str, Any] = {}
    for tool in tools.TOOLS:
        if tool.name in TOOLS_ABOUT_ORDERS and asker.reaches(tool.area):
            try:
                require_operation(asker.user, asker.project, tool.operation)
                facts[tool.name] = run_tool(tool, asker, {"order_id": str(order_id)})
            except (DomainError, ToolError) as exc:
                facts[tool.name] = {"error": str(exc)}
    return facts


def conversation_about(
    asker: Asker, order_id: UUID | None, conversation_id: int | None = None
) -> Sequence[Mapping[str, Any]]:
    """Return the last messages of a conversation, or of those about an order, oldest first.

    Each is `{"from": "customer" or "shop", "text", "at"}`. It is empty for users who may not read
    messages.
    """
    if not asker.reaches("messages"):
        return []
    try:
        require_operation(asker.user, asker.project, VIEW_MESSAGES)
    except DomainError:
        return []
    of_project = messages_of(asker.project)
    talks: Any
    if conversation_id is not None:
        talks = [conversation_id]
    elif order_id is not None:
        talks = of_project.filter(order__uuid=order_id).order_by().values("conversation")
    else:
        return []
    latest = of_project.filter(conversation__in=talks, deleted_at=None).exclude(content="")
    rows = latest.order_by("-written_at", "-id")[:MAX_MESSAGES]
    return [_shown(message) for message in reversed(rows)]


def _shown(message: Message) -> Mapping[str, Any]:
    return {
        "from": "customer" if message.direction == Direction.INBOUND else "shop",
        "text": message.content[:MAX_MESSAGE_LENGTH],
        "at": message.written_at.isoformat(timespec="minutes"),
    }
