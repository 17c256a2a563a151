"""The envelope document's `/api/order`: the same orders as on every surface, by their UUIDs."""

from typing import cast

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from orderchainer.core.errors import Invalid, NothingToChange
from orderchainer.core.http.conditional import is_unchanged
from orderchainer.core.http.envelope import EnvelopeDone, enveloped, success
from orderchainer.core.http.pagination import bare_list, window_of
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
from orderchainer.core.http.views import SurfaceViewSet
from orders import queries, services
from orders.api.conditions import etag_of_row, precondition_of
from orders.api.envelope import examples
from orders.api.envelope.presentation import shown
from orders.api.envelope.serializers import (
    PRICE_REFUSED,
    EnvelopeOrderAnswer,
    EnvelopeOrderChanges,
    EnvelopeOrderDoneAnswer,
    EnvelopeOrderInput,
    EnvelopeOrdersAnswer,
)
from orders.errors import (
    MoveRefused,
    OrderBlocked,
    OrderHasDependents,
    OrderNotFound,
    OrderNotYours,
)
from orders.lifecycle import OPEN_MOVES, Status
from orders.models import Order, OrderQuerySet

_PRICE_REFUSED = Invalid({"price": [PRICE_REFUSED]})
_CHANGE_REFUSED = (
    OrderNotYours(),
    OrderNotFound(),
    412,
)


class OrderViewSet(SurfaceViewSet):
    """Orders of the caller."""

    area = "orders"

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal in this surface's words."""
        if isinstance(exc, Invalid):
            _speak_of_our_fields(exc)
        return super().handle_exception(exc)

    @extend_schema(
        summary="List orders",
        description="Your own orders, the oldest first: rows that are added while you read come last.",
        parameters=[
            *WINDOW,
            OpenApiParameter(
                "status",
                OpenApiTypes.STR,
                enum=Status.values,
                many=True,
                description="Only orders with this status; may be repeated.",
            ),
        ],
        responses={
            200: EnvelopeOrdersAnswer,
            **errors_of(
                "envelope",
                Invalid({"limit": ["limit: Must be a whole number from 1 to 200."]}),
            ),
        },
        examples=[answer_example("One order", examples.LISTED)],
    )
    def list(self, request: Request) -> Response:
        """Answer a part of the caller's orders."""
        window = window_of(request)
        orders = _with_status(Order.objects.owned_by(caller_of(request)), request)
        page = queries.page_of(orders.order_by("id"), window)
        rows = [shown(row) for row in page.rows]
        response = bare_list(request, rows, total=page.total, window=window)
        response.data = enveloped(
            rows,
            pagination={
                "total": page.total,
                "skip": window.skip,
                "limit": window.limit,
            },
        )
        return response

    @extend_schema(
        summary="Create an order",
        description=(
            "Creates an order of yours. `price` is its total, in US dollars, with at most ten digits before "
            "the point."
        ),
        request=EnvelopeOrderInput,
        parameters=[IDEMPOTENCY_KEY, etag_of_answer(201)],
        responses={
            201: EnvelopeOrderDoneAnswer,
            **errors_of("envelope", _PRICE_REFUSED),
        },
        examples=[
            request_example("An order", examples.CREATE),
            answer_example("The order", examples.CREATED, status=201),
        ],
    )
    def create(self, request: Request) -> Response:
        """Create an order, once for each `Idempotency-Key`."""
        fields = _read(EnvelopeOrderInput(data=request.data))
        caller = caller_of(request)

        def work() -> Answer:
            order = services.create_order(by=caller, fields=fields)
            row = queries.row_for(caller, order.pk)
            return Answer(
                201,
                enveloped(shown(row), "Order created successfully"),
                {"ETag": etag_of_row(row), "Location": f"/api/order/{order.uuid}"},
            )

        return answer_repeatable(request, work)

    @extend_schema(
        summary="Get an order",
        description="One order that you own, or handle as a member of its project.",
        parameters=[IF_NONE_MATCH, etag_of_answer(200)],
        responses={
            200: EnvelopeOrderAnswer,
            **NOT_MODIFIED,
            **errors_of("envelope", OrderNotFound()),
        },
        examples=[answer_example("The order", examples.GOT)],
    )
    def retrieve(self, request: Request, order_id: str) -> Response | HttpResponse:
        """Answer one order."""
        row = queries.row_by_uuid(caller_of(request), order_id)
        etag = etag_of_row(row)
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return success(shown(row), headers={"ETag": etag})

    @extend_schema(
        summary="Update an order",
        description=(
            "Changes what is named and leaves the rest. A status that the order cannot take next is refused "
            "with those that it can. The `price` of an order with items is their sum."
        ),
        request=EnvelopeOrderChanges,
        parameters=[IF_MATCH, etag_of_answer(200)],
        responses={
            200: EnvelopeOrderDoneAnswer,
            **errors_of(
                "envelope",
                NothingToChange(),
                _PRICE_REFUSED,
                MoveRefused(2, "completed", "active", OPEN_MOVES[Status.COMPLETED]),
                OrderBlocked(2, "active", [1], ["draft", "failed", "cancelled"]),
                *_CHANGE_REFUSED,
            ),
        },
        examples=[
            request_example("The whole order", examples.UPDATE),
            request_example("A part of it", {"status": "draft", "price": "149.99"}),
            answer_example("The order", examples.UPDATED),
        ],
    )
    def partial_update(self, request: Request, order_id: str) -> Response:
        """Change one order and all that follows from that."""
        fields = _read(EnvelopeOrderChanges(data=request.data))
        caller = caller_of(request)
        order = services.update_order(
            order_id=queries.order_id_for(caller, order_id),
            by=caller,
            fields=fields,
            precondition=precondition_of(request),
        )
        row = queries.row_for(caller, order.pk)
        return success(
            shown(row),
            "Order updated successfully",
            headers={"ETag": etag_of_row(row)},
        )

    @extend_schema(
        summary="Delete an order",
        description="Refused while others wait for it. Its history stays.",
        parameters=[IF_MATCH],
        responses={
            200: EnvelopeDone,
            **errors_of("envelope", OrderHasDependents(1, [2, 3]), *_CHANGE_REFUSED),
        },
        examples=[answer_example("Word of it", examples.DELETED)],
    )
    def destroy(self, request: Request, order_id: str) -> Response:
        """Delete one order."""
        caller = caller_of(request)
        services.delete_order(
            order_id=queries.order_id_for(caller, order_id),
            by=caller,
            precondition=precondition_of(request),
        )
        return success(message="Order deleted successfully")


def _read(
    serializer: EnvelopeOrderInput | EnvelopeOrderChanges,
) -> services.OrderFields:
    """Return the fields of the body under the names that orders have for them."""
    serializer.is_valid(raise_exception=True)
    fields = dict(serializer.validated_data)
    if "price" in fields:
        fields["total_price"] = fields.pop("price")
    return cast(services.OrderFields, fields)


def _with_status(orders: OrderQuerySet, request: Request) -> OrderQuerySet:
    """Keep those with a status that the query string names. Raises `Invalid` for what is none."""
    wanted = request.GET.getlist("status")
    if not set(wanted) <= set(Status.values):
        raise Invalid({"status": [f"Must be one of {', '.join(Status.values)}."]})
    return orders.filter(status__in=wanted) if wanted else orders


def _speak_of_our_fields(refusal: Invalid) -> None:
    """Name in each message what it is about: this surface shows the words alone."""
    for name in refusal.errors.keys() - {"body"}:
        ours = "price" if name == "total_price" else name
        refusal.errors[name] = [f"{ours}: {words}" for words in refusal.errors[name]]
