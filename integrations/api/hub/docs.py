"""The schema's description of `/api/v1/integrations`. It uses the hub document's own examples."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import IdempotencyKeyReused, ProjectNotFound, RoleNotEnough
from integrations.access import MANAGE_INTEGRATIONS, SYNC_INTEGRATIONS
from integrations.api.hub.filters import STATES
from integrations.api.hub.serializers import (
    DeliveryOutput,
    IntegrationChanges,
    IntegrationOutput,
    NewIntegration,
    ProviderOutput,
    QueuedOutput,
    QueuedSyncOutput,
    RunOutput,
)
from integrations.errors import (
    CannotSync,
    DeliveryInFlight,
    DeliveryNotFound,
    IntegrationNotFound,
    RunNotFound,
    TooManyIntegrations,
)
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    PAGE_WINDOW,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)

Example = dict[str, Any]

PROJECT = "0b8f6a52-6d0c-4f0e-9a65-5f7c1de0a001"
INTEGRATION = "4d1f6c2e-90a7-4b5c-8e35-6a0d5f2b1c01"
RUN = "9a4f2b1c-0d3e-4f5a-8b6c-7d8e9f0a1b2c"
PERSON = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"

INTEGRATION_EXAMPLE: Example = {
    "id": INTEGRATION,
    "project_id": PROJECT,
    "provider": "shopify",
    "status": "connected",
    "config": {"api_key": "your...key", "shop_url": "yourstore.myshopify.com"},
    "last_sync": "2025-01-12T10:00:00Z",
    "created_at": "2025-01-12T09:00:00Z",
    "account": "yourstore.myshopify.com",
    "account_name": None,
    "is_paused": False,
    "is_syncing": False,
    "status_since": "2025-01-12T09:00:02Z",
    "last_error": None,
    "notes": [],
    "connected_by": PERSON,
    "updated_at": "2025-01-12T10:00:04Z",
}
NEW_EXAMPLE: Example = {
    **INTEGRATION_EXAMPLE,
    "status": "connecting",
    "last_sync": None,
    "status_since": "2025-01-12T09:00:00Z",
    "updated_at": "2025-01-12T09:00:00Z",
}
RUN_EXAMPLE: Example = {
    "id": RUN,
    "integration_id": INTEGRATION,
    "status": "done",
    "trigger": "person",
    "requested_by": PERSON,
    "since": "2025-01-12T08:50:02Z",
    "seen": 12,
    "created": 3,
    "changed": 2,
    "refused": 0,
    "refusal": None,
    "error": None,
    "created_at": "2025-01-12T10:00:00Z",
    "started_at": "2025-01-12T10:00:00Z",
    "finished_at": "2025-01-12T10:00:04Z",
}
DELIVERY = "2b7e1d90-4c3f-4a68-9b25-7f0e8c6d5a31"
DELIVERY_EXAMPLE: Example = {
    "id": DELIVERY,
    "integration_id": INTEGRATION,
    "topic": "orders/paid",
    "status": "done",
    "attempts": 1,
    "error": None,
    "received_at": "2025-01-12T10:00:00Z",
    "finished_at": "2025-01-12T10:00:01Z",
}
INTEGRATION_ID = OpenApiParameter(
    "integration_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The integration's id.",
)
RUN_ID = OpenApiParameter(
    "run_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The run's id."
)
DELIVERY_ID = OpenApiParameter(
    "delivery_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The delivery's id."
)
STATUS_FILTER = OpenApiParameter(
    "status",
    {"type": "array", "items": {"type": "string", "enum": list(STATES)}},
    description="Only deliveries with one of these statuses.",
    explode=True,
)
WRONG_CONFIG = Invalid({"config": ["Must be an object."]})
MAY_NOT_MANAGE = RoleNotEnough(MANAGE_INTEGRATIONS.name)

CONNECT = extend_schema(
    operation_id="hub_connect_integration",
    summary="Connect an integration",
    description=(
        "Stores the configuration and answers at once with the status `connecting`. A worker then "
        "asks the provider, and the status becomes `connected` or `error`. The first sync starts "
        "by itself.\n\n"
        "The same account again gets the new configuration, keeps its id, and the answer is 200. "
        "Webhooks that are signed with the earlier secret are taken for another hour.\n\n"
        "Secrets are encrypted and never returned."
    ),
    request=NewIntegration,
    parameters=[PROJECT_ID, IDEMPOTENCY_KEY, etag_of_answer(200, 201)],
    responses={
        201: IntegrationOutput,
        200: IntegrationOutput,
        **errors_of(
            "hub",
            WRONG_CONFIG,
            MAY_NOT_MANAGE,
            ProjectNotFound(),
            TooManyIntegrations(100),
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example(
            "A Shopify shop",
            {
                "provider": "shopify",
                "config": {
                    "api_key": "your-api-key",
                    "api_secret": "your-api-secret",
                    "shop_url": "yourstore.myshopify.com",
                },
            },
        ),
        answer_example("A new integration", NEW_EXAMPLE, status=201),
        answer_example("The same account again", NEW_EXAMPLE),
    ],
)

LIST_PROVIDERS = extend_schema(
    operation_id="hub_list_providers",
    summary="List the providers",
    description="The providers that a project can connect, with the keys of their configuration.",
    parameters=[PROJECT_ID],
    responses={200: ProviderOutput(many=True), **errors_of("hub", ProjectNotFound())},
    examples=[
        answer_example(
            "A provider",
            {
                "provider": "shopify",
                "config": [
                    {
                        "name": "shop_url",
                        "is_required": True,
                        "is_secret": False,
                        "help": "yourstore.myshopify.com",
                    }
                ],
            },
        )
    ],
)

LIST_INTEGRATIONS = extend_schema(
    operation_id="hub_list_integrations",
    summary="List integrations",
    description="The integrations of a project that are not disconnected, the oldest first.",
    parameters=[PROJECT_ID, *PAGE_WINDOW],
    responses={
        200: IntegrationOutput(many=True),
        **errors_of(
            "hub", Invalid({"page": ["Must be a whole number from 1 to 9."]}), ProjectNotFound()
        ),
    },
    examples=[answer_example("An integration", INTEGRATION_EXAMPLE)],
)

GET_INTEGRATION = extend_schema(
    operation_id="hub_get_integration",
    summary="Get an integration",
    description="One integration. Poll it after connecting, or follow the project's WebSocket.",
    parameters=[PROJECT_ID, INTEGRATION_ID, IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: IntegrationOutput,
        **NOT_MODIFIED,
        **errors_of("hub", ProjectNotFound(), IntegrationNotFound()),
    },
    examples=[answer_example("The integration", INTEGRATION_EXAMPLE)],
)

CHANGE_INTEGRATION = extend_schema(
    operation_id="hub_update_integration",
    summary="Change, pause or resume an integration",
    description=(
        "Changes the keys of `config` that you send and keeps the others. Another configuration is "
        "checked by the provider, as when connecting.\n\n"
        "Pausing stops the sync that waits or runs. Resuming starts one that catches up."
    ),
    request=IntegrationChanges,
    parameters=[PROJECT_ID, INTEGRATION_ID, IF_MATCH, etag_of_answer(200)],
    responses={
        200: IntegrationOutput,
        **errors_of(
            "hub",
            WRONG_CONFIG,
            MAY_NOT_MANAGE,
            ProjectNotFound(),
            IntegrationNotFound(),
            412,
        ),
    },
    examples=[
        request_example("A new secret", {"config": {"api_secret": "your-api-secret"}}),
        request_example("A pause", {"is_paused": True}),
        answer_example("The integration", {**INTEGRATION_EXAMPLE, "is_paused": True}),
    ],
)

DISCONNECT = extend_schema(
    operation_id="hub_disconnect_integration",
    summary="Disconnect an integration",
    description=(
        "Stops its syncs, wipes its secrets and removes our webhooks at the provider. Orders and "
        "messages stay. Connecting the same account later gives it its id back, and fetches "
        "everything once more."
    ),
    parameters=[PROJECT_ID, INTEGRATION_ID, IF_MATCH],
    responses={
        204: None,
        **errors_of("hub", MAY_NOT_MANAGE, ProjectNotFound(), IntegrationNotFound(), 412),
    },
)

SYNC = extend_schema(
    operation_id="hub_sync_integration",
    summary="Sync an integration",
    description=(
        "Queues a sync: a worker fetches what has changed at the provider. If one waits or runs "
        "already, the answer is the same and names that one."
    ),
    request=None,
    parameters=[PROJECT_ID, INTEGRATION_ID],
    responses={
        202: QueuedSyncOutput,
        **errors_of(
            "hub",
            RoleNotEnough(SYNC_INTEGRATIONS.name),
            ProjectNotFound(),
            IntegrationNotFound(),
            CannotSync("The integration is paused. Resume it first."),
        ),
    },
    examples=[
        answer_example(
            "Queued",
            {
                "status": "queued",
                "message": "Sync task queued for shopify integration",
                "run_id": RUN,
            },
            status=202,
        )
    ],
)

CHECK = extend_schema(
    operation_id="hub_test_integration",
    summary="Test an integration",
    description=(
        "Has a worker ask the provider whether the configuration works. The result is the status "
        "of the integration, and `last_error` if it does not."
    ),
    request=None,
    parameters=[PROJECT_ID, INTEGRATION_ID],
    responses={
        202: QueuedOutput,
        **errors_of("hub", MAY_NOT_MANAGE, ProjectNotFound(), IntegrationNotFound()),
    },
    examples=[
        answer_example(
            "Queued",
            {"status": "queued", "message": "Check queued for shopify integration"},
            status=202,
        )
    ],
)

LIST_RUNS = extend_schema(
    operation_id="hub_list_sync_runs",
    summary="List sync runs",
    description="The syncs of an integration of the last 30 days, the newest first.",
    parameters=[PROJECT_ID, INTEGRATION_ID, *PAGE_WINDOW],
    responses={
        200: RunOutput(many=True),
        **errors_of(
            "hub",
            Invalid({"page": ["Must be a whole number from 1 to 9."]}),
            ProjectNotFound(),
            IntegrationNotFound(),
        ),
    },
    examples=[answer_example("A run", RUN_EXAMPLE)],
)

GET_RUN = extend_schema(
    operation_id="hub_get_sync_run",
    summary="Get a sync run",
    description="One sync: how far it is, or how it ended.",
    parameters=[PROJECT_ID, INTEGRATION_ID, RUN_ID],
    responses={200: RunOutput, **errors_of("hub", ProjectNotFound(), RunNotFound())},
    examples=[answer_example("The run", RUN_EXAMPLE)],
)

LIST_DELIVERIES = extend_schema(
    operation_id="hub_list_integration_deliveries",
    summary="List webhook deliveries",
    description=(
        "What the provider posted to us for this integration, the newest first. Old ones are "
        "deleted after `INBOUND_RETENTION_DAYS`."
    ),
    parameters=[PROJECT_ID, INTEGRATION_ID, STATUS_FILTER, *PAGE_WINDOW],
    responses={
        200: DeliveryOutput(many=True),
        **errors_of(
            "hub",
            Invalid({"page": ["Must be a whole number from 1 to 9."]}),
            ProjectNotFound(),
            IntegrationNotFound(),
        ),
    },
    examples=[answer_example("A delivery", DELIVERY_EXAMPLE)],
)

REPLAY = extend_schema(
    operation_id="hub_replay_integration_delivery",
    summary="Replay a webhook delivery",
    description=(
        "Has a worker work on the delivery again, however it ended. What it has done before is not "
        "done twice."
    ),
    request=None,
    parameters=[PROJECT_ID, INTEGRATION_ID, DELIVERY_ID],
    responses={
        202: DeliveryOutput,
        **errors_of(
            "hub",
            MAY_NOT_MANAGE,
            ProjectNotFound(),
            IntegrationNotFound(),
            DeliveryNotFound(),
            DeliveryInFlight(),
        ),
    },
    examples=[
        answer_example(
            "Queued",
            {**DELIVERY_EXAMPLE, "status": "received", "attempts": 0, "finished_at": None},
            status=202,
        )
    ],
)
