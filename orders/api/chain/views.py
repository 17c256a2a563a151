"""The chain document's `/api/orders/`, and what its clients would expect beside it."""

from contextlib import suppress
from typing import Any, cast

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from accounts.errors import IdempotencyKeyReused
from accounts.models import User
from cart.api.shop.presentation import precondition_of as precondition_of_cart
from catalog.errors import InsufficientStock, Shortage
from orderchainer.core.errors import DomainError, Invalid, TooManyRequests
from orderchainer.core.http.conditional import is_unchanged
from orderchainer.core.http.pagination import bare_list, window_of
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
from orderchainer.core.http.surfaces import CHECKOUT
from orderchainer.core.http.views import SurfaceViewSet
from orders import queries, services
from orders.api.chain import examples
from orders.api.chain.filters import ORDERINGS, narrowed
from orders.api.chain.presentation import (
    shown,
    shown_chain,
    shown_event,
    shown_wait,
)
from orders.api.chain.serializers import (
    BlockersOutput,
    ChainOutput,
    CheckoutInput,
    DeletedOutput,
    EventOutput,
    OrderChanges,
    OrderInput,
    OrderOutput,
    is_checkout,
)
from orders.api.conditions import etag_of_row, precondition_of
from orders.errors import (
    CartEmpty,
    DependencyCycle,
    GoodsGone,
    ItemsFrozen,
    MoveRefused,
    OrderBlocked,
    OrderHasDependents,
    SeveralCurrencies,
    UnknownDependencies,
)
from orders.lifecycle import OPEN_MOVES, Status
from orders.models import Order

CARTS_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "Of a checkout: the `ETag` of the cart that you read. Another cart now is a 412 and nothing is ordered."
    ),
)
SHORT = InsufficientStock([Shortage(1, "Desk lamp", "LAMP-1", 3, 1)])
REFUSED_CHANGES = (
    400,
    UnknownDependencies([99]),
    DependencyCycle([3, 1, 2]),
    MoveRefused(2, "completed", "active", OPEN_MOVES[Status.COMPLETED]),
    ItemsFrozen(2),
    GoodsGone(2, "shipped"),
    SHORT,
    OrderBlocked(2, "active", [1], ["draft", "failed", "cancelled"]),
)


