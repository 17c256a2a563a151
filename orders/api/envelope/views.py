"""`/api/order` of the envelope document: the same orders as elsewhere, found by their UUIDs."""

from typing import cast

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from orderchainer.core.db.planning import planned_for_values
from orderchainer.core.errors import Invalid
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import answer_unless_unchanged
from orderchainer.core.http.envelope import enveloped, success
from orderchainer.core.http.pagination import bare_list, window_of
from orderchainer.core.http.views import SurfaceViewSet
from orders import queries, services
from orders.api.conditions import etag_of_row, precondition_of
from orders.api.envelope import docs
from orders.api.envelope.filters import has_values, narrowed
from orders.api.envelope.presentation import order_body
from orders.api.envelope.serializers import (
    EnvelopeOrderChanges,
    EnvelopeOrderInput,
    price_refused,
)
from orders.errors import AmountsTooFine
from orders.models import Order


class OrderViewSet(SurfaceViewSet):
    """The caller's orders."""

    area = "orders"

    def handle_exception(self, exc: Exception) -> Response:
        """Refuse with this surface's names of fields."""
        if isinstance(exc, Invalid):
            _speak_of_our_fields(exc)
        return super().handle_exception(exc)

    @docs.LIST_ORDERS
    def list(self, request: Request) -> Response:
        """Answer a page of the caller's orders."""
        window = window_of(request)
        orders = narrowed(Order.objects.owned_by(caller_of(request)), request)
        with planned_for_values(has_values(request)):
            page = queries.page_of(orders.order_by("id"), window)
        rows = [order_body(row) for row in page.rows]
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

    @docs.CREATE_ORDER
    def create(self, request: Request) -> Response:
        """Create an order, once for each `Idempotency-Key`."""
        body = EnvelopeOrderInput(data=request.data)
        body.is_valid(raise_exception=True)
        fields = _fields_of(body)
        caller = caller_of(request)

        def work() -> Answer:
            order = services.create_order(by=caller, fields=fields)
            row = queries.row_for(caller, order.pk)
            return Answer(
                201,
                enveloped(order_body(row), "Order created successfully"),
                {"ETag": etag_of_row(row), "Location": f"/api/order/{order.uuid}"},
            )

        return answer_repeatable(request, work)

    @docs.GET_ORDER
    def retrieve(self, request: Request, order_id: str) -> Response | HttpResponse:
        """Answer one order."""
        row = queries.row_by_uuid(caller_of(request), order_id)
        return answer_unless_unchanged(
            request, etag_of_row(row), lambda: enveloped(order_body(row))
        )

    @docs.UPDATE_ORDER
    def partial_update(self, request: Request, order_id: str) -> Response:
        """Change one order and everything that depends on the change."""
        caller = caller_of(request)
        changes = read_changes(
            EnvelopeOrderChanges,
            request.data,
            lambda: order_body(queries.row_by_uuid(caller, order_id)),
        )
        order = services.update_order(
            order_id=queries.order_id_for(caller, order_id),
            by=caller,
            fields=_fields_of(changes),
            precondition=precondition_of(request),
        )
        row = queries.row_for(caller, order.pk)
        return success(
            order_body(row),
            "Order updated successfully",
            headers={"ETag": etag_of_row(row)},
        )

    @docs.DELETE_ORDER
    def destroy(self, request: Request, order_id: str) -> Response:
        """Delete one order."""
        caller = caller_of(request)
        services.delete_order(
            order_id=queries.order_id_for(caller, order_id),
            by=caller,
            precondition=precondition_of(request),
        )
        return success(message="Order deleted successfully")


def _fields_of(
    serializer: EnvelopeOrderInput | EnvelopeOrderChanges,
) -> services.OrderFields:
    """Return the fields of a valid body under the names that the service has for them."""
    fields = dict(serializer.validated_data)
    if "price" in fields:
        fields["total_price"] = fields.pop("price")
    return cast(services.OrderFields, fields)


def _speak_of_our_fields(refusal: Invalid) -> None:
    """Put the field's name into each message, since this surface shows only the message."""
    if isinstance(refusal, AmountsTooFine):
        refusal.errors["total_price"] = [price_refused(refusal.decimals)]
        return
    for name in refusal.errors.keys() - {"body"}:
        ours = "price" if name == "total_price" else name
        refusal.errors[name] = [f"{ours}: {words}" for words in refusal.errors[name]]
