"""Example calls for `accounts/tests/test_matrix.py`: the conversations of a project."""

from collections.abc import Mapping

from accounts.tests.matrix import Call, Scene, project_alone
from notifications.access import VIEW_MESSAGES
from notifications.models import Message
from notifications.services import receive_message
from notifications.tests.factories import incoming, make_line
from orders.services import create_order


def message(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for an inbound message."""
    return {**project_alone(scene), "message_id": _receive(scene).uuid}


def conversation(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for its conversation."""
    return {**project_alone(scene), "conversation_id": _receive(scene).conversation.uuid}


def contact(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for its contact."""
    return {**project_alone(scene), "contact_id": _receive(scene).conversation.contact.uuid}


def order(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for an order."""
    made = create_order(
        by=scene.team.owner, project=scene.team.project, fields={"title": "Cut"}, dependencies=[]
    )
    return {**project_alone(scene), "order_id": made.uuid}


def _receive(scene: Scene) -> Message:
    received = receive_message(line=make_line(scene.team.project), incoming=incoming())
    assert received is not None
    return received


CALLS = [
    Call("GET", "hub-inbox", VIEW_MESSAGES),
    Call("GET", "hub-order-conversation", VIEW_MESSAGES, arguments=order),
    Call("GET", "hub-messages-summary", VIEW_MESSAGES),
    Call("GET", "hub-conversations", VIEW_MESSAGES),
    Call("GET", "hub-conversation", VIEW_MESSAGES, arguments=conversation),
    Call("GET", "hub-conversation-messages", VIEW_MESSAGES, arguments=conversation),
    Call("GET", "hub-contacts", VIEW_MESSAGES),
    Call("GET", "hub-contact", VIEW_MESSAGES, arguments=contact),
    Call("GET", "hub-message", VIEW_MESSAGES, arguments=message),
]
