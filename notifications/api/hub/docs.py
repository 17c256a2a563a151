"""What the schema says of `/api/v1/messages`. Examples of the hub document are its own."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound
from notifications.api.hub.serializers import MessageOutput
from notifications.models.messages import Direction
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import DAYS, PAGE_WINDOW, answer_example, errors_of

Example = dict[str, Any]

PROJECT = "0b8f6a52-6d0c-4f0e-9a65-5f7c1de0a001"
ORDER = "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11"
MESSAGE = "3c5e7a90-1b2d-4f6a-8c9e-0d1f2a3b4c5d"
CONVERSATION = "7e2a9c41-5d3b-4a8f-b6c0-9f1e8d7c6b5a"
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
