"""`/api/orders/` of the chain document, and a few operations that the document does not have."""

from contextlib import suppress
from typing import Any, cast

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from accounts.models import User
from cart.api.shop.presentation import precondition_of as precondition_of_cart
from orderchainer.core.db.planning import planned_for_values
from orderchainer.core.db.prepared import Row
from orderchainer.core.errors import DomainError, Invalid, TooManyRequests
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import answer_unless_unchanged
from orderchainer.core.http.fields import as_sent, fields_named
from orderchainer.core.http.filters import filled
from orderchainer.core.http.pagination import bare_list, window_of
from orderchainer.core.http.surfaces import CHECKOUT, Body
from orderchainer.core.http.views import SurfaceViewSet
from orders import queries, services
from orders.api.chain import docs
from orders.api.chain.filters import has_values, narrowed
from orders.api.chain.presentation import (
    DELETED,
    blockers_body,
    chain_body,
    event_body,
    order_body,
)
from orders.api.chain.serializers import (
    NAMES_IN_ERRORS,
    CheckoutInput,
    OrderChanges,
    OrderInput,
    WaiverInput,
    is_checkout,
)
from orders.api.conditions import etag_of_row, precondition_of
from orders.models import Order


class OrderViewSet(SurfaceViewSet):
    """The caller's orders."""

    area = "orders"

    @docs.LIST_ORDERS
    def list(self, request: Request) -> Response:
        """Answer a page of the caller's orders."""
        window = window_of(request)
        orders = narrowed(Order.objects.owned_by(caller_of(request)), request)
        with planned_for_values(has_values(request)):
            page = queries.page_of(orders, window)
        extra = {}
        given = filled(request)
        if "ordering" in given and "up_to" not in given and page.total:
            extra["up_to"] = str(page.newest_id)
        return bare_list(
            request,
            [order_body(row) for row in page.rows],
            total=page.total,
            window=window,
            **extra,
        )

    @docs.CREATE_ORDER
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
        """Order the contents of the cart, once for each `Idempotency-Key`."""
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
        """Name the fields as they were sent; refuse a checkout in the words of both documents."""
        if isinstance(exc, Invalid):
            with suppress(APIException, DomainError, SuspiciousOperation, OSError):
                exc.errors = as_sent(exc.errors, OrderChanges.aliases, self.request.data)
        is_told_to_wait = isinstance(exc, TooManyRequests)
        if self.action == "create" and self.surface is None and not is_told_to_wait:
            # An empty body, or one that cannot be read, is not a checkout.
            with suppress(APIException, DomainError, SuspiciousOperation, OSError):
                if self.request.data and is_checkout(self.request.data):
                    self.surface = CHECKOUT
        return super().handle_exception(exc)

    @docs.GET_ORDER
    def retrieve(self, request: Request, order_id: int) -> Response | HttpResponse:
        """Answer one order."""
        row = queries.row_for(caller_of(request), order_id)
        return answer_unless_unchanged(request, etag_of_row(row), lambda: order_body(row))

    @docs.UPDATE_ORDER
    def update(self, request: Request, order_id: int) -> Response:
        """Change one order and everything that depends on the change."""
        caller = caller_of(request)
        changes = read_changes(
            OrderChanges,
            request.data,
            lambda: order_body(queries.row_for(caller, order_id)),
        )
        fields: dict[str, Any] = changes.validated_data
        dependencies = fields.pop("dependencies", None)
        items = fields.pop("items", None)
        with fields_named(**NAMES_IN_ERRORS):
            services.update_order(
                order_id=order_id,
                by=caller,
                fields=cast("services.OrderFields", fields),
                dependencies=dependencies,
                items=items,
                precondition=precondition_of(request),
            )
        row = queries.row_for(caller, order_id)
        return Response(order_body(row), headers={"ETag": etag_of_row(row)})

    @docs.PATCH_ORDER
    def partial_update(self, request: Request, order_id: int) -> Response:
        """Change one order and everything that depends on the change."""
        return self.update(request, order_id)

    @docs.DELETE_ORDER
    def destroy(self, request: Request, order_id: int) -> Response:
        """Delete one order."""
        services.delete_order(
            order_id=order_id,
            by=caller_of(request),
            precondition=precondition_of(request),
        )
        return Response(DELETED)

    @docs.GET_CHAIN
    def chain(self, request: Request, order_id: int) -> Response:
        """Answer the chain of one order."""
        return Response(chain_body(order_id, queries.chain_for(caller_of(request), order_id)))

    @docs.GET_BLOCKERS
    def blockers(self, request: Request, order_id: int) -> Response:
        """Answer why one order is waiting."""
        return Response(blockers_body(queries.blockers_for(caller_of(request), order_id)))

    @docs.WAIVE_DEPENDENCY
    def waive(self, request: Request, order_id: int) -> Response:
        """Waive one dependency of one order, once for each `Idempotency-Key`."""
        waiver = _read(WaiverInput(data=request.data))
        caller = caller_of(request)

        def work() -> Answer:
            services.waive_dependency(
                order_id=order_id,
                dependency_id=waiver["dependency"],
                reason=waiver["reason"],
                by=caller,
                precondition=precondition_of(request),
            )
            row = queries.row_for(caller, order_id)
            return Answer(200, _body_to_keep(row), {"ETag": etag_of_row(row)})

        return answer_repeatable(request, work)

    @docs.LIST_EVENTS
    def events(self, request: Request, order_id: int) -> Response:
        """Answer a page of one order's history."""
        window = window_of(request)
        events, total = queries.history_for(caller_of(request), order_id, window)
        return bare_list(
            request,
            [event_body(event) for event in events],
            total=total,
            window=window,
        )


def _created(caller: User, order: Order) -> Answer:
    row = queries.row_for(caller, order.pk)
    headers = {"ETag": etag_of_row(row), "Location": f"/api/orders/{order.pk}"}
    return Answer(201, _body_to_keep(row), headers)


def _body_to_keep(row: Row) -> Body:
    """Write an order as JSON can hold it, since the answer to an idempotency key is kept."""
    return {**order_body(row), "uuid": str(row["uuid"])}


def _read(serializer: OrderInput | CheckoutInput | WaiverInput) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    fields: dict[str, Any] = serializer.validated_data
    return fields
