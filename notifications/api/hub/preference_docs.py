"""What the schema says of `/api/v1/projects/{project_id}/notifications`."""

from drf_spectacular.utils import extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound, RoleNotEnough
from notifications.access import CHOOSE_NEWS
from notifications.api.hub.docs import PROJECT, Example
from notifications.api.hub.preference_serializers import PreferencesInput, PreferencesOutput
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import answer_example, errors_of, request_example

PREFERENCES_EXAMPLE: Example = {
    "project_id": PROJECT,
    "inbox": {"socket": True, "email": False, "discord": False},
    "assigned": {"socket": True, "email": True, "discord": False},
    "orders": {"socket": True, "email": False, "discord": True},
    "reachable": {"socket": True, "email": True, "discord": True},
}
WHAT = (
    "News is `inbox` (a customer wrote), `assigned` (a conversation was assigned to you, or a "
    "customer wrote in one that is yours) or `orders` (an order is new, ready, blocked, cancelled, "
    "or has failed). The ways are `socket`, `email` and `discord`. Nobody hears of what they did "
    "themselves. E-mails collect news: one comes two minutes after the first piece, and at most "
    "four in an hour. Discord tells of a conversation once until somebody reads it. The project's "
    "WebSocket always has everything; `socket` says whether a client should draw attention to it."
)

GET_PREFERENCES = extend_schema(
    operation_id="hub_get_notification_preferences",
    summary="Get what you are told of",
    description=f"What you are told in a project, and how. {WHAT}",
    parameters=[PROJECT_ID],
    responses={
        200: PreferencesOutput,
        **errors_of("hub", RoleNotEnough(CHOOSE_NEWS.name), ProjectNotFound()),
    },
    examples=[answer_example("The defaults of an owner with Discord", PREFERENCES_EXAMPLE)],
)

CHANGE_PREFERENCES = extend_schema(
    operation_id="hub_update_notification_preferences",
    summary="Choose what you are told of",
    description=f"Sets the ways that you name, and leaves the others as they are. {WHAT}",
    request=PreferencesInput,
    parameters=[PROJECT_ID],
    responses={
        200: PreferencesOutput,
        **errors_of(
            "hub",
            Invalid({"inbox": ["email: Must be true or false."]}),
            RoleNotEnough(CHOOSE_NEWS.name),
            ProjectNotFound(),
        ),
    },
    examples=[
        request_example("Every customer by e-mail", {"inbox": {"email": True}}),
        answer_example(
            "The preferences",
            {
                **PREFERENCES_EXAMPLE,
                "inbox": {"socket": True, "email": True, "discord": False},
            },
        ),
    ],
)
