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
from notifications.services.digests import EMAIL
from notifications.sockets.audiences import AUDIENCES, Audience
from notifications.sockets.messages import MESSAGES
from notifications.ways import SOCKET, WAYS
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.bodies import register_upload_limit
from orderchainer.core.http.documented import THINGS, ErrorField, register_error_fields
from orderchainer.core.http.surfaces import HUB
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

# The file, and as many bytes beside it as any other body may have.
register_upload_limit(
    "/api/v1/messages/*/send", settings.MAX_ATTACHMENT_BYTES + settings.MAX_REQUEST_BODY_BYTES
)

SECTIONS.add("notifications", Section(place=40))
