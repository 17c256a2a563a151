"""Example calls for `accounts/tests/test_matrix.py`: the integrations of a project."""

from collections.abc import Callable, Mapping

from accounts.tests.matrix import Call, Scene, nothing, project_alone
from integrations.access import MANAGE_INTEGRATIONS, SYNC_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.assistant.access import ASK_ASSISTANT, SUGGEST_REPLIES, VIEW_ASSISTANT_USAGE
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.services import connect_integration
from notifications.access import VIEW_MESSAGES
from notifications.services import receive_message
from notifications.tests.factories import incoming, make_line
from orders.access import VIEW_ORDERS
from orders.tests.matrix import numbered_order

CONFIG = {
    "api_key": "your-api-key",
    "api_secret": "your-api-secret",
    "shop_url": "yourstore.myshopify.com",
}


def integration(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for an integration, in which a sync waits."""
    return {**project_alone(scene), "integration_id": _connect(scene).uuid}


def run(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for that sync."""
    connected = _connect(scene)
    waiting = SyncRun.objects.get(integration=connected)
    return {**project_alone(scene), "integration_id": connected.uuid, "run_id": waiting.uuid}


def delivery(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a delivery."""
    connected = _connect(scene)
    row = InboundDelivery.objects.create(integration=connected, key="1", body=b"{}")
    return {**project_alone(scene), "integration_id": connected.uuid, "delivery_id": row.uuid}


def naming_the_project(**fields: object) -> Callable[[Scene], Mapping[str, object]]:
    """Return what makes a body with these fields and the project."""
    return lambda scene: {"project_id": str(scene.team.project.uuid), **fields}


def _connect(scene: Scene) -> Integration:
    connected = connect_integration(
        project=scene.team.project, provider="shopify", config=CONFIG, by=scene.team.owner
    ).integration
    SyncRun.objects.create(integration=connected, trigger=SyncRun.Trigger.PERSON)
    return connected


CALLS = [
    Call(
        "POST",
        "hub-integrations-connect",
        MANAGE_INTEGRATIONS,
        201,
        body={"provider": "shopify", "config": CONFIG},
    ),
    Call("GET", "hub-integrations", VIEW_INTEGRATIONS),
    Call("GET", "hub-integrations-providers", VIEW_INTEGRATIONS),
    Call("GET", "hub-integration", VIEW_INTEGRATIONS, arguments=integration),
    Call(
        "PATCH",
        "hub-integration",
        MANAGE_INTEGRATIONS,
        arguments=integration,
        body={"is_paused": True},
    ),
    Call("DELETE", "hub-integration", MANAGE_INTEGRATIONS, 204, arguments=integration),
    Call("POST", "hub-integration-sync", SYNC_INTEGRATIONS, 202, arguments=integration),
    Call("POST", "hub-integration-test", MANAGE_INTEGRATIONS, 202, arguments=integration),
    Call("GET", "hub-integration-runs", VIEW_INTEGRATIONS, arguments=integration),
    Call("GET", "hub-integration-run", VIEW_INTEGRATIONS, arguments=run),
    Call("GET", "hub-integration-deliveries", VIEW_INTEGRATIONS, arguments=integration),
    Call("POST", "hub-integration-replay", MANAGE_INTEGRATIONS, 202, arguments=delivery),
    Call("GET", "hub-assistant-usage", VIEW_ASSISTANT_USAGE),
    # Without a key for a model, callers who may ask are told that.
    Call(
        "POST",
        "hub-assistant-query",
        ASK_ASSISTANT,
        503,
        arguments=nothing,
        body=naming_the_project(message="Well?"),
    ),
    Call(
        "POST",
        "hub-assistant-reply",
        SUGGEST_REPLIES,
        503,
        arguments=nothing,
        body=naming_the_project(customer_message="Well?"),
    ),
    Call(
        "POST",
        "hub-assistant-sentiment",
        SUGGEST_REPLIES,
        503,
        arguments=nothing,
        body=naming_the_project(message="Well?"),
    ),
]

# --- Pages of the workspace -------------------------------------------------------------------


def conversation(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a conversation."""
    received = receive_message(line=make_line(scene.team.project), incoming=incoming())
    assert received is not None
    return {**project_alone(scene), "conversation_id": received.conversation.uuid}


def shopify(scene: Scene) -> Mapping[str, object]:
    """Name a provider."""
    return {**project_alone(scene), "provider": "shopify"}


PAGES = [
    Call("GET", "conversation-channel", VIEW_MESSAGES, arguments=conversation),
    Call("GET", "conversation-suggestion", SUGGEST_REPLIES, arguments=conversation),
    # Without a key for a model, it says so.
    Call("POST", "conversation-suggestion", SUGGEST_REPLIES, 409, arguments=conversation),
    Call("GET", "assistant", VIEW_ASSISTANT_USAGE),
    Call("GET", "assistant-ask", ASK_ASSISTANT),
    # Without a key for a model, those who may ask are told that.
    Call("POST", "assistant-ask", ASK_ASSISTANT, 503, body={"question": "Well?", "key": "once"}),
    Call("GET", "order-assistant", ASK_ASSISTANT, arguments=numbered_order, also=(VIEW_ORDERS,)),
    Call(
        "POST",
        "order-assistant",
        ASK_ASSISTANT,
        503,
        arguments=numbered_order,
        body={"question": "Well?", "key": "once"},
        also=(VIEW_ORDERS,),
    ),
    Call("GET", "integrations", VIEW_INTEGRATIONS),
    Call("GET", "integration-connect", MANAGE_INTEGRATIONS, arguments=shopify),
    Call("GET", "integration-paste", MANAGE_INTEGRATIONS, arguments=shopify),
    Call(
        "POST", "integration-paste", MANAGE_INTEGRATIONS, 303, arguments=shopify, body=dict(CONFIG)
    ),
    Call("GET", "integration-page", VIEW_INTEGRATIONS, arguments=integration),
    Call("GET", "integration-test", VIEW_INTEGRATIONS, arguments=integration),
    Call("POST", "integration-test", MANAGE_INTEGRATIONS, 303, arguments=integration),
    Call("POST", "integration-sync", SYNC_INTEGRATIONS, 303, arguments=integration),
    Call(
        "POST",
        "integration-pause",
        MANAGE_INTEGRATIONS,
        303,
        arguments=integration,
        body={"paused": "yes"},
    ),
    Call("GET", "integration-edit", MANAGE_INTEGRATIONS, arguments=integration),
    Call(
        "POST",
        "integration-edit",
        MANAGE_INTEGRATIONS,
        303,
        arguments=integration,
        body={"shop_url": "yourstore.myshopify.com", "version": "1", "key": "once"},
    ),
    Call("GET", "integration-disconnect", MANAGE_INTEGRATIONS, arguments=integration),
    Call("POST", "integration-disconnect", MANAGE_INTEGRATIONS, 303, arguments=integration),
    Call("GET", "integration-deliveries", VIEW_INTEGRATIONS, arguments=integration),
    Call("GET", "integration-delivery", MANAGE_INTEGRATIONS, arguments=delivery),
    Call("POST", "integration-replay", MANAGE_INTEGRATIONS, 303, arguments=delivery),
]
