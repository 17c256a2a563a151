"""What the schema says of `/api/orders/`. Examples that the chain document shows are its own."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
)

from accounts.errors import IdempotencyKeyReused
from catalog.errors import InsufficientStock, Shortage
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    WINDOW,
    answer_example,
    errors_of,
    errors_of_checkout,
    etag_of_answer,
    request_example,
)
from orders.api.chain.filters import ORDERINGS
from orders.api.chain.presentation import DELETED
from orders.api.chain.serializers import (
    BlockersOutput,
    ChainOutput,
    CheckoutInput,
    DeletedOutput,
    EventOutput,
    OrderChanges,
    OrderInput,
    OrderOutput,
    WaiverInput,
)
from orders.api.docs import BLOCKED, CANCEL_ONLY, MOVE_REFUSED, STATUS_FILTER
from orders.errors import (
    CartEmpty,
    CustomerMayOnlyCancel,
    DependencyCycle,
    GoodsGone,
    ItemsFrozen,
    NotADependency,
    OrderHasDependents,
    SeveralCurrencies,
    UnknownDependencies,
)

Example = dict[str, Any]

_REST: Example = {
    "uuid": "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11",
    "dependencies": [],
    "auto_activate": False,
    "failure_policy": "hold",
    "ready": True,
    "items": [],
    "total_price": "0.00",
    "currency": "USD",
    "link": "",
    "customer": {"name": "", "email": "", "phone": ""},
    "shipping_address": "",
    "phone_number": "",
    "notes": "",
    "provider": "api",
    "external_id": "",
}

CREATE_EXAMPLE: Example = {
    "title": "New Order",
    "description": "Order description",
    "status": "pending",
    "dependencies": [1, 2],
}
CREATE_WITH_ITEMS_EXAMPLE: Example = {
    "title": "Two lamps",
    "items": [{"name": "Lamp", "sku": "LAMP-1", "unit_price": "29.99", "quantity": 2}],
    "currency": "EUR",
    "customer": {"name": "John Doe", "email": "john@example.com"},
}
CREATED_EXAMPLE: Example = {
    "id": 3,
    "title": "New Order",
    "description": "Order description",
    "status": "pending",
    "created_at": "2024-02-14T12:00:00",
    "updated_at": "2024-02-14T12:00:00",
    "owner_id": 1,
    **_REST,
    "dependencies": [1, 2],
    "ready": False,
}
CHECKOUT_EXAMPLE: Example = {
    "shipping_address": "123 Main St, City, Country",
    "phone_number": "+1234567890",
    "notes": "Leave at door",
}
CHECKED_OUT_EXAMPLE: Example = {
    "id": 4,
    "title": "Smartphone Pro Max",
    "description": "",
    "status": "pending",
    "created_at": "2024-02-14T12:00:00",
    "updated_at": "2024-02-14T12:00:00",
    "owner_id": 1,
    **_REST,
    "items": [
        {
            "name": "Smartphone Pro Max",
            "sku": "PHONE-1",
            "unit_price": "999.99",
            "quantity": 2,
            "total_price": "1999.98",
            "product_id": 1,
        }
    ],
    "total_price": "1999.98",
    "customer": {
        "name": "Test User",
        "email": "user@example.com",
        "phone": "+1234567890",
    },
    **CHECKOUT_EXAMPLE,
    "provider": "storefront",
}
LISTED_EXAMPLE: Example = {
    "id": 1,
    "title": "First Order",
    "description": "First order description",
    "status": "completed",
    "created_at": "2024-02-14T10:00:00",
    "updated_at": "2024-02-14T11:00:00",
    "owner_id": 1,
    **_REST,
}
UPDATE_EXAMPLE: Example = {
    "title": "Updated Order",
    "description": "Updated description",
    "status": "active",
    "dependencies": [1],
}
UPDATED_EXAMPLE: Example = {
    "id": 2,
    "title": "Updated Order",
    "description": "Updated description",
    "status": "active",
    "created_at": "2024-02-14T10:00:00",
    "updated_at": "2024-02-14T12:00:00",
    "owner_id": 1,
    **_REST,
    "dependencies": [1],
}
CHAIN_EXAMPLE: Example = {
    "order_id": 2,
    "nodes": [
        {
            "id": 1,
            "title": "Cut",
            "status": "completed",
            "owner_id": 1,
            "ready": True,
            "blockers": [],
        },
        {
            "id": 2,
            "title": "Sew",
            "status": "active",
            "owner_id": 1,
            "ready": True,
            "blockers": [],
        },
        {
            "id": 3,
            "title": "Pack",
            "status": "pending",
            "owner_id": 1,
            "ready": False,
            "blockers": [2],
        },
    ],
    "edges": [
        {"order": 2, "depends_on": 1, "waived": False},
        {"order": 3, "depends_on": 2, "waived": False},
    ],
    "topological_order": [1, 2, 3],
    "critical_path": [2, 3],
    "truncated": False,
    "edges_truncated": False,
}
_SEW: Example = {
    "id": 2,
    "title": "Sew",
    "status": "active",
    "since": "2024-02-14T12:00:00",
    "owner": {"id": 1, "name": "Ada Lovelace", "email": "ada@example.com"},
}
BLOCKERS_EXAMPLE: Example = {
    "order_id": 3,
    "status": "pending",
    "waiting": True,
    "blockers": [_SEW],
    "root_blockers": [_SEW],
    "waived": [
        {
            "id": 1,
            "title": "Dye",
            "status": "failed",
            "waived_at": "2024-02-14T12:00:00",
            "waived_by": 1,
            "reason": "The customer takes it undyed.",
        }
    ],
    "truncated": False,
}
WAIVE_EXAMPLE: Example = {
    "dependency": 1,
    "reason": "The customer takes it undyed.",
}
EVENT_EXAMPLE: Example = {
    "event_id": "0d3f3f39-7d2d-4a3f-8d0e-3f8d6f1f8a55",
    "position": 7,
    "type": "order_status_changed",
    "order_id": 2,
    "actor_id": 1,
    "created_at": "2024-02-14T12:00:00",
    "data": {
        "title": "Sew",
        "status": "active",
        "old_status": "pending",
        "new_status": "active",
    },
}


CARTS_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "For a checkout: the `ETag` of the cart that you read. If the cart has changed since, the "
        "answer is 412 and nothing is ordered."
    ),
)
SHORT = InsufficientStock([Shortage(1, "Desk lamp", "LAMP-1", 3, 1)])
REFUSED_CHANGES = (
    400,
    UnknownDependencies([99]),
    DependencyCycle([3, 1, 2]),
    MOVE_REFUSED,
    ItemsFrozen(2),
    CANCEL_ONLY,
    GoodsGone(2, "shipped"),
    SHORT,
    BLOCKED,
)


LIST_ORDERS = extend_schema(
    operation_id="chain_list_orders",
    summary="List orders",
    description=(
        "Your own orders, the oldest first unless `ordering` says otherwise. Orders "
        "that are added while you page come last. With another ordering the links "
        "contain `up_to`, which leaves them out."
    ),
    parameters=[
        *WINDOW,
        STATUS_FILTER,
        OpenApiParameter("search", description="Only orders with this in title or description."),
        OpenApiParameter(
            "ordering",
            enum=[sign + name for name in ORDERINGS for sign in ("", "-")],
            description="Sort by this field; a minus turns it round. "
            "Up to ten, separated by commas.",
        ),
        OpenApiParameter("up_to", OpenApiTypes.INT64, description="Only orders up to this id."),
    ],
    responses={200: OrderOutput(many=True), **errors_of("chain_and_shop", 400)},
    examples=[answer_example("One order", LISTED_EXAMPLE)],
)

CREATE_ORDER = extend_schema(
    operation_id="chain_create_order",
    summary="Create an order, or order what is in the cart",
    description=(
        "With a `title`: creates an order that waits for `dependencies`. While one of "
        "them is unfinished, the order can be draft, pending, failed or cancelled. If "
        "you send `items`, the total is their sum.\n\n"
        "Without a `title`: orders everything in your cart at the current prices and "
        "empties the cart. If anything is short, nothing changes and `shortages` lists "
        "what is missing. Send the cart's `ETag` in `If-Match` to order only what you "
        "have seen, at the prices that you have seen."
    ),
    request=PolymorphicProxySerializer(
        component_name="OrderOrCheckout",
        serializers=[OrderInput, CheckoutInput],
        resource_type_field_name=None,
    ),
    parameters=[IDEMPOTENCY_KEY, CARTS_IF_MATCH, etag_of_answer(201)],
    responses={
        201: OrderOutput,
        **errors_of_checkout(
            errors_of(
                "chain_and_shop",
                *REFUSED_CHANGES[:2],
                REFUSED_CHANGES[-1],
                401,
                403,
                500,
            ),
            Invalid({"shipping_address": ["This field is required."]}),
            CartEmpty(),
            UnknownDependencies([99]),
            401,
            403,
            500,
            SHORT,
            SeveralCurrencies(["EUR", "USD"]),
            IdempotencyKeyReused(),
            412,
        ),
    },
    examples=[
        request_example("A chained order", CREATE_EXAMPLE),
        request_example("With items", CREATE_WITH_ITEMS_EXAMPLE),
        request_example("What is in the cart", CHECKOUT_EXAMPLE),
        answer_example("The order", CREATED_EXAMPLE, status=201),
        answer_example("What was in the cart", CHECKED_OUT_EXAMPLE, status=201),
    ],
)

GET_ORDER = extend_schema(
    operation_id="chain_get_order",
    summary="Get an order",
    description="One order that you own, or that belongs to a project of yours.",
    parameters=[IF_NONE_MATCH, etag_of_answer(200)],
    responses={200: OrderOutput, **NOT_MODIFIED, **errors_of("chain_and_shop", 404)},
    examples=[answer_example("The order", LISTED_EXAMPLE)],
)

# What `PUT` and `PATCH` have in common.
_CHANGE: dict[str, Any] = {
    "request": OrderChanges,
    "parameters": [IF_MATCH, etag_of_answer(200)],
    "responses": {
        200: OrderOutput,
        **errors_of("chain_and_shop", *REFUSED_CHANGES, 403, 404, 412),
    },
}

UPDATE_ORDER = extend_schema(
    operation_id="chain_update_order",
    summary="Update an order",
    description=(
        "Changes the fields that you send and keeps the rest. `dependencies` and "
        "`items` replace the whole set; dependencies that stay keep their waivers. If the "
        "order cannot take a status next, the refusal lists the statuses that it can. An "
        "order that was bought from stock "
        "keeps its items. It returns them to the stock when it is cancelled or fails, "
        "and takes them again when it becomes pending again. Orders that failed along "
        "with it, and that no user has changed since, become pending again with it. If you "
        "bought the order in the shop and do not handle its project's orders, you can cancel "
        "it until it is shipped, and nothing else; sending back what you read is no change."
    ),
    **_CHANGE,
    examples=[
        request_example("The whole order", UPDATE_EXAMPLE),
        request_example("Only its status", {"status": "completed"}),
        answer_example("The order", UPDATED_EXAMPLE),
    ],
)

PATCH_ORDER = extend_schema(
    operation_id="chain_patch_order",
    summary="Change a part of an order",
    description="The same as PUT.",
    **_CHANGE,
    examples=[
        request_example("Only its status", {"status": "completed"}),
        answer_example("The order", UPDATED_EXAMPLE),
    ],
)

DELETE_ORDER = extend_schema(
    operation_id="chain_delete_order",
    summary="Delete an order",
    description=(
        "Refused while other orders still wait for it, and to a customer who bought it in "
        "the shop: they can cancel it. An order that has begun or ended, or whose dependency "
        "was waived, no longer waits; it loses the dependency. The deleted order's history "
        "stays, and its items return to the stock."
    ),
    parameters=[IF_MATCH],
    responses={
        200: DeletedOutput,
        **errors_of(
            "chain_and_shop",
            403,
            404,
            CustomerMayOnlyCancel(1, ["cancelled"]),
            OrderHasDependents(1, [2, 3]),
            412,
        ),
    },
    examples=[answer_example("The confirmation", DELETED)],
)

GET_CHAIN = extend_schema(
    operation_id="chain_get_order_chain",
    summary="Get an order's chain",
    description=(
        "Every order that this one waits for, directly or through others, and every "
        "order that waits for it. The answer has the graph, a sequence in which the work "
        "can be done, and the longest path through the unfinished orders. A chain that "
        "is too large is cut, and `truncated` and `edges_truncated` say so."
    ),
    responses={200: ChainOutput, **errors_of("chain_and_shop", 404)},
    examples=[answer_example("A chain of three", CHAIN_EXAMPLE)],
)

GET_BLOCKERS = extend_schema(
    operation_id="chain_get_order_blockers",
    summary="Why is an order waiting?",
    description=(
        "The orders that it waits for directly, and the unfinished orders at the root "
        "of the wait, with their owners and the time of their last change of status. Only "
        "a draft or pending order waits. `waived` lists the dependencies that no longer "
        "count."
    ),
    responses={200: BlockersOutput, **errors_of("chain_and_shop", 404)},
    examples=[answer_example("Waiting for one, which waits for another", BLOCKERS_EXAMPLE)],
)

WAIVE_DEPENDENCY = extend_schema(
    operation_id="chain_waive_dependency",
    summary="Waive a dependency",
    description=(
        "The order no longer waits for this dependency, whatever becomes of it. Everyone who may "
        "change the order may do so, and must say why. If nothing else holds the order up, it "
        "is ready, and becomes active if `auto_activate` is set. If the dependency is waived "
        "already, nothing changes."
    ),
    request=WaiverInput,
    parameters=[IDEMPOTENCY_KEY, IF_MATCH, etag_of_answer(200)],
    responses={
        200: OrderOutput,
        **errors_of(
            "chain_and_shop",
            400,
            NotADependency(2, 99),
            403,
            404,
            412,
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example("It need not be dyed", WAIVE_EXAMPLE),
        answer_example("The order", UPDATED_EXAMPLE),
    ],
)

LIST_EVENTS = extend_schema(
    operation_id="chain_list_order_events",
    summary="Get an order's history",
    description="Everything that happened to the order, the oldest first.",
    parameters=WINDOW,
    responses={200: EventOutput(many=True), **errors_of("chain_and_shop", 400, 404)},
    examples=[answer_example("A move", EVENT_EXAMPLE)],
)
