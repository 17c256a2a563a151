"""What the schema says of `/api/v1/messages/{project_id}/rules`."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound, RoleNotEnough
from notifications.access import MANAGE_MESSAGING
from notifications.api.hub.docs import MESSAGE, ORDER, PROJECT, WRONG_PAGE, Example
from notifications.api.hub.rule_serializers import (
    NewRule,
    OutcomeOutput,
    PreviewInput,
    PreviewOutput,
    RuleChangesInput,
    RuleOutput,
    TrialInput,
)
from notifications.errors import RuleExists, RuleNotFound
from notifications.models import RuleOutcome
from notifications.placeholders import PLACEHOLDERS, problem_with
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    PAGE_WINDOW,
    answer_example,
    errors_of,
    request_example,
)

RULE = "9f4b6d1a-2c3e-4f50-8a7b-6c5d4e3f2a1b"
OUTCOME = "c1d2e3f4-5a6b-4c7d-8e9f-0a1b2c3d4e5f"

NEW_RULE_EXAMPLE: Example = {
    "occasion": "status_reached",
    "status": "shipped",
    "channel": "any",
    "content": "Hello {customer_name}, your order {order_number} is on its way.",
    "template": {
        "name": "order_shipped",
        "language": "en_US",
        "parameters": ["{order_number}"],
    },
}
RULE_EXAMPLE: Example = {
    "id": RULE,
    "project_id": PROJECT,
    **NEW_RULE_EXAMPLE,
    "integration_id": None,
    "subject": "",
    "is_active": True,
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:00:00Z",
}
PREVIEW_EXAMPLE: Example = {
    "channel": "whatsapp",
    "recipient": {"name": "John Doe", "address": "+1234567890"},
    "content": "Hello John Doe, your order #1234 is on its way.",
    "subject": None,
    "template": None,
    "reason": None,
}
NO_PREVIEW_EXAMPLE: Example = {
    **dict.fromkeys(PREVIEW_EXAMPLE),
    "reason": "The customer asked for no more messages.",
}
OUTCOME_EXAMPLE: Example = {
    "id": OUTCOME,
    "rule_id": RULE,
    "occasion": "status_reached",
    "status": "shipped",
    "order_id": ORDER,
    "state": "queued",
    "reason": None,
    "channel": "whatsapp",
    "message_id": MESSAGE,
    "message_status": "delivered",
    "email_status": None,
    "created_at": "2025-01-12T10:00:01Z",
    "settled_at": "2025-01-12T10:00:01Z",
}
RULE_ID = OpenApiParameter(
    "rule_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The rule's id."
)
MAY_NOT_MANAGE = RoleNotEnough(MANAGE_MESSAGING.name)
WRONG_RULE = Invalid({"content": [problem_with("{first_name}")]})
WRONG_ORDER = Invalid({"order_id": ["The project has no such order."]})
_NAMES = ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)

LIST_RULES = extend_schema(
    operation_id="hub_list_rules",
    summary="List the rules that tell customers of their orders",
    description="All rules of a project, the oldest first.",
    parameters=[PROJECT_ID, *PAGE_WINDOW],
    responses={200: RuleOutput(many=True), **errors_of("hub", WRONG_PAGE, ProjectNotFound())},
    examples=[answer_example("A rule", RULE_EXAMPLE)],
)

CREATE_RULE = extend_schema(
    operation_id="hub_create_rule",
    summary="Create a rule",
    description=(
        "From now on, the customers of orders are told on this occasion. A rule has a text "
        "(`content`), a template, or both. Then the template goes where the provider does not let "
        f"you write freely. Texts have placeholders: {_NAMES}.\n\n"
        "For one occasion on one channel there is one rule."
    ),
    request=NewRule,
    parameters=[PROJECT_ID],
    responses={
        201: RuleOutput,
        **errors_of("hub", WRONG_RULE, MAY_NOT_MANAGE, ProjectNotFound(), RuleExists()),
    },
    examples=[
        request_example("When an order is shipped", NEW_RULE_EXAMPLE),
        answer_example("The rule", RULE_EXAMPLE, status=201),
    ],
)

GET_RULE = extend_schema(
    operation_id="hub_get_rule",
    summary="Get a rule",
    description="One rule.",
    parameters=[PROJECT_ID, RULE_ID],
    responses={200: RuleOutput, **errors_of("hub", ProjectNotFound(), RuleNotFound())},
    examples=[answer_example("The rule", RULE_EXAMPLE)],
)

CHANGE_RULE = extend_schema(
    operation_id="hub_update_rule",
    summary="Change a rule",
    description=(
        "Changes the named fields. `is_active` switches the rule off and on. The rule as a whole "
        "must be valid afterwards."
    ),
    request=RuleChangesInput,
    parameters=[PROJECT_ID, RULE_ID],
    responses={
        200: RuleOutput,
        **errors_of(
            "hub", WRONG_RULE, MAY_NOT_MANAGE, ProjectNotFound(), RuleNotFound(), RuleExists()
        ),
    },
    examples=[
        request_example("Switch it off", {"is_active": False}),
        answer_example("The rule", {**RULE_EXAMPLE, "is_active": False}),
    ],
)

DELETE_RULE = extend_schema(
    operation_id="hub_delete_rule",
    summary="Delete a rule",
    description=("Deletes a rule. What it has sent stays, and so do its outcomes."),
    parameters=[PROJECT_ID, RULE_ID],
    responses={
        204: None,
        **errors_of("hub", MAY_NOT_MANAGE, ProjectNotFound(), RuleNotFound()),
    },
)

PREVIEW_RULE = extend_schema(
    operation_id="hub_preview_rule",
    summary="See what a rule would send for an order",
    description=(
        "Answers the text, the recipient and the channel that would be used now, or why nothing "
        "would be sent. Nothing is sent. An API token needs the scope `orders:read` as well, "
        "because the text may tell what the order holds."
    ),
    request=PreviewInput,
    parameters=[PROJECT_ID, RULE_ID],
    responses={
        200: PreviewOutput,
        **errors_of("hub", WRONG_ORDER, MAY_NOT_MANAGE, ProjectNotFound(), RuleNotFound()),
    },
    examples=[
        request_example("An order", {"order_id": ORDER}),
        answer_example("What would be sent", PREVIEW_EXAMPLE),
        answer_example("Why nothing would be sent", NO_PREVIEW_EXAMPLE),
    ],
)

PREVIEW_NEW_RULE = extend_schema(
    operation_id="hub_preview_new_rule",
    summary="See what a new rule would send for an order",
    description=(
        "The same for a rule that is not saved yet. Nothing is saved or sent. An API token needs "
        "the scope `orders:read` as well."
    ),
    request=TrialInput,
    parameters=[PROJECT_ID],
    responses={
        200: PreviewOutput,
        **errors_of("hub", WRONG_RULE, MAY_NOT_MANAGE, ProjectNotFound()),
    },
    examples=[
        request_example("A rule and an order", {**NEW_RULE_EXAMPLE, "order_id": ORDER}),
        answer_example("What would be sent", PREVIEW_EXAMPLE),
    ],
)

LIST_OUTCOMES = extend_schema(
    operation_id="hub_list_rule_outcomes",
    summary="See which customers were told, and why others were not",
    description=(
        "There is one outcome for each rule and event, the newest first. Orders that were placed "
        "long before we heard of them, and tests, have none: nobody is told of those."
    ),
    parameters=[
        PROJECT_ID,
        *PAGE_WINDOW,
        OpenApiParameter("rule_id", OpenApiTypes.UUID, description="Only outcomes of this rule."),
        OpenApiParameter("order_id", OpenApiTypes.UUID, description="Only those of this order."),
        OpenApiParameter(
            "state",
            OpenApiTypes.STR,
            enum=RuleOutcome.State.values,
            many=True,
            description="Only outcomes in this state; may be repeated.",
        ),
    ],
    responses={
        200: OutcomeOutput(many=True),
        **errors_of("hub", WRONG_PAGE, ProjectNotFound()),
    },
    examples=[answer_example("The customer was told", OUTCOME_EXAMPLE)],
)
