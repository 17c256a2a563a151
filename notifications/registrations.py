"""What notifications registers with core; see `orderchainer.core.registry`."""

from django.conf import settings

from accounts.scopes import AREAS

# Import the errors too: the OpenAPI document lists the codes of those that are loaded by then.
from notifications import (  # noqa: F401 (they register)
    access,
    digest_mail,
    errors,
    mail,
    socket_messages,
)
from notifications.access import VIEW_MESSAGES
from notifications.events import CONVERSATION, MESSAGE, EventType
from notifications.models import Conversation
from notifications.models.messages import MessageStatus
from notifications.pages.asking import ways_to_ask
from notifications.pages.bell import new_at_the_bell, unread_in_the_inbox
from notifications.services.digests import EMAIL
from notifications.sockets.audiences import AUDIENCES, Audience
from notifications.sockets.messages import MESSAGES
from notifications.ways import SOCKET, WAYS
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.bodies import register_upload_limit
from orderchainer.core.http.documented import THINGS, ErrorField, register_error_fields
from orderchainer.core.http.surfaces import HUB
from orderchainer.core.web.live import FEEDS, PERSON_FEED, PROJECT_FEED, Feed
from orderchainer.core.web.looks import LOOKS, Look
from orderchainer.core.web.navigation import CORNER, NAVIGATION, Count, Item
from orderchainer.core.web.panels import PANELS, Panel
from orders.pages.questions import WAYS_TO_ASK
from orders.stream.queries import stream_head
from orders.stream.types import register_types

register_types(EventType)
OF_MESSAGES = Audience(VIEW_MESSAGES, "messages")
AUDIENCES.add(MESSAGE, OF_MESSAGES)
AUDIENCES.add(CONVERSATION, OF_MESSAGES)
MESSAGES.add(EventType.MESSAGE_RECEIVED, socket_messages.of_message)
MESSAGES.add(EventType.MESSAGE_STATUS_CHANGED, socket_messages.of_message)
MESSAGES.add(EventType.CONVERSATION_CHANGED, socket_messages.of_conversation)

WAYS.add(SOCKET.name, SOCKET)
WAYS.add(EMAIL.name, EMAIL)

AREAS.add("messages", "a project's conversations with its customers")
THINGS.add("messages", "What is said between a project and its customers.")
register_error_fields(
    HUB,
    allowed=ErrorField("words", "The content types that may be sent instead."),
    invitation=ErrorField("text", "The link by which the customer opens the chat; may be empty."),
    max_length=ErrorField("number", "How long the text may be, in the provider's characters."),
    length=ErrorField("number", "How long it is."),
)

# The file, and as many bytes besides it as any other body may have.
register_upload_limit(
    "/api/v1/messages/*/send", settings.MAX_ATTACHMENT_BYTES + settings.MAX_REQUEST_BODY_BYTES
)
register_upload_limit(
    "/app/*/inbox/*/send", settings.MAX_ATTACHMENT_BYTES + settings.MAX_REQUEST_BODY_BYTES
)

# What the pages of a project follow.
FEEDS.add(PROJECT_FEED, Feed(lambda project_id: f"/ws/projects/{project_id}/", stream_head))
# What the pages of a customer's orders follow.
FEEDS.add(PERSON_FEED, Feed(lambda user_id: f"/ws/notifications/{user_id}/", stream_head))

WAYS_TO_ASK.add("channels", ways_to_ask)

NAVIGATION.add(
    "inbox",
    Item(
        "Inbox",
        "inbox",
        "view_messages",
        place=20,
        key="i",
        count=Count("unread", unread_in_the_inbox),
    ),
)
CORNER.add(
    "notifications",
    Item(
        "Notifications",
        "bell",
        "choose_news",
        place=10,
        also=("news",),
        count=Count("new", new_at_the_bell),
        tells="notifications-told",
    ),
)

# How far a message got. "failed" looks as it does for orders.
LOOKS.add(MessageStatus.QUEUED, Look("clock", "slate"))
LOOKS.add(MessageStatus.SENT, Look("check", "slate"))
LOOKS.add(MessageStatus.DELIVERED, Look("check-check", "slate"))
LOOKS.add(MessageStatus.READ, Look("check-check", "teal"))
LOOKS.add(MessageStatus.UNCERTAIN, Look("triangle-alert", "amber"))
# What a conversation is, and what it needs.
LOOKS.add(Conversation.Status.OPEN, Look("inbox", "blue"))
LOOKS.add(Conversation.Status.SNOOZED, Look("moon", "violet"))
LOOKS.add(Conversation.Status.CLOSED, Look("circle-check", "grey"))
LOOKS.add("unread", Look("message-square", "teal"))
LOOKS.add("waiting", Look("hourglass", "amber"))

PANELS.add(("order-page", "order-conversation"), Panel("Conversation", "view_messages", place=10))
PANELS.add(("account-preferences", "own-news"), Panel("What you are told", None, place=10))

NAVIGATION.add("rules", Item("Automatic messages", "mail", "view_messages", place=65))

LOOKS.add("switched on", Look("circle-check", "green"))
LOOKS.add("switched off", Look("circle-dashed", "slate"))
LOOKS.add("skipped", Look("ban", "grey"))

SECTIONS.add("notifications", Section(place=40))
