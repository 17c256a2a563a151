"""The schema's description of `/api/v1/assistant`. It uses the hub document's own examples."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound, RoleNotEnough
from integrations.assistant.access import ASK_ASSISTANT, SUGGEST_REPLIES, VIEW_ASSISTANT_USAGE
from integrations.assistant.api.hub.serializers import (
    MAX_MESSAGE_LENGTH,
    AnswerOutput,
    DraftOutput,
    MoodOutput,
    QueryInput,
    ReplyInput,
    SentimentInput,
    UsageOutput,
)
from integrations.assistant.errors import (
    AnswerBlocked,
    AnswerCut,
    AnswerEmpty,
    AnswerMalformed,
    AnswerTooLong,
    AssistantCrowded,
    AssistantNotConfigured,
    BudgetExhausted,
    ClientLeft,
    ModelBusyNow,
    ModelKeyRefused,
    ModelNotReached,
    ModelRefusedUs,
    ModelUnknown,
    TookTooLong,
)
from orderchainer.core.errors import Invalid, TooManyRequests
from orderchainer.core.http.schema import DAYS, answer_example, errors_of, request_example
from orders.errors import OrderNotFound

Example = dict[str, Any]

PROJECT = "0b8f6a52-6d0c-4f0e-9a65-5f7c1de0a001"
ORDER = "c1f0e5d4-3b2a-4c6d-8e7f-9a0b1c2d3e4f"

QUERY_EXAMPLE: Example = {
    "project_id": PROJECT,
    "message": "What is the status of order #1234?",
    "use_function_calling": True,
    "context": {},
    "order_id": ORDER,
}
ANSWER_EXAMPLE: Example = {
    "reply": "Order #1234 is currently being prepared for shipment...",
    "function_calls": [
        {
            "name": "fetch_order_details",
            "parameters": {"order_id": "1234"},
            "result_status": "ok",
            "duration_ms": 4,
        }
    ],
    "proposed_actions": [],
    "tokens_used": 150,
    "cost": 0.000375,
    "model": "gemini-3.8-flash",
}
REPLY_EXAMPLE: Example = {
    "project_id": PROJECT,
    "order_id": ORDER,
    "customer_message": "Where is my order?",
}
DRAFT_EXAMPLE: Example = {
    "reply": "Your order was shipped yesterday and should arrive tomorrow.",
    "suggestion_id": "6f5e4d3c-2b1a-4f0e-9d8c-7b6a59483726",
    "language": "en",
    "tokens_used": 420,
    "cost": 0.000612,
    "model": "gemini-3.8-flash",
}
SENTIMENT_EXAMPLE: Example = {
    "project_id": PROJECT,
    "message": "Where is my order? It should have been here last week!",
}
MOOD_EXAMPLE: Example = {
    "sentiment": "negative",
    "urgency": "high",
    "concerns": ["delivery delay", "order status"],
    "recommended_tone": "empathetic and proactive",
}
_FIGURES: Example = {
    "total_api_calls": 450,
    "total_tokens_used": 125000,
    "total_cost_usd": 0.3125,
    "average_cost_per_call": 0.000694,
    "calls_of_unknown_cost": 0,
}
USAGE_EXAMPLE: Example = {
    "period_days": 30,
    **_FIGURES,
    "by_model": [{"model": "gemini-3.8-flash", **_FIGURES}],
    "by_kind": [{"kind": "query", **_FIGURES}],
    "budget": {
        "monthly_usd": 5.0,
        "spent_usd": 0.3125,
        "reserved_usd": 0.0,
        "resets_at": "2025-02-01T05:00:00Z",
    },
}

NEW_YEAR = datetime(2025, 2, 1, 5, tzinfo=UTC)
REFUSALS = (
    TooManyRequests(retry_after=30),
    BudgetExhausted(retry_after=3600, resets_at=NEW_YEAR),
    AnswerBlocked(finish_reason="SAFETY"),
    AnswerCut(finish_reason="MAX_TOKENS"),
    AnswerEmpty(finish_reason="STOP"),
    AnswerMalformed(finish_reason="MALFORMED_FUNCTION_CALL"),
    AnswerTooLong(),
    AssistantNotConfigured(["GEMINI_API_KEY"]),
    AssistantCrowded(retry_after=5),
    ClientLeft(),
    ModelBusyNow(retry_after=13),
    ModelKeyRefused(),
    ModelNotReached(),
    ModelRefusedUs(),
    ModelUnknown("gemini-1.5-pro-latest", "ASSISTANT_MODEL"),
    TookTooLong(),
)
PROJECT_MISSING = Invalid({"project_id": ["This field is required."]})


def _in_query(name: str, kind: Any, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=f"{description} May stand in the body instead.")


_TEXT = {"type": "string", "maxLength": MAX_MESSAGE_LENGTH}
PROJECT_IN_QUERY = _in_query("project_id", OpenApiTypes.UUID, "The project's id.")

QUERY = extend_schema(
    operation_id="hub_ask_assistant",
    summary="Ask the assistant",
    description=(
        "Answers a question about a project's orders, customers, messages and products. The model "
        "looks things up with tools, which see what you may see in this project, and nothing else. "
        "`function_calls` lists what it looked up.\n\n"
        "Nothing is changed and nothing is sent. If you ask for a change, `proposed_actions` says "
        "what it would be; carry it out with a request of your own.\n\n"
        "What a project may spend in a month, and whether its questions are kept, stands in its "
        "settings."
    ),
    request=QueryInput,
    responses={
        200: AnswerOutput,
        **errors_of(
            "hub",
            ProjectNotFound(),
            OrderNotFound(),
            RoleNotEnough(ASK_ASSISTANT.name),
            PROJECT_MISSING,
            *REFUSALS,
        ),
    },
    examples=[
        request_example("The document's example", QUERY_EXAMPLE),
        answer_example("The document's example", ANSWER_EXAMPLE),
    ],
)

GENERATE_REPLY = extend_schema(
    operation_id="hub_generate_reply",
    summary="Have a reply suggested",
    description=(
        "Drafts an answer to what a customer wrote, in their language, from the order, its chain "
        "and the conversations about it. Nothing is sent: read it, change it, and send it with its "
        "`suggestion_id`."
    ),
    request=ReplyInput,
    parameters=[
        PROJECT_IN_QUERY,
        _in_query("order_id", OpenApiTypes.UUID, "The order that it is about."),
        _in_query("customer_message", _TEXT, "What the customer wrote."),
    ],
    responses={
        200: DraftOutput,
        **errors_of(
            "hub",
            ProjectNotFound(),
            OrderNotFound(),
            RoleNotEnough(SUGGEST_REPLIES.name),
            PROJECT_MISSING,
            *REFUSALS,
        ),
    },
    examples=[
        request_example("An answer about an order", REPLY_EXAMPLE),
        answer_example("A suggestion", DRAFT_EXAMPLE),
    ],
)

ANALYZE_SENTIMENT = extend_schema(
    operation_id="hub_analyze_sentiment",
    summary="Judge a message",
    description=(
        "Says how a customer's message sounds, and how soon somebody should answer it. If the "
        "model says anything but these words, that is an error and never a guess."
    ),
    request=SentimentInput,
    parameters=[PROJECT_IN_QUERY, _in_query("message", _TEXT, "What the customer wrote.")],
    responses={
        200: MoodOutput,
        **errors_of(
            "hub",
            ProjectNotFound(),
            RoleNotEnough(SUGGEST_REPLIES.name),
            PROJECT_MISSING,
            *REFUSALS,
        ),
    },
    examples=[
        request_example("An angry customer", SENTIMENT_EXAMPLE),
        answer_example("The document's example", MOOD_EXAMPLE),
    ],
)

USAGE = extend_schema(
    operation_id="hub_get_assistant_usage",
    summary="Get the assistant's usage",
    description=(
        "What the assistant has used and cost in the last days. A call counts once it has ended, "
        "also if it failed after a model was asked. `by_model` and `by_kind` begin with those that "
        "have most calls."
    ),
    parameters=[PROJECT_ID, DAYS],
    responses={
        200: UsageOutput,
        **errors_of(
            "hub",
            ProjectNotFound(),
            RoleNotEnough(VIEW_ASSISTANT_USAGE.name),
            Invalid({"days": ["Must be a whole number from 1 to 3650."]}),
        ),
    },
    examples=[answer_example("The document's example", USAGE_EXAMPLE)],
)
