"""What the schema says of `/api/v1/orders`. Where the hub document has examples, we use them."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import IdempotencyKeyReused, ProjectNotFound, RoleNotEnough
from catalog.errors import InsufficientStock, Shortage
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    DAYS,
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
from orders.access import DELETE_ORDERS, HANDLE_ORDERS
from orders.api.docs import BLOCKED, MOVE_REFUSED, STATUS_FILTER
from orders.api.hub.filters import ORDERINGS
from orders.api.hub.serializers import (
    HubBlockersOutput,
    HubChainOutput,
    HubEventOutput,
    HubOrderChanges,
    HubOrderInput,
    HubOrderOutput,
    HubWaiverInput,
    OrdersSummaryOutput,
)
from orders.errors import (
    DependencyCycle,
    ItemsFrozen,
    NotADependency,
    OrderHasDependents,
    OrderNotFound,
    UnknownDependencies,
    UnknownProducts,
)
from orders.models import Order

Example = dict[str, Any]

PROJECT = "0b8f6a52-6d0c-4f0e-9a65-5f7c1de0a001"
FIRST = "2f7d3a10-1b5e-4f21-8f6a-0c9d2b7e1001"
SECOND = "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11"
PERSON = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"

ORDER_EXAMPLE: Example = {
    "id": SECOND,
    "project_id": PROJECT,
    "external_id": "1234",
    "provider": "shopify",
    "status": "pending",
    "customer": {
        "name": "John Doe",
        "email": "john@example.com",
        "phone": "+1234567890",
    },
    "items": [
        {
            "name": "Product A",
            "quantity": 2,
            "price": 29.99,
            "sku": "A-1",
            "product_id": None,
        }
    ],
    "total": 59.98,
    "currency": "USD",
    "order_date": "2025-01-12T10:00:00Z",
    "number": 2,
    "title": "#1001",
    "fulfilled_date": None,
    "updated_at": "2025-01-12T10:00:00Z",
    "dependencies": [],
    "ready": True,
    "is_test": False,
    "open_moves": [
        "draft",
        "active",
        "shipped",
        "fulfilled",
        "completed",
        "failed",
        "cancelled",
    ],
    "link": "",
    "notes": "",
    "shipping_address": "1 Main Street, Springfield",
    "auto_activate": False,
    "failure_policy": "hold",
    "source_details": {"financial_status": "paid"},
    "assignee": {"id": PERSON, "name": "Ada Lovelace"},
}
CREATE_EXAMPLE: Example = {
    "customer": {
        "name": "John Doe",
        "email": "john@example.com",
        "phone": "+1234567890",
    },
    "items": [{"name": "Product A", "quantity": 2, "price": 29.99}],
    "notes": "Called in the morning",
}
SELL_EXAMPLE: Example = {
    "title": "Two lamps for John",
    "items": [{"product_id": "8d9f0c4e-7f0d-4a57-9d9c-0f6b1c8f2a11", "quantity": 2}],
}
CREATED_EXAMPLE: Example = {
    **ORDER_EXAMPLE,
    "external_id": None,
    "provider": "manual",
    "items": [{**ORDER_EXAMPLE["items"][0], "sku": ""}],
    "title": "Product A",
    "notes": "Called in the morning",
    "shipping_address": "",
    "source_details": {},
    "assignee": None,
}
UPDATE_EXAMPLE: Example = {
    "status": "fulfilled",
    "fulfilled_date": "2025-01-12T12:00:00Z",
}
UPDATED_EXAMPLE: Example = {
    **ORDER_EXAMPLE,
    **UPDATE_EXAMPLE,
    "updated_at": "2025-01-12T12:00:05Z",
    "open_moves": ["completed"],
}
SUMMARY_EXAMPLE: Example = {
    "period_days": 30,
    "total_orders": 150,
    "total_revenue": 12500.50,
    "orders_by_status": {"pending": 10, "fulfilled": 130, "cancelled": 10},
    "average_order_value": 83.34,
    "currency": "USD",
    "by_currency": {
        "USD": {
            "total_orders": 148,
            "total_revenue": 12500.50,
            "average_order_value": 84.46,
        },
        "EUR": {
            "total_orders": 2,
            "total_revenue": 80.00,
            "average_order_value": 40.00,
        },
    },
    "start_date": "2024-12-14",
    "end_date": "2025-01-12",
    "timezone": "America/New_York",
}
CHAIN_EXAMPLE: Example = {
    "order_id": SECOND,
    "nodes": [
        {
            "id": FIRST,
            "number": 1,
            "title": "Cut",
            "status": "active",
            "ready": True,
            "blockers": [],
        },
        {
            "id": SECOND,
            "number": 2,
            "title": "Sew",
            "status": "pending",
            "ready": False,
            "blockers": [FIRST],
        },
    ],
    "edges": [{"order": SECOND, "depends_on": FIRST, "waived": False}],
    "topological_order": [FIRST, SECOND],
    "critical_path": [FIRST, SECOND],
    "truncated": False,
    "edges_truncated": False,
}
_CUT: Example = {
    "id": FIRST,
    "number": 1,
    "title": "Cut",
    "status": "active",
    "since": "2025-01-12T10:00:00Z",
    "owner": {"id": PERSON, "name": "Ada Lovelace", "email": "ada@example.com"},
}
BLOCKERS_EXAMPLE: Example = {
    "order_id": SECOND,
    "status": "pending",
    "waiting": True,
    "blockers": [_CUT],
    "root_blockers": [_CUT],
    "waived": [],
    "truncated": False,
}
WAIVE_EXAMPLE: Example = {
    "dependency": FIRST,
    "reason": "The customer takes it undyed.",
}
EVENT_EXAMPLE: Example = {
    "event_id": "0d3f3f39-7d2d-4a3f-8d0e-3f8d6f1f8a55",
    "position": 7,
    "type": "order_status_changed",
    "order_id": SECOND,
    "actor_id": PERSON,
    "created_at": "2025-01-12T12:00:05Z",
    "data": {
        "title": "#1001",
        "status": "fulfilled",
        "old_status": "pending",
        "new_status": "fulfilled",
    },
}

ORDER_ID = OpenApiParameter(
    "order_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The order's id.",
)
FILTERS = [
    DAYS,
    STATUS_FILTER,
    OpenApiParameter(
        "provider",
        OpenApiTypes.STR,
        enum=Order.Provider.values,
        many=True,
        description="Only orders of this provider; may be repeated.",
    ),
    OpenApiParameter(
        "assignee",
        description="Only orders of this member: an id, `me` for the caller, or `none`.",
    ),
    OpenApiParameter(
        "search",
        description=(
            "Only orders with this number, or with this text in the title, the external id or "
            "the customer's name, e-mail address or phone number."
        ),
    ),
    OpenApiParameter(
        "customer",
        description="Only orders with this in the customer's name, e-mail address or phone number.",
    ),
    OpenApiParameter(
        "min_total", OpenApiTypes.DECIMAL, description="In the currency of each order."
    ),
    OpenApiParameter(
        "max_total", OpenApiTypes.DECIMAL, description="In the currency of each order."
    ),
    OpenApiParameter(
        "ordering",
        enum=[sign + name for name in ORDERINGS for sign in ("", "-")],
        description="Sort by this field; a minus turns it round. Up to ten, separated by commas.",
    ),
]
MAY_NOT = RoleNotEnough(HANDLE_ORDERS.name)
SHORT = InsufficientStock([Shortage(1, "Desk lamp", "LAMP-1", 3, 1)])
WRONG_DAYS = Invalid({"days": ["Must be a whole number from 1 to 3650."]})
WRONG_PAGE = Invalid({"page": ["Must be a whole number from 1 to 2147483647."]})
REFUSED_CHANGES = (
    UnknownDependencies([99]),
    DependencyCycle([2, 1]),
    MOVE_REFUSED,
    ItemsFrozen(2),
    SHORT,
    BLOCKED,
)


LIST_ORDERS = extend_schema(
    operation_id="hub_list_orders",
    summary="List the orders of a project",
    description=(
        "The orders of the last `days`, by `order_date`, the newest first unless `ordering` says "
        "otherwise. The days are the project's calendar days, of which today is the last. Filters "
        "combine. An empty parameter is ignored."
    ),
    parameters=[PROJECT_ID, *PAGE_WINDOW, *FILTERS],
    responses={
        200: HubOrderOutput(many=True),
        **errors_of("hub", WRONG_DAYS, ProjectNotFound()),
    },
    examples=[answer_example("One order", ORDER_EXAMPLE)],
)

CREATE_ORDER = extend_schema(
    operation_id="hub_create_order",
    summary="Create an order in a project",
    description=(
        "Creates an order by hand, with the `provider` `manual`. If you send `items`, the total is "
        "their sum. Items with a `product_id` take stock: all of them, or the refusal lists what "
        "is missing. While one of its `dependencies` is unfinished, the order can be draft, "
        "pending, failed or cancelled."
    ),
    request=HubOrderInput,
    parameters=[PROJECT_ID, IDEMPOTENCY_KEY, etag_of_answer(201)],
    responses={
        201: HubOrderOutput,
        **errors_of(
            "hub",
            Invalid({"title": ["Give the order a title, or items from which we make one."]}),
            UnknownDependencies([99]),
            UnknownProducts({1: UUID(FIRST)}),
            MAY_NOT,
            ProjectNotFound(),
            SHORT,
            BLOCKED,
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example("On the phone", CREATE_EXAMPLE),
        request_example("Sold from stock", SELL_EXAMPLE),
        answer_example("The order", CREATED_EXAMPLE, status=201),
    ],
)

GET_ORDER = extend_schema(
    operation_id="hub_get_order",
    summary="Get an order of a project",
    description="One order, however old it is.",
    parameters=[PROJECT_ID, ORDER_ID, IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: HubOrderOutput,
        **NOT_MODIFIED,
        **errors_of("hub", ProjectNotFound(), OrderNotFound()),
    },
    examples=[answer_example("The order", ORDER_EXAMPLE)],
)

UPDATE_ORDER = extend_schema(
    operation_id="hub_update_order",
    summary="Update an order of a project",
    description=(
        "Changes the fields that you send and keeps the rest. `dependencies` and `items` replace "
        "the whole set. If the order cannot take a status next, the refusal lists the statuses "
        "that it can. What you change in an order of a provider holds until the provider tells "
        "something newer."
    ),
    request=HubOrderChanges,
    parameters=[PROJECT_ID, ORDER_ID, IF_MATCH, etag_of_answer(200)],
    responses={
        200: HubOrderOutput,
        **errors_of(
            "hub",
            Invalid({"fulfilled_date": ["Must not be more than a day in the future."]}),
            *REFUSED_CHANGES,
            MAY_NOT,
            ProjectNotFound(),
            OrderNotFound(),
            412,
        ),
    },
    examples=[
        request_example("It is fulfilled", UPDATE_EXAMPLE),
        request_example("It waits for another order", {"dependencies": [FIRST]}),
        answer_example("The order", UPDATED_EXAMPLE),
    ],
)

DELETE_ORDER = extend_schema(
    operation_id="hub_delete_order",
    summary="Delete an order of a project",
    description=(
        "Refused while other orders still wait for it. An order that has begun or ended, or whose "
        "dependency was waived, no longer waits; it loses the dependency. The deleted order's "
        "history stays, and its items return to the stock."
    ),
    parameters=[PROJECT_ID, ORDER_ID, IF_MATCH],
    responses={
        204: None,
        **errors_of(
            "hub",
            RoleNotEnough(DELETE_ORDERS.name),
            ProjectNotFound(),
            OrderNotFound(),
            OrderHasDependents(1, [2, 3]),
            412,
        ),
    },
)

GET_SUMMARY = extend_schema(
    operation_id="hub_get_orders_summary",
    summary="Get the figures of a project's orders",
    description=(
        "How many orders were placed in the last `days`, and what they earned. The days are the "
        "project's calendar days, of which today is the last. Amounts of different currencies are "
        "never added."
    ),
    parameters=[PROJECT_ID, DAYS],
    responses={
        200: OrdersSummaryOutput,
        **errors_of("hub", WRONG_DAYS, ProjectNotFound()),
    },
    examples=[answer_example("Thirty days", SUMMARY_EXAMPLE)],
)

GET_CHAIN = extend_schema(
    operation_id="hub_get_order_chain",
    summary="Get the chain of an order",
    description=(
        "Every order that this one waits for, directly or through others, and every order that "
        "waits for it. The answer has the graph, a sequence in which the work can be done, and the "
        "longest path through the unfinished orders. A chain that is too large is cut, and "
        "`truncated` and `edges_truncated` say so."
    ),
    parameters=[PROJECT_ID, ORDER_ID],
    responses={
        200: HubChainOutput,
        **errors_of("hub", ProjectNotFound(), OrderNotFound()),
    },
    examples=[answer_example("A chain of two", CHAIN_EXAMPLE)],
)

GET_BLOCKERS = extend_schema(
    operation_id="hub_get_order_blockers",
    summary="Why is an order waiting?",
    description=(
        "The orders that it waits for directly, and the unfinished orders at the root of the "
        "wait, with their owners and the time of their last change of status. Only a draft or "
        "pending order waits. `waived` lists the dependencies that no longer count."
    ),
    parameters=[PROJECT_ID, ORDER_ID],
    responses={
        200: HubBlockersOutput,
        **errors_of("hub", ProjectNotFound(), OrderNotFound()),
    },
    examples=[answer_example("Waiting for one", BLOCKERS_EXAMPLE)],
)

WAIVE_DEPENDENCY = extend_schema(
    operation_id="hub_waive_dependency",
    summary="Waive a dependency",
    description=(
        "The order no longer waits for this dependency, whatever becomes of it. If nothing else "
        "holds the order up, it is ready, and becomes active if `auto_activate` is set. If the "
        "dependency is waived already, nothing changes."
    ),
    request=HubWaiverInput,
    parameters=[PROJECT_ID, ORDER_ID, IDEMPOTENCY_KEY, IF_MATCH, etag_of_answer(200)],
    responses={
        200: HubOrderOutput,
        **errors_of(
            "hub",
            NotADependency(2, 99),
            MAY_NOT,
            ProjectNotFound(),
            OrderNotFound(),
            412,
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example("It need not be dyed", WAIVE_EXAMPLE),
        answer_example("The order", ORDER_EXAMPLE),
    ],
)

LIST_EVENTS = extend_schema(
    operation_id="hub_list_order_events",
    summary="Get the history of an order",
    description="Everything that happened to the order, the oldest first.",
    parameters=[PROJECT_ID, ORDER_ID, *PAGE_WINDOW],
    responses={
        200: HubEventOutput(many=True),
        **errors_of("hub", WRONG_PAGE, ProjectNotFound(), OrderNotFound()),
    },
    examples=[answer_example("A move", EVENT_EXAMPLE)],
)
