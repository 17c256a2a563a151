"""`/api/v1/orders/{project_id}`: a project's orders, for the people who run it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from accounts.models import Project, User
from catalog.queries.inventory import product_ids_in
from orderchainer.core.db.prepared import Row
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import answer_unless_unchanged
from orderchainer.core.http.fields import fields_named
from orderchainer.core.http.filters import planned_for_filters
from orderchainer.core.http.pagination import bare_list, page_window_of
from orders import figures, queries, services
from orders.access import DELETE_ORDERS, HANDLE_ORDERS, VIEW_ORDERS
from orders.api.conditions import etag_of_row, precondition_of
from orders.api.hub import docs
from orders.api.hub.filters import OrderFilter, narrowed, period_of
from orders.api.hub.presentation import (
    blockers_body,
    chain_body,
    event_body,
    order_body,
    summary_body,
)
from orders.api.hub.serializers import (
    NAMES_IN_ERRORS,
    HubOrderChanges,
    HubOrderInput,
    HubWaiverInput,
)
from orders.errors import NotADependency, UnknownDependencies


class OrdersView(ProjectView):
    """All orders of a project."""

    area = "orders"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_ORDERS,
        "POST": HANDLE_ORDERS,
    }

    @docs.LIST_ORDERS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the orders."""
        window = page_window_of(request)
        orders = narrowed(self.project, request)
        with planned_for_filters(request, OrderFilter):
            rows, total = queries.listed_in_project(orders, window)
        bodies = [order_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)

    @docs.CREATE_ORDER
    def post(self, request: Request, project_id: str) -> Response:
        """Create an order, once for each `Idempotency-Key`."""
        body = HubOrderInput(data=request.data)
        body.is_valid(raise_exception=True)
        caller = caller_of(request)

        def work() -> Answer:
            with fields_named(**NAMES_IN_ERRORS):
                order = services.create_order_in_project(
                    by=caller,
                    project=self.project,
                    fields=body.order_fields,
                    dependencies=_ids_of(caller, body.validated_data.get("dependencies")) or (),
                    items=body.drafts(product_ids_in(self.project, body.products)),
                )
            row = queries.row_in_project(self.project, order.uuid)
            path = f"/api/v1/orders/{self.project.uuid}/{order.uuid}"
            return _answer(self.project, row, status=201, headers={"Location": path})

        return answer_repeatable(request, work)


class SummaryView(ProjectView):
    """What a project's orders add up to."""

    area = "orders"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    @docs.GET_SUMMARY
    def get(self, request: Request, project_id: str) -> Response:
        """Answer the figures of the last days."""
        period = period_of(self.project, request)
        return Response(summary_body(figures.summary_of(self.project, period)))


class OneOrderView(ProjectView):
    """One order."""

    area = "orders"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_ORDERS,
        "PATCH": HANDLE_ORDERS,
        "DELETE": DELETE_ORDERS,
    }

    @docs.GET_ORDER
    def get(self, request: Request, project_id: str, order_id: str) -> Response | HttpResponse:
        """Answer the order."""
        row = queries.row_in_project(self.project, order_id)
        return answer_unless_unchanged(
            request, etag_of_row(row), lambda: order_body(self.project, row)
        )

    @docs.UPDATE_ORDER
    def patch(self, request: Request, project_id: str, order_id: str) -> Response:
        """Change the order and everything that depends on the change."""
        caller = caller_of(request)
        changes = read_changes(
            HubOrderChanges,
            request.data,
            lambda: order_body(self.project, queries.row_in_project(self.project, order_id)),
        )
        pk = queries.order_id_in_project(self.project, order_id)
        with fields_named(**NAMES_IN_ERRORS):
            services.update_order(
                order_id=pk,
                by=caller,
                fields=changes.order_fields,
                dependencies=_ids_of(
                    caller, changes.validated_data.get("dependencies"), order_id=pk
                ),
                items=changes.validated_data.get("items"),
                precondition=precondition_of(request),
            )
        row = queries.row_in_project(self.project, order_id)
        return Response(order_body(self.project, row), headers={"ETag": etag_of_row(row)})

    @docs.DELETE_ORDER
    def delete(self, request: Request, project_id: str, order_id: str) -> Response:
        """Delete the order."""
        services.delete_order(
            order_id=queries.order_id_in_project(self.project, order_id),
            by=caller_of(request),
            precondition=precondition_of(request),
        )
        return Response(status=204)


class ChainView(ProjectView):
    """The chain of one order."""

    area = "orders"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    @docs.GET_CHAIN
    def get(self, request: Request, project_id: str, order_id: str) -> Response:
        """Answer the chain."""
        pk = queries.order_id_in_project(self.project, order_id)
        return Response(chain_body(UUID(order_id), queries.chain_for(caller_of(request), pk)))


class BlockersView(ProjectView):
    """Why one order is waiting."""

    area = "orders"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    @docs.GET_BLOCKERS
    def get(self, request: Request, project_id: str, order_id: str) -> Response:
        """Answer what holds the order up."""
        pk = queries.order_id_in_project(self.project, order_id)
        return Response(blockers_body(queries.blockers_for(caller_of(request), pk)))


class WaiverView(ProjectView):
    """Waiving a dependency of one order."""

    area = "orders"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": HANDLE_ORDERS}

    @docs.WAIVE_DEPENDENCY
    def post(self, request: Request, project_id: str, order_id: str) -> Response:
        """Waive a dependency, once for each `Idempotency-Key`."""
        body = HubWaiverInput(data=request.data)
        body.is_valid(raise_exception=True)
        waiver: dict[str, Any] = body.validated_data
        caller = caller_of(request)
        pk = queries.order_id_in_project(self.project, order_id)

        def work() -> Answer:
            awaited = queries.ids_by_uuid(caller, [waiver["dependency"]], order_id=pk)
            if waiver["dependency"] not in awaited:
                raise NotADependency(pk, waiver["dependency"])
            services.waive_dependency(
                order_id=pk,
                dependency_id=awaited[waiver["dependency"]],
                reason=waiver["reason"],
                by=caller,
                precondition=precondition_of(request),
            )
            row = queries.row_in_project(self.project, order_id)
            return _answer(self.project, row)

        return answer_repeatable(request, work)


class EventsView(ProjectView):
    """The history of one order."""

    area = "orders"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    @docs.LIST_EVENTS
    def get(self, request: Request, project_id: str, order_id: str) -> Response:
        """Answer a page of the history."""
        window = page_window_of(request)
        pk = queries.order_id_in_project(self.project, order_id)
        events, total = queries.history_for(caller_of(request), pk, window)
        bodies = [event_body(event) for event in events]
        return bare_list(request, bodies, total=total, window=window)


def _ids_of(
    caller: User, uuids: Sequence[UUID] | None, *, order_id: int | None = None
) -> list[int] | None:
    """Return the ids of the orders that a body names as dependencies.

    Raises `UnknownDependencies`.
    """
    if uuids is None:
        return None
    ids = queries.ids_by_uuid(caller, uuids, order_id=order_id)
    if unknown := [uuid for uuid in uuids if uuid not in ids]:
        raise UnknownDependencies(unknown)
    return [ids[uuid] for uuid in uuids]


def _answer(
    project: Project, row: Row, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return the order as an answer that can be kept, with its numbers as they are written."""
    body = orjson.dumps(order_body(project, row)).decode()
    return Answer(status, body, {"ETag": etag_of_row(row), **(headers or {})}, is_text=True)