class OrderViewSet(SurfaceViewSet):
    """Orders of the caller."""

    area = "orders"

    @extend_schema(
        summary="List orders",
        description=(
            "Your own orders, the oldest first unless `ordering` says otherwise. Rows that are added while "
            "you read come last; in any other order the links carry `up_to`, which leaves them out."
        ),
        parameters=[
            *WINDOW,
            OpenApiParameter(
                "status",
                OpenApiTypes.STR,
                enum=Status.values,
                many=True,
                description="Only orders with this status; may be repeated.",
            ),
            OpenApiParameter(
                "search", description="Only orders with this in title or description."
            ),
            OpenApiParameter(
                "ordering",
                enum=[sign + name for name in ORDERINGS for sign in ("", "-")],
                description="Sort by this field; a minus turns it round.",
            ),
            OpenApiParameter(
                "up_to", OpenApiTypes.INT64, description="Only orders up to this id."
            ),
        ],
        responses={200: OrderOutput(many=True), **errors_of("chain", 400)},
        examples=[answer_example("One order", examples.LISTED)],
    )
    def list(self, request: Request) -> Response:
        """Answer a part of the caller's orders."""
        window = window_of(request)
        orders = narrowed(Order.objects.owned_by(caller_of(request)), request)
        page = queries.page_of(orders, window)
        extra = {}
        if "ordering" in request.GET and "up_to" not in request.GET and page.total:
            extra["up_to"] = str(page.newest_id)
        return bare_list(
            request,
            [shown(row) for row in page.rows],
            total=page.total,
            window=window,
            **extra,
        )

    @extend_schema(
        summary="Create an order, or order what is in the cart",
        description=(
            "With a `title`: creates an order that waits for `dependencies`. While one of them is not done it can "
            "be draft, pending, failed or cancelled. `items`, where given, add up to the total.\n\n"
            "Without one: orders all that is in your cart and empties it, all or nothing, at the prices of this "
            "moment. What there is too little of is listed under `shortages`, and nothing has changed then. The cart's "
            "`ETag` in `If-Match` lets nothing be ordered that you have not seen, prices included."
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
                errors_of("chain", *REFUSED_CHANGES[:2], REFUSED_CHANGES[-1]),
                Invalid({"shipping_address": ["This field is required."]}),
                CartEmpty(),
                UnknownDependencies([99]),
                SHORT,
                SeveralCurrencies(["EUR", "USD"]),
                IdempotencyKeyReused(),
                412,
            ),
        },
        examples=[
            request_example("A chained order", examples.CREATE),
            request_example("With items", examples.CREATE_WITH_ITEMS),
            request_example("What is in the cart", examples.CHECK_OUT),
            answer_example("The order", examples.CREATED, status=201),
            answer_example("What was in the cart", examples.CHECKED_OUT, status=201),
        ],
    )
    def create(self, request: Request) -> Response:
        """Create an order, once for each `Idempotency-Key`."""
        if is_checkout(request.data):
            return self._check_out(request)
        fields = _read(OrderInput(data=request.data))
        dependencies = fields.pop("dependencies", ())
        items = fields.pop("items", ())
        caller = caller_of(request)

        def work() -> Answer:
            order = services.create_order(
                by=caller,
                fields=cast("services.OrderFields", fields),
                dependencies=dependencies,
                items=items,
            )
            return _created(caller, order)

        return answer_repeatable(request, work)

    def _check_out(self, request: Request) -> Response:
        """Order what is in the cart, once for each `Idempotency-Key`."""
        self.surface = CHECKOUT
        fields = _read(CheckoutInput(data=request.data))
        dependencies = fields.pop("dependencies", ())
        caller = caller_of(request)

        def work() -> Answer:
            order = services.check_out(
                by=caller,
                fields=cast("services.OrderFields", fields),
                dependencies=dependencies,
                precondition=precondition_of_cart(request),
            )
            return _created(caller, order)

        return answer_repeatable(request, work)

    def handle_exception(self, exc: Exception) -> Response:
        """Refuse a checkout in the words of both documents, even where it has not been looked at yet."""
        is_told_to_wait = isinstance(exc, TooManyRequests)
        if self.action == "create" and self.surface is None and not is_told_to_wait:
            # A body that says nothing, or cannot be read, is nobody's checkout.
            with suppress(APIException, DomainError, SuspiciousOperation, OSError):
                if self.request.data and is_checkout(self.request.data):
                    self.surface = CHECKOUT
        return super().handle_exception(exc)

    @extend_schema(
        summary="Get an order",
        description="One order that you own, or handle as a member of its project.",
        parameters=[IF_NONE_MATCH, etag_of_answer(200)],
        responses={200: OrderOutput, **NOT_MODIFIED, **errors_of("chain", 404)},
        examples=[answer_example("The order", examples.LISTED)],
    )
    def retrieve(self, request: Request, order_id: int) -> Response | HttpResponse:
        """Answer one order."""
        row = queries.row_for(caller_of(request), order_id)
        etag = etag_of_row(row)
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return Response(shown(row), headers={"ETag": etag})

    @extend_schema(
        summary="Update an order",
        description=(
            "Changes what is named and leaves the rest. `dependencies` and `items` are whole new sets. A status "
            "that the order cannot take next is refused with those that it can. What was bought from stock "
            "keeps its items; it gives them back when it is cancelled or fails, and takes them anew when it is pending again."
        ),
        request=OrderChanges,
        parameters=[IF_MATCH, etag_of_answer(200)],
        responses={
            200: OrderOutput,
            **errors_of("chain", *REFUSED_CHANGES, 403, 404, 412),
        },
        examples=[
            request_example("The whole order", examples.UPDATE),
            request_example("Only its status", {"status": "completed"}),
            answer_example("The order", examples.UPDATED),
        ],
    )
    def update(self, request: Request, order_id: int) -> Response:
        """Change one order and all that follows from that."""
        fields = _read(OrderChanges(data=request.data))
        dependencies = fields.pop("dependencies", None)
        items = fields.pop("items", None)
        caller = caller_of(request)
        services.update_order(
            order_id=order_id,
            by=caller,
            fields=cast("services.OrderFields", fields),
            dependencies=dependencies,
            items=items,
            precondition=precondition_of(request),
        )
        row = queries.row_for(caller, order_id)
        return Response(shown(row), headers={"ETag": etag_of_row(row)})

    @extend_schema(
        summary="Change a part of an order",
        description="The same as PUT.",
        request=OrderChanges,
        parameters=[IF_MATCH, etag_of_answer(200)],
        responses={
            200: OrderOutput,
            **errors_of("chain", *REFUSED_CHANGES, 403, 404, 412),
        },
        examples=[
            request_example("Only its status", {"status": "completed"}),
            answer_example("The order", examples.UPDATED),
        ],
    )
    def partial_update(self, request: Request, order_id: int) -> Response:
        """Change one order and all that follows from that."""
        return self.update(request, order_id)

    @extend_schema(
        summary="Delete an order",
        description=(
            "Refused while others wait for it. Its history stays, and what it holds goes back into stock."
        ),
        parameters=[IF_MATCH],
        responses={
            200: DeletedOutput,
            **errors_of(
                "chain",
                403,
                404,
                OrderHasDependents(1, [2, 3]),
                GoodsGone(1, "completed"),
                412,
            ),
        },
        examples=[answer_example("Word of it", examples.DELETED)],
    )
    def destroy(self, request: Request, order_id: int) -> Response:
        """Delete one order."""
        services.delete_order(
            order_id=order_id,
            by=caller_of(request),
            precondition=precondition_of(request),
        )
        return Response(examples.DELETED)

    @extend_schema(
        summary="Get an order's chain",
        description=(
            "All that the order waits for, directly or through others, and all that waits for it: as a graph, in "
            "an order in which it can be done, and with the longest way through what is unfinished."
        ),
        responses={200: ChainOutput, **errors_of("chain", 404)},
        examples=[answer_example("A chain of three", examples.CHAIN)],
    )
    def chain(self, request: Request, order_id: int) -> Response:
        """Answer the chain of one order."""
        return Response(
            shown_chain(order_id, queries.chain_for(caller_of(request), order_id))
        )

    @extend_schema(
        summary="Why is an order waiting?",
        description=(
            "What it waits for directly, and the unfinished orders at the root of the wait: since when they "
            "are as they are, and who owns them."
        ),
        responses={200: BlockersOutput, **errors_of("chain", 404)},
        examples=[
            answer_example(
                "Waiting for one, which waits for another", examples.BLOCKERS
            )
        ],
    )
    def blockers(self, request: Request, order_id: int) -> Response:
        """Answer why one order waits."""
        order, blockers = queries.blockers_for(caller_of(request), order_id)
        return Response(shown_wait(order, blockers))

    @extend_schema(
        summary="Get an order's history",
        description="All that happened to the order, oldest first.",
        parameters=WINDOW,
        responses={200: EventOutput(many=True), **errors_of("chain", 400, 404)},
        examples=[answer_example("A move", examples.EVENT)],
    )
    def events(self, request: Request, order_id: int) -> Response:
        """Answer a part of one order's history."""
        window = window_of(request)
        events, total = queries.history_for(caller_of(request), order_id, window)
        return bare_list(
            request,
            [shown_event(event) for event in events],
            total=total,
            window=window,
        )


def _created(caller: User, order: Order) -> Answer:
    row = queries.row_for(caller, order.pk)
    headers = {"ETag": etag_of_row(row), "Location": f"/api/orders/{order.pk}"}
    return Answer(201, {**shown(row), "uuid": str(row["uuid"])}, headers)


def _read(serializer: OrderChanges | CheckoutInput) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    fields: dict[str, Any] = serializer.validated_data
    return fields
