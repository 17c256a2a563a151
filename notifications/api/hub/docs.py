"""What the schema says of `/api/v1/messages`. Examples of the hub document are its own."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound
from notifications.api.hub.serializers import (
    ContactOutput,
    ConversationOutput,
    MessageOutput,
    MessagesSummaryOutput,
)
from notifications.errors import ContactNotFound, ConversationNotFound, MessageNotFound
from notifications.models import Conversation
from notifications.models.messages import Direction
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    DAYS,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    PAGE_WINDOW,
    answer_example,
    errors_of,
    etag_of_answer,
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
    "edited_at": None,
    "written_at": "2025-01-12T09:59:58Z",
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
