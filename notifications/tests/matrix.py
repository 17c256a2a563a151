"""Example calls for `accounts/tests/test_matrix.py`: the conversations of a project."""

from collections.abc import Mapping
from typing import Any

from accounts.tests.matrix import Call, Scene, project_alone
from notifications.access import CHOOSE_NEWS, MANAGE_MESSAGING, SEND_MESSAGES, VIEW_MESSAGES
from notifications.channels import Person
from notifications.files import examine, stored
from notifications.models import Attachment, Message
from notifications.models.messages import FileState, MessageStatus
from notifications.services import Recipient, create_rule, receive_message, send_message
from notifications.tests.factories import ADA, incoming, make_line
from notifications.tests.stand_in import STAND_IN, connect_stand_in
from orders.models import Order
from orders.services import create_order

SEND: dict[str, Any] = {
    "recipient": {"phone": "+16505551234"},
    "content": "Hello",
    "provider": STAND_IN,
}


def message(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for an inbound message."""
    return {**project_alone(scene), "message_id": _receive(scene).uuid}


def conversation(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for its conversation."""
    return {**project_alone(scene), "conversation_id": _receive(scene).conversation.uuid}


def contact(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for its contact."""
    return {**project_alone(scene), "contact_id": _receive(scene).conversation.contact.uuid}


def connected(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a project that can send."""
    connect_stand_in(scene.team.project)
    return project_alone(scene)


def failed(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a message that failed."""
    connect_stand_in(scene.team.project)
    sent = send_message(
        project=scene.team.project,
        by=scene.team.owner,
        recipient=Recipient(phone="+16505551234"),
        channel=STAND_IN,
        content="Hello",
    )
    sent.sends.update(state="failed")
    Message.objects.filter(pk=sent.pk).update(status=MessageStatus.FAILED)
    return {**project_alone(scene), "message_id": sent.uuid}


def attachment(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a file."""
    with stored(examine(b"Hello")) as name:
        file = Attachment.objects.create(
            message=_receive(scene), state=FileState.STORED, file=name, media_type="text/plain"
        )
    return {**project_alone(scene), "attachment_id": file.uuid}


def missing_file(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a file that could not be fetched."""
    file = Attachment.objects.create(message=_receive(scene), state=FileState.FAILED)
    return {**project_alone(scene), "attachment_id": file.uuid}


def order(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for an order."""
    made = create_order(
        by=scene.team.owner, project=scene.team.project, fields={"title": "Cut"}, dependencies=[]
    )
    return {**project_alone(scene), "order_id": made.uuid}


def _receive(scene: Scene, person: Person = ADA) -> Message:
    received = receive_message(line=make_line(scene.team.project), incoming=incoming(person=person))
    assert received is not None
    return received


OTHER = "3b1d5c7e-0f2a-4c6b-8d9e-1a2b3c4d5e6f"


def two_contacts(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a contact; another one has the id `OTHER`."""
    other = _receive(scene, Person(provider_id="2")).conversation.contact
    other.uuid = OTHER
    other.save()
    return contact(scene)


RULE: dict[str, Any] = {"occasion": "order_received", "content": "Thank you!"}
# The id of an order that the scene makes.
SOLD = "6a1c4e8b-2d3f-4a5b-9c6d-7e8f9a0b1c2d"


def rule(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a rule."""
    made = create_rule(
        project=scene.team.project,
        by=scene.team.owner,
        fields={"occasion": "order_ready", "content": "Ready"},
    )
    return {**project_alone(scene), "rule_id": made.uuid}


def with_an_order(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a project that has the order `SOLD`."""
    Order.objects.filter(uuid=str(order(scene)["order_id"])).update(uuid=SOLD)
    return project_alone(scene)


def rule_and_order(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a rule of a project that has the order `SOLD`."""
    return {**with_an_order(scene), **rule(scene)}


CALLS = [
    Call("GET", "hub-notification-preferences", CHOOSE_NEWS),
    Call(
        "PATCH",
        "hub-notification-preferences",
        CHOOSE_NEWS,
        body={"inbox": {"email": True}},
    ),
    Call("GET", "hub-rules", VIEW_MESSAGES),
    Call("POST", "hub-rules", MANAGE_MESSAGING, 201, body=RULE),
    Call(
        "POST",
        "hub-rule-trial",
        MANAGE_MESSAGING,
        arguments=with_an_order,
        body={**RULE, "order_id": SOLD},
    ),
    Call("GET", "hub-rule-outcomes", VIEW_MESSAGES),
    Call("GET", "hub-rule", VIEW_MESSAGES, arguments=rule),
    Call("PATCH", "hub-rule", MANAGE_MESSAGING, arguments=rule, body={"is_active": False}),
    Call("DELETE", "hub-rule", MANAGE_MESSAGING, 204, arguments=rule),
    Call(
        "POST",
        "hub-rule-preview",
        MANAGE_MESSAGING,
        arguments=rule_and_order,
        body={"order_id": SOLD},
    ),
    Call("POST", "hub-send", SEND_MESSAGES, 201, arguments=connected, body=SEND),
    Call("GET", "hub-inbox", VIEW_MESSAGES),
    Call("GET", "hub-order-conversation", VIEW_MESSAGES, arguments=order),
    Call("GET", "hub-messages-summary", VIEW_MESSAGES),
    Call("GET", "hub-conversations", VIEW_MESSAGES),
    Call("GET", "hub-conversation", VIEW_MESSAGES, arguments=conversation),
    Call(
        "PATCH",
        "hub-conversation",
        SEND_MESSAGES,
        arguments=conversation,
        body={"status": "closed"},
    ),
    Call("GET", "hub-conversation-messages", VIEW_MESSAGES, arguments=conversation),
    Call("POST", "hub-conversation-read", SEND_MESSAGES, arguments=conversation),
    Call("GET", "hub-contacts", VIEW_MESSAGES),
    Call("GET", "hub-contact", VIEW_MESSAGES, arguments=contact),
    Call("PATCH", "hub-contact", SEND_MESSAGES, arguments=contact, body={"name": "Grace"}),
    Call(
        "POST",
        "hub-contact-merge",
        SEND_MESSAGES,
        arguments=two_contacts,
        body={"contact_id": OTHER},
    ),
    Call("GET", "hub-attachment", VIEW_MESSAGES, arguments=attachment),
    Call("POST", "hub-attachment-fetch", SEND_MESSAGES, 202, arguments=missing_file),
    Call("GET", "hub-message", VIEW_MESSAGES, arguments=message),
    Call("PATCH", "hub-message", SEND_MESSAGES, arguments=message, body={"order_id": None}),
    Call("PATCH", "hub-message-read", SEND_MESSAGES, arguments=message),
    Call("POST", "hub-message-retry", SEND_MESSAGES, 202, arguments=failed),
]

# --- Pages of the workspace -------------------------------------------------------------------


def answerable(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a conversation in which one may write."""
    line = connect_stand_in(scene.team.project)
    received = receive_message(line=line, incoming=incoming(person=ADA))
    assert received is not None
    return {**project_alone(scene), "conversation_id": received.conversation.uuid}


def failed_in_conversation(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a message that failed, with its conversation."""
    arguments = failed(scene)
    sent = Message.objects.get(uuid=str(arguments["message_id"]))
    return {**arguments, "conversation_id": sent.conversation.uuid}


def missing_file_in_conversation(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a file that could not be fetched, with its conversation."""
    arguments = missing_file(scene)
    file = Attachment.objects.get(uuid=str(arguments["attachment_id"]))
    return {**arguments, "conversation_id": file.message.conversation.uuid}


def numbered_order(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for an order, by its number."""
    made = Order.objects.get(uuid=str(order(scene)["order_id"]))
    return {**project_alone(scene), "number": made.pk}


def naming_an_order(scene: Scene) -> Mapping[str, object]:
    """Return a form that names an order."""
    return {"order": f"#{numbered_order(scene)['number']}"}


PAGES = [
    Call("GET", "inbox", VIEW_MESSAGES),
    Call("GET", "inbox-rows", VIEW_MESSAGES),
    Call("GET", "inbox-file", VIEW_MESSAGES, arguments=attachment),
    Call("GET", "conversation", VIEW_MESSAGES, arguments=conversation),
    Call(
        "POST",
        "conversation-send",
        SEND_MESSAGES,
        303,
        arguments=answerable,
        body={"key": "1", "content": "Hello"},
    ),
    Call(
        "POST",
        "conversation-draft",
        SEND_MESSAGES,
        303,
        arguments=conversation,
        body={"content": "Hel"},
    ),
    Call(
        "POST",
        "conversation-change",
        SEND_MESSAGES,
        303,
        arguments=conversation,
        body={"status": "closed", "was": "open"},
    ),
    Call(
        "POST",
        "conversation-link",
        SEND_MESSAGES,
        303,
        arguments=conversation,
        body=naming_an_order,
    ),
    Call("POST", "message-retry", SEND_MESSAGES, 303, arguments=failed_in_conversation),
    Call("POST", "file-fetch", SEND_MESSAGES, 303, arguments=missing_file_in_conversation),
    Call("GET", "order-conversation", VIEW_MESSAGES, arguments=numbered_order),
    Call("POST", "conversation-read", SEND_MESSAGES, 303, arguments=conversation),
    Call("GET", "conversation-parts", VIEW_MESSAGES, arguments=conversation),
    Call("GET", "news", CHOOSE_NEWS),
    Call("POST", "news", CHOOSE_NEWS, 303, body={"inbox": ["email"]}),
    Call("GET", "notifications", CHOOSE_NEWS),
    Call("GET", "notifications-told", CHOOSE_NEWS),
    Call("POST", "notifications-seen", CHOOSE_NEWS, 303, body={"until": "0"}),
    Call("GET", "rules", VIEW_MESSAGES),
    Call("GET", "rule-new", MANAGE_MESSAGING),
    Call(
        "POST",
        "rule-new",
        MANAGE_MESSAGING,
        303,
        body={"when": "order_ready", "channel": "any", "content": "Ready", "key": "once"},
    ),
    Call("GET", "rule-edit", MANAGE_MESSAGING, arguments=rule),
    Call(
        "POST",
        "rule-edit",
        MANAGE_MESSAGING,
        303,
        arguments=rule,
        # As it is already, so that no version is needed.
        body={
            "when": "order_ready",
            "channel": "any",
            "content": "Ready",
            "is_active": "on",
            "key": "once",
            "version": "1",
        },
    ),
    Call(
        "POST",
        "rule-switch",
        MANAGE_MESSAGING,
        303,
        arguments=rule,
        body={"active": "no"},
    ),
    Call("POST", "rule-delete", MANAGE_MESSAGING, 303, arguments=rule),
]
