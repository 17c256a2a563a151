"""What the schema says of `/api/v1/messages`. Where the hub document has examples, we use them."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import IdempotencyKeyReused, ProjectNotFound, RoleNotEnough
from notifications.access import SEND_MESSAGES
from notifications.api.hub.serializers import (
    ContactChangesInput,
    ContactOutput,
    ConversationChangesInput,
    ConversationOutput,
    MergeInput,
    MessageChanges,
    MessageOutput,
    MessagesSummaryOutput,
    NewMessage,
    NewMessageWithFile,
)
from notifications.errors import (
    AttachmentNotFound,
    CannotFetch,
    CannotRetry,
    ContactNeeded,
    ContactNotFound,
    ContactUnreachable,
    ConversationNotFound,
    LineUnusable,
    MessageNotFound,
    SuggestionUsed,
    WindowClosed,
)
from notifications.models import Conversation
from notifications.models.messages import Direction, Sentiment, Urgency
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    DAYS,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    JSON,
    NOT_MODIFIED,
    PAGE_WINDOW,
    UPLOAD,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)
from orders.errors import OrderNotFound

Example = dict[str, Any]

PROJECT = "0b8f6a52-6d0c-4f0e-9a65-5f7c1de0a001"
ORDER = "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11"
MESSAGE = "3c5e7a90-1b2d-4f6a-8c9e-0d1f2a3b4c5d"
CONVERSATION = "7e2a9c41-5d3b-4a8f-b6c0-9f1e8d7c6b5a"
CONTACT = "1e0d9c8b-7a6f-4e5d-8c4b-3a2f1e0d9c8b"
INTEGRATION = "4d1f6c2e-90a7-4b5c-8e35-6a0d5f2b1c01"
PERSON = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"

MESSAGE_EXAMPLE: Example = {
    "id": MESSAGE,
    "project_id": PROJECT,
    "order_id": ORDER,
    "direction": "inbound",
    "provider": "whatsapp",
    "content": "Where is my order?",
    "sender": {"phone": "+1234567890", "name": "John Doe"},
    "is_read": False,
    "ai_generated": False,
    "created_at": "2025-01-12T10:00:00Z",
    "recipient": {"phone": None, "name": "My Store"},
    "content_type": "text",
    "details": {},
    "status": "received",
    "error": None,
    "error_code": None,
    "attachments": [],
    "conversation_id": CONVERSATION,
    "author": None,
    "reply_to": None,
    "reaction": None,
    "sentiment": None,
    "urgency": None,
    "edited_at": None,
    "deleted_at": None,
    "written_at": "2025-01-12T09:59:58Z",
}
SEND_EXAMPLE: Example = {
    "recipient": {"phone": "+1234567890", "name": "John Doe"},
    "content": "Your order has been shipped!",
    "provider": "whatsapp",
    "content_type": "text",
    "order_id": ORDER,
}
TEMPLATE_EXAMPLE: Example = {
    "recipient": {"contact_id": CONTACT},
    "provider": "whatsapp",
    "content_type": "template",
    "template": {"name": "order_shipped", "language": "en_US", "parameters": ["#1234"]},
}
DOCUMENT_EXAMPLE: Example = {
    "recipient": {"user_id": "90071992547"},
    "provider": "telegram",
    "content_type": "document",
    "content": "Your invoice",
    "attachment": {"link": "https://yourstore.example.com/1234.pdf", "filename": "1234.pdf"},
}
FILE_EXAMPLE: Example = {
    "recipient": {"phone": "+1234567890", "name": "John Doe"},
    "provider": "whatsapp",
    "content_type": "document",
    "content": "Your invoice",
    "file": "(the file's bytes)",
}
SENT_EXAMPLE: Example = {
    **MESSAGE_EXAMPLE,
    "direction": "outbound",
    "content": "Your order has been shipped!",
    "sender": {"phone": None, "name": "My Store"},
    "recipient": {"phone": "+1234567890", "name": "John Doe"},
    "status": "queued",
    "author": {"id": PERSON, "name": "Ada Lovelace"},
    "written_at": "2025-01-12T10:00:00Z",
}
CONVERSATION_EXAMPLE: Example = {
    "id": CONVERSATION,
    "project_id": PROJECT,
    "contact": {
        "id": CONTACT,
        "name": "John Doe",
        "phone": "+1234567890",
        "username": None,
        "is_blocked": False,
    },
    "provider": "whatsapp",
    "integration_id": INTEGRATION,
    "status": "open",
    "snoozed_until": None,
    "assignee": {"id": PERSON, "name": "Ada Lovelace"},
    "unread": 1,
    "last_activity_at": "2025-01-12T10:00:00Z",
    "window_until": "2025-01-13T09:59:58Z",
    "last_message": {
        "id": MESSAGE,
        "direction": "inbound",
        "content_type": "text",
        "content": "Where is my order?",
    },
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:00:00Z",
}
CONTACT_EXAMPLE: Example = {
    "id": CONTACT,
    "project_id": PROJECT,
    "name": "John Doe",
    "language": "en",
    "notes": "",
    "is_blocked": False,
    "is_stopped": False,
    "stopped_at": None,
    "addresses": [
        {
            "provider": "whatsapp",
            "integration_id": INTEGRATION,
            "user_id": "1234567890",
            "phone": "+1234567890",
            "username": None,
            "is_reachable": True,
        }
    ],
    "conversations": [{"id": CONVERSATION, "provider": "whatsapp"}],
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:00:00Z",
}
SUMMARY_EXAMPLE: Example = {
    "period_days": 30,
    "total_messages": 42,
    "inbound": 25,
    "outbound": 17,
    "unread": 3,
    "by_provider": {"whatsapp": 30, "telegram": 12},
    "by_status": {"received": 25, "sent": 2, "delivered": 5, "read": 9, "failed": 1},
    "ai_generated": 4,
    "average_first_response_seconds": 540.5,
    "median_first_response_seconds": 312.0,
    "conversations": 11,
}
PROVIDER = OpenApiParameter(
    "provider",
    OpenApiTypes.STR,
    many=True,
    description="Only this provider, such as `whatsapp`; may be repeated.",
)
FILTERS = [
    DAYS,
    OpenApiParameter(
        "direction",
        OpenApiTypes.STR,
        enum=Direction.values,
        many=True,
        description="Only messages in this direction.",
    ),
    OpenApiParameter(
        "sentiment",
        OpenApiTypes.STR,
        enum=Sentiment.values,
        many=True,
        description="Only messages that sound like this; may be repeated.",
    ),
    OpenApiParameter(
        "urgency",
        OpenApiTypes.STR,
        enum=Urgency.values,
        many=True,
        description="Only messages of this urgency; may be repeated.",
    ),
    PROVIDER,
    OpenApiParameter("order_id", OpenApiTypes.UUID, description="Only messages about this order."),
    OpenApiParameter(
        "is_read",
        OpenApiTypes.BOOL,
        description="Only inbound messages that somebody has read, or that nobody has.",
    ),
    OpenApiParameter(
        "conversation", OpenApiTypes.UUID, description="Only messages of this conversation."
    ),
    OpenApiParameter(
        "search",
        description="Only messages with this text, or with contacts who have it in their name or "
        "number.",
    ),
]
CONVERSATION_FILTERS = [
    OpenApiParameter(
        "status",
        OpenApiTypes.STR,
        enum=Conversation.Status.values,
        many=True,
        description="Only conversations with this status; may be repeated.",
    ),
    PROVIDER,
    OpenApiParameter(
        "assignee",
        description="Only conversations that this user cares for: an id, `me`, or `none` for those "
        "without an assignee.",
    ),
    OpenApiParameter(
        "unread",
        OpenApiTypes.BOOL,
        description="Only conversations with unread messages, or without.",
    ),
    OpenApiParameter(
        "blocked",
        OpenApiTypes.BOOL,
        description="`true` for the conversations with blocked contacts.",
    ),
    OpenApiParameter(
        "search", description="Only conversations with contacts who have this in name or number."
    ),
]


def _id(name: str, what: str) -> OpenApiParameter:
    return OpenApiParameter(
        name, OpenApiTypes.UUID, OpenApiParameter.PATH, description=f"The {what}'s id."
    )


ORDER_ID = _id("order_id", "order")
MESSAGE_ID = _id("message_id", "message")
CONVERSATION_ID = _id("conversation_id", "conversation")
CONTACT_ID = _id("contact_id", "contact")
WRONG_PAGE = Invalid({"page": ["Must be a whole number from 1 to 2147483647."]})
MAY_NOT_SEND = RoleNotEnough(SEND_MESSAGES.name)
CANNOT_GO_OUT = (
    LineUnusable("The project is not connected to WhatsApp."),
    WindowClosed(allowed=["template"]),
    ContactUnreachable("The contact is blocked. Unblock them first."),
)
WRONG_DAYS = Invalid({"days": ["Must be a whole number from 1 to 3650."]})

GET_INBOX = extend_schema(
    operation_id="hub_get_inbox",
    summary="Get the inbox",
    description=(
        "The messages of the last `days`, inbound and outbound, the newest first by the time of "
        "arrival. The days are the project's calendar days, of which today is the last. Filters "
        "combine. An empty parameter is ignored. What blocked contacts write is left out."
    ),
    parameters=[PROJECT_ID, *PAGE_WINDOW, *FILTERS],
    responses={
        200: MessageOutput(many=True),
        **errors_of("hub", WRONG_DAYS, ProjectNotFound()),
    },
    examples=[answer_example("A message", MESSAGE_EXAMPLE)],
)

SEND_MESSAGE = extend_schema(
    operation_id="hub_send_message",
    summary="Send a message",
    description=(
        "Queues a message to a customer, and answers at once with the status `queued`. A worker "
        "sends it; messages of a conversation go out in their order. Follow the project's "
        "WebSocket, or read the message again, to see how far it got.\n\n"
        "The recipient is a phone number, a contact (`contact_id`), or the provider's own key of a "
        "person (`user_id`). A text that is too long for the provider is refused, or split where "
        "the provider lets it arrive in parts. Outside the hours in which a provider lets you "
        "write freely, the refusal `WINDOW_CLOSED` names what may be sent instead. Where customers "
        "must write first, `CONTACT_NEEDED` has the link by which they do.\n\n"
        "An image or a document comes as an https link in JSON, or as a file in "
        "`multipart/form-data`. In such a form, `recipient` is its JSON. A file has at most "
        "`MAX_ATTACHMENT_BYTES`, and less where the provider takes less. Its type is what we find "
        "by its content, and pictures are drawn anew with at most 2048 pixels on each side."
    ),
    request={JSON: NewMessage, UPLOAD: NewMessageWithFile},
    parameters=[PROJECT_ID, IDEMPOTENCY_KEY],
    responses={
        201: MessageOutput,
        **errors_of(
            "hub",
            Invalid({"content": ["A text on WhatsApp has at most 4096 characters."]}),
            MAY_NOT_SEND,
            ProjectNotFound(),
            ContactNotFound(),
            *CANNOT_GO_OUT,
            SuggestionUsed(),
            ContactNeeded(channel="Telegram", invitation="https://t.me/my_store_bot?start=abc"),
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example("A text", SEND_EXAMPLE, media_type=JSON),
        request_example("A template", TEMPLATE_EXAMPLE, media_type=JSON),
        request_example("A document by its link", DOCUMENT_EXAMPLE, media_type=JSON),
        request_example("A document as a file", FILE_EXAMPLE, media_type=UPLOAD),
        answer_example("The message", SENT_EXAMPLE, status=201),
    ],
)

GET_MESSAGE = extend_schema(
    operation_id="hub_get_message",
    summary="Get a message",
    description="One message, however old it is.",
    parameters=[PROJECT_ID, MESSAGE_ID],
    responses={200: MessageOutput, **errors_of("hub", ProjectNotFound(), MessageNotFound())},
    examples=[answer_example("The message", MESSAGE_EXAMPLE)],
)

GET_CONVERSATION_OF_ORDER = extend_schema(
    operation_id="hub_get_conversation",
    summary="Get what was said about an order",
    description=(
        "The messages about an order over all providers, the oldest first by the time at which "
        "they were written."
    ),
    parameters=[PROJECT_ID, ORDER_ID, *PAGE_WINDOW],
    responses={
        200: MessageOutput(many=True),
        **errors_of("hub", WRONG_PAGE, ProjectNotFound(), OrderNotFound()),
    },
    examples=[answer_example("A question", MESSAGE_EXAMPLE)],
)

GET_SUMMARY = extend_schema(
    operation_id="hub_get_messages_summary",
    summary="Get the figures of a project's messages",
    description=(
        "What was written in the last `days`. The days are the project's calendar days, of which "
        "today is the last. Messages with blocked contacts do not count. A customer waits from "
        "the first message that follows none of their own until a member answers; messages that "
        "rules send, and those that failed, are no answers."
    ),
    parameters=[PROJECT_ID, DAYS],
    responses={200: MessagesSummaryOutput, **errors_of("hub", WRONG_DAYS, ProjectNotFound())},
    examples=[answer_example("Thirty days", SUMMARY_EXAMPLE)],
)

LIST_CONVERSATIONS = extend_schema(
    operation_id="hub_list_conversations",
    summary="List conversations",
    description=(
        "The conversations of a project, the last active first. Filters combine. Those with "
        "blocked contacts are left out unless `blocked` asks for them."
    ),
    parameters=[PROJECT_ID, *PAGE_WINDOW, *CONVERSATION_FILTERS],
    responses={
        200: ConversationOutput(many=True),
        **errors_of("hub", WRONG_PAGE, ProjectNotFound()),
    },
    examples=[answer_example("A conversation", CONVERSATION_EXAMPLE)],
)

GET_CONVERSATION = extend_schema(
    operation_id="hub_get_one_conversation",
    summary="Get a conversation",
    description="One conversation, without its messages.",
    parameters=[PROJECT_ID, CONVERSATION_ID, IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: ConversationOutput,
        **NOT_MODIFIED,
        **errors_of("hub", ProjectNotFound(), ConversationNotFound()),
    },
    examples=[answer_example("The conversation", CONVERSATION_EXAMPLE)],
)

LIST_CONVERSATION_MESSAGES = extend_schema(
    operation_id="hub_list_conversation_messages",
    summary="List the messages of a conversation",
    description=(
        "The newest first, by the time at which they were written; messages of the same time as "
        "they arrived."
    ),
    parameters=[PROJECT_ID, CONVERSATION_ID, *PAGE_WINDOW],
    responses={
        200: MessageOutput(many=True),
        **errors_of("hub", WRONG_PAGE, ProjectNotFound(), ConversationNotFound()),
    },
    examples=[answer_example("A message", MESSAGE_EXAMPLE)],
)

LIST_CONTACTS = extend_schema(
    operation_id="hub_list_contacts",
    summary="List contacts",
    description="The people with whom a project talks, the newest first.",
    parameters=[
        PROJECT_ID,
        *PAGE_WINDOW,
        OpenApiParameter(
            "search", description="Only contacts with this in their name, username or number."
        ),
        OpenApiParameter(
            "blocked", OpenApiTypes.BOOL, description="Only contacts who are blocked, or are not."
        ),
    ],
    responses={
        200: ContactOutput(many=True),
        **errors_of("hub", WRONG_PAGE, ProjectNotFound()),
    },
    examples=[answer_example("A contact", CONTACT_EXAMPLE)],
)

GET_CONTACT = extend_schema(
    operation_id="hub_get_contact",
    summary="Get a contact",
    description="One contact, with where to reach them.",
    parameters=[PROJECT_ID, CONTACT_ID],
    responses={200: ContactOutput, **errors_of("hub", ProjectNotFound(), ContactNotFound())},
    examples=[answer_example("The contact", CONTACT_EXAMPLE)],
)

CHANGE_MESSAGE = extend_schema(
    operation_id="hub_update_message",
    summary="Link a message to an order",
    description="Says which order of the project a message is about.",
    request=MessageChanges,
    parameters=[PROJECT_ID, MESSAGE_ID],
    responses={
        200: MessageOutput,
        **errors_of(
            "hub",
            Invalid({"order_id": ["The project has no such order."]}),
            MAY_NOT_SEND,
            ProjectNotFound(),
            MessageNotFound(),
        ),
    },
    examples=[
        request_example("It is about an order", {"order_id": ORDER}),
        answer_example("The message", MESSAGE_EXAMPLE),
    ],
)

MARK_READ = extend_schema(
    operation_id="hub_mark_message_read",
    summary="Mark a message as read",
    description=(
        "Marks an inbound message as read; once more is the same. The provider is told, if it "
        "shows customers that you have read."
    ),
    request=None,
    parameters=[PROJECT_ID, MESSAGE_ID],
    responses={
        200: MessageOutput,
        **errors_of("hub", MAY_NOT_SEND, ProjectNotFound(), MessageNotFound()),
    },
    examples=[answer_example("The message", {**MESSAGE_EXAMPLE, "is_read": True})],
)

RETRY = extend_schema(
    operation_id="hub_retry_message",
    summary="Send a message again",
    description=(
        "Queues a message that failed, or that may not have arrived, once more. The provider gives "
        "it a new id. An `uncertain` message can arrive twice by this."
    ),
    request=None,
    parameters=[PROJECT_ID, MESSAGE_ID, IDEMPOTENCY_KEY],
    responses={
        202: MessageOutput,
        **errors_of(
            "hub",
            MAY_NOT_SEND,
            ProjectNotFound(),
            MessageNotFound(),
            CannotRetry("Only a message that failed or is uncertain can be sent again."),
            *CANNOT_GO_OUT,
            IdempotencyKeyReused(),
        ),
    },
    examples=[answer_example("The message", SENT_EXAMPLE, status=202)],
)

CHANGE_CONVERSATION = extend_schema(
    operation_id="hub_update_conversation",
    summary="Change a conversation",
    description=(
        "Opens, snoozes or closes a conversation, or says who cares for it. A snoozed one opens at "
        "`snoozed_until`, and any but an open one when the customer writes."
    ),
    request=ConversationChangesInput,
    parameters=[PROJECT_ID, CONVERSATION_ID, IF_MATCH, etag_of_answer(200)],
    responses={
        200: ConversationOutput,
        **errors_of(
            "hub",
            Invalid({"snoozed_until": ["Say until when it is snoozed."]}),
            MAY_NOT_SEND,
            ProjectNotFound(),
            ConversationNotFound(),
            412,
        ),
    },
    examples=[
        request_example("A colleague cares for it", {"assignee": PERSON}),
        request_example(
            "Until tomorrow", {"status": "snoozed", "snoozed_until": "2025-01-13T09:00:00Z"}
        ),
        answer_example("The conversation", CONVERSATION_EXAMPLE),
    ],
)

MARK_CONVERSATION_READ = extend_schema(
    operation_id="hub_mark_conversation_read",
    summary="Mark a conversation as read",
    description="Marks all inbound messages of a conversation as read; once more is the same.",
    request=None,
    parameters=[PROJECT_ID, CONVERSATION_ID, etag_of_answer(200)],
    responses={
        200: ConversationOutput,
        **errors_of("hub", MAY_NOT_SEND, ProjectNotFound(), ConversationNotFound()),
    },
    examples=[answer_example("The conversation", {**CONVERSATION_EXAMPLE, "unread": 0})],
)

CHANGE_CONTACT = extend_schema(
    operation_id="hub_update_contact",
    summary="Change a contact",
    description=(
        "Changes the name, the language or the notes. What a blocked contact writes is kept, but "
        "no inbox shows it. A contact who is stopped gets no messages that are sent automatically."
    ),
    request=ContactChangesInput,
    parameters=[PROJECT_ID, CONTACT_ID],
    responses={
        200: ContactOutput,
        **errors_of(
            "hub",
            Invalid({"name": ["Not a valid string."]}),
            MAY_NOT_SEND,
            ProjectNotFound(),
            ContactNotFound(),
        ),
    },
    examples=[
        request_example("A note", {"notes": "Prefers to be called in the morning."}),
        request_example("Block", {"is_blocked": True}),
        answer_example("The contact", CONTACT_EXAMPLE),
    ],
)

MERGE_CONTACTS = extend_schema(
    operation_id="hub_merge_contacts",
    summary="Merge two contacts",
    description=(
        "Makes one contact of two who are the same person. The contact in the path stays and gets "
        "all that belongs to the other. Conversations over the same integration become one. This "
        "cannot be undone."
    ),
    request=MergeInput,
    parameters=[PROJECT_ID, CONTACT_ID],
    responses={
        200: ContactOutput,
        **errors_of(
            "hub",
            Invalid({"contact_id": ["Name another contact of the same project."]}),
            RoleNotEnough(SEND_MESSAGES.name),
            ProjectNotFound(),
            ContactNotFound(),
        ),
    },
    examples=[
        request_example("The other one", {"contact_id": CONTACT}),
        answer_example("The contact", CONTACT_EXAMPLE),
    ],
)

FETCH = extend_schema(
    operation_id="hub_retry_attachment",
    summary="Fetch a file again",
    description=(
        "Has a worker ask the provider at once for a file that could not be fetched, or that waits "
        "for its next try. The answer is its message; `conversation_changed` tells how it ends."
    ),
    request=None,
    parameters=[PROJECT_ID, _id("attachment_id", "attachment")],
    responses={
        202: MessageOutput,
        **errors_of("hub", MAY_NOT_SEND, ProjectNotFound(), AttachmentNotFound(), CannotFetch()),
    },
    examples=[answer_example("The message", MESSAGE_EXAMPLE, status=202)],
)

DOWNLOAD = extend_schema(
    operation_id="hub_download_attachment",
    summary="Download a file",
    description=(
        "The file of a message, for members only. Its type is what we found by its content, and "
        "anything but a picture is only for downloading."
    ),
    parameters=[PROJECT_ID, _id("attachment_id", "attachment")],
    responses={
        (200, "application/octet-stream"): OpenApiTypes.BINARY,
        **errors_of("hub", ProjectNotFound(), AttachmentNotFound()),
    },
    examples=[
        OpenApiExample(
            "A text file",
            "Please deliver after noon.",
            response_only=True,
            media_type="application/octet-stream",
            status_codes=["200"],
        )
    ],
)
