"""What a project's sockets hear about its conversations. They never get what customers wrote."""

from notifications.sockets.messages import Details
from orders.stream.models import Event


def of_message(event: Event) -> Details:
    """Tell that a message arrived, or how far one of ours got."""
    data = event.data
    inbound = data["direction"] == "inbound"
    return {
        **{
            name: data[name]
            for name in ("conversation_id", "direction", "provider", "content_type", "status")
        },
        **({"assignee_id": data["assignee_id"]} if inbound else {}),
        **({"error": data["error"]} if data["error"] else {}),
        "message": (
            f"A customer wrote over {data['provider']}"
            if inbound
            else f"A message over {data['provider']} is {data['status']}"
        ),
    }


def of_conversation(event: Event) -> Details:
    """Tell that a conversation changed, for example who cares for it."""
    data = event.data
    return {
        **{name: data[name] for name in ("provider", "status", "unread", "changes")},
        "message": f"A conversation over {data['provider']} changed",
    }
