"""What the schema says of `/api/order`. The examples are the envelope document's own."""

from typing import Any

from drf_spectacular.utils import extend_schema

from accounts.errors import IdempotencyKeyReused
from orderchainer.core.errors import Invalid, NothingToChange
from orderchainer.core.http.envelope import EnvelopeDone
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    WINDOW,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)
from orders.api.docs import BLOCKED, CANCEL_ONLY, MOVE_REFUSED, STATUS_FILTER
from orders.api.envelope.serializers import (
    PRICE_REFUSED,
    EnvelopeOrderAnswer,
    EnvelopeOrderChanges,
    EnvelopeOrderDoneAnswer,
    EnvelopeOrderInput,
    EnvelopeOrdersAnswer,
)
from orders.errors import OrderHasDependents, OrderNotFound, OrderNotYours

Example = dict[str, Any]

CREATE_EXAMPLE: Example = {
    "title": "Premium Subscription",
    "price": "99.99",
    "link": "https://example.com/product/123",
    "status": "active",
}
ORDER_EXAMPLE: Example = {
    # The document's own id has letters that no UUID has.
    "orderId": "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11",
    **CREATE_EXAMPLE,
    "createdAt": "2025-11-08T05:20:12.123Z",
    "updatedAt": "2025-11-08T05:20:12.123Z",
}
CREATED_EXAMPLE: Example = {
    "success": True,
    "data": ORDER_EXAMPLE,
    "message": "Order created successfully",
}
GOT_EXAMPLE: Example = {"success": True, "data": ORDER_EXAMPLE}
LISTED_EXAMPLE: Example = {
    "success": True,
    "data": [ORDER_EXAMPLE],
    "pagination": {"total": 1, "skip": 0, "limit": 100},
}
UPDATE_EXAMPLE: Example = {
    "title": "Updated Premium Subscription",
    "price": "149.99",
    "link": "https://example.com/product/456",
    "status": "draft",
}
UPDATED_EXAMPLE: Example = {
    "success": True,
    "data": {
        **ORDER_EXAMPLE,
        **UPDATE_EXAMPLE,
        "updatedAt": "2025-11-08T05:30:45.678Z",
    },
    "message": "Order updated successfully",
}
DELETED_EXAMPLE: Example = {"success": True, "message": "Order deleted successfully"}


_PRICE_REFUSED = Invalid({"price": [PRICE_REFUSED]})
_CHANGE_REFUSED = (OrderNotYours(), CANCEL_ONLY, OrderNotFound(), 412)


LIST_ORDERS = extend_schema(
    operation_id="envelope_list_orders",
    summary="List orders",
    description=(
        "Your own orders, the oldest first. Orders that are added while you page come last."
    ),
    parameters=[*WINDOW, STATUS_FILTER],
    responses={
        200: EnvelopeOrdersAnswer,
        **errors_of(
            "envelope",
            Invalid({"limit": ["limit: Must be a whole number from 1 to 200."]}),
        ),
    },
    examples=[answer_example("One order", LISTED_EXAMPLE)],
)

CREATE_ORDER = extend_schema(
    operation_id="envelope_create_order",
    summary="Create an order",
    description=(
        "Creates an order that you own, in your personal project. `price` is its total "
        "in the project's currency, with at most ten digits before the decimal point."
    ),
    request=EnvelopeOrderInput,
    parameters=[IDEMPOTENCY_KEY, etag_of_answer(201)],
    responses={
        201: EnvelopeOrderDoneAnswer,
        **errors_of("envelope", _PRICE_REFUSED, IdempotencyKeyReused()),
    },
    examples=[
        request_example("An order", CREATE_EXAMPLE),
        answer_example("The order", CREATED_EXAMPLE, status=201),
    ],
)

GET_ORDER = extend_schema(
    operation_id="envelope_get_order",
    summary="Get an order",
    description="One order that you own, or that belongs to a project of yours.",
    parameters=[IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: EnvelopeOrderAnswer,
        **NOT_MODIFIED,
        **errors_of("envelope", OrderNotFound()),
    },
    examples=[answer_example("The order", GOT_EXAMPLE)],
)

UPDATE_ORDER = extend_schema(
    operation_id="envelope_update_order",
    summary="Update an order",
    description=(
        "Changes the fields that you send and keeps the rest. If the order cannot take "
        "a status next, the refusal lists the statuses that it can. The `price` of an "
        "order with items is their sum. An order that you bought in the shop is for the "
        "seller to change: you can cancel it at `/api/orders/{id}` until it is shipped."
    ),
    request=EnvelopeOrderChanges,
    parameters=[IF_MATCH, etag_of_answer(200)],
    responses={
        200: EnvelopeOrderDoneAnswer,
        **errors_of(
            "envelope",
            NothingToChange(),
            _PRICE_REFUSED,
            MOVE_REFUSED,
            BLOCKED,
            *_CHANGE_REFUSED,
        ),
    },
    examples=[
        request_example("The whole order", UPDATE_EXAMPLE),
        request_example("A part of it", {"status": "draft", "price": "149.99"}),
        answer_example("The order", UPDATED_EXAMPLE),
    ],
)

DELETE_ORDER = extend_schema(
    operation_id="envelope_delete_order",
    summary="Delete an order",
    description=(
        "Refused while other orders still wait for it, and to a customer who bought it in the "
        "shop. Its history stays."
    ),
    parameters=[IF_MATCH],
    responses={
        200: EnvelopeDone,
        **errors_of("envelope", OrderHasDependents(1, [2, 3]), *_CHANGE_REFUSED),
    },
    examples=[answer_example("The confirmation", DELETED_EXAMPLE)],
)
