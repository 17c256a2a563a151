"""Example calls for `accounts/tests/test_matrix.py`: the orders of a project, by their paths.

Deleting outside the hub is missing here, because staff need another permission for it. See
`orders/tests/api/test_callers.py`.
"""

from collections.abc import Mapping
from uuid import UUID

from accounts.tests.factories import make_user
from accounts.tests.matrix import Call, Scene, project_alone
from catalog.tests.factories import make_product
from orderchainer.core.ids import MAX_ID
from orders.access import DELETE_ORDERS, HANDLE_ORDERS, SAVE_VIEWS, SHARE_VIEWS, VIEW_ORDERS
from orders.models import Order, SavedView
from orders.services import create_order


def order(scene: Scene) -> Mapping[str, object]:
    """Return the id of an order in the project whose customer is not a member."""
    return {"order_id": _order_in(scene).pk}


def order_by_uuid(scene: Scene) -> Mapping[str, object]:
    """Return the UUID of such an order, which the envelope uses."""
    return {"order_id": _order_in(scene).uuid}


def order_in_project(scene: Scene) -> Mapping[str, object]:
    """Return the UUIDs of such an order and of its project."""
    return {**project_alone(scene), "order_id": _order_in(scene).uuid}


def product(scene: Scene) -> Mapping[str, object]:
    """Return the UUIDs of a product and of its project."""
    return {**project_alone(scene), "product_id": make_product(scene.team.project).uuid}


def numbered_order(scene: Scene) -> Mapping[str, object]:
    """Return the number of such an order, which pages use, and the UUID of its project."""
    return {**project_alone(scene), "number": _order_in(scene).pk}


def waiting_order(scene: Scene) -> Mapping[str, object]:
    """Return the UUIDs of an order that waits for the one with the UUID `AWAITED`."""
    awaited = _order_in(scene, uuid=AWAITED)
    return {**project_alone(scene), "order_id": _order_in(scene, awaited).uuid}


def own_view(scene: Scene) -> Mapping[str, object]:
    """Return the id of a view that the caller has saved, and the UUID of its project."""
    view = SavedView.objects.create(
        project=scene.team.project, owner=scene.caller, name="Pending", query="status=pending"
    )
    return {**project_alone(scene), "view_id": view.pk}


def shared_view(scene: Scene) -> Mapping[str, object]:
    """Return the id of a view that the owner shares, and the UUID of its project."""
    view = SavedView.objects.create(
        project=scene.team.project, owner=scene.team.owner, name="Ours", is_shared=True
    )
    return {**project_alone(scene), "view_id": view.pk}


def bulk_change(scene: Scene) -> Mapping[str, object]:
    """Return the id of a change of many orders that nobody has asked for."""
    return {**project_alone(scene), "change_id": 1}


def _order_in(scene: Scene, *waits_for: Order, uuid: UUID | None = None) -> Order:
    customer = waits_for[0].owner if waits_for else make_user()
    order = create_order(
        by=customer,
        owner=customer,
        project=scene.team.project,
        fields={"title": "Lamp"},
        dependencies=[each.pk for each in waits_for],
    )
    if uuid is not None:
        Order.objects.filter(pk=order.pk).update(uuid=uuid)
    return order


AWAITED = UUID("a1b2c3d4-0000-4000-8000-000000000001")


CALLS = [
    *(
        Call("GET", route, VIEW_ORDERS, arguments=order)
        for route in ("order", "order-chain", "order-blockers", "order-events")
    ),
    *(
        Call(
            method,
            "order",
            HANDLE_ORDERS,
            arguments=order,
            body={"status": "active"},
        )
        for method in ("PUT", "PATCH")
    ),
    Call("GET", "envelope-order", VIEW_ORDERS, arguments=order_by_uuid),
    Call(
        "PATCH",
        "envelope-order",
        HANDLE_ORDERS,
        arguments=order_by_uuid,
        body={"status": "active"},
    ),
    Call("GET", "hub-orders", VIEW_ORDERS),
    Call("POST", "hub-orders", HANDLE_ORDERS, 201, body={"title": "Lamp"}),
    Call("GET", "hub-orders-summary", VIEW_ORDERS),
    *(
        Call("GET", route, VIEW_ORDERS, arguments=order_in_project)
        for route in ("hub-order", "hub-order-chain", "hub-order-blockers", "hub-order-events")
    ),
    Call(
        "PATCH",
        "hub-order",
        HANDLE_ORDERS,
        arguments=order_in_project,
        body={"status": "active"},
    ),
    Call("DELETE", "hub-order", DELETE_ORDERS, 204, arguments=order_in_project),
    Call(
        "POST",
        "hub-order-waive",
        HANDLE_ORDERS,
        arguments=waiting_order,
        body={"dependency": str(AWAITED), "reason": "Not needed."},
    ),
]


PAGES = [
    Call("GET", "product-orders", VIEW_ORDERS, arguments=product),
    Call("GET", "orders", VIEW_ORDERS),
    Call("GET", "order-rows", VIEW_ORDERS),
    Call("GET", "orders-export", VIEW_ORDERS),
    Call("GET", "order-page", VIEW_ORDERS, arguments=numbered_order),
    Call("GET", "order-chain", VIEW_ORDERS, arguments=numbered_order),
    Call("GET", "order-chain-overview", VIEW_ORDERS, arguments=numbered_order),
    Call("GET", "order-impact", VIEW_ORDERS, arguments=numbered_order),
    Call("GET", "order-board", VIEW_ORDERS),
    Call("GET", "order-cards", VIEW_ORDERS),
    Call("GET", "order-pick", HANDLE_ORDERS),
    Call("GET", "order-pick-product", HANDLE_ORDERS),
    Call("GET", "order-moves-door", HANDLE_ORDERS, 303),
    Call("GET", "order-moves", HANDLE_ORDERS, arguments=numbered_order),
    Call("GET", "order-new", HANDLE_ORDERS),
    Call(
        "POST",
        "order-new",
        HANDLE_ORDERS,
        303,
        body={
            "title": "Lamp",
            "status": "pending",
            "failure_policy": "hold",
            "currency": "USD",
            "key": "once",
        },
    ),
    Call("GET", "order-edit", HANDLE_ORDERS, arguments=numbered_order),
    Call(
        "POST",
        "order-edit",
        HANDLE_ORDERS,
        303,
        arguments=numbered_order,
        body={
            "title": "Lamp",
            "status": "pending",
            "failure_policy": "hold",
            "currency": "USD",
            "version": "1",
        },
    ),
    # It waits for no such order: only the service says so.
    Call(
        "POST",
        "order-waive",
        HANDLE_ORDERS,
        400,
        arguments=numbered_order,
        body={"dependency": str(MAX_ID), "version": "1", "reason": "Not needed."},
    ),
    Call(
        "POST",
        "order-dependency",
        HANDLE_ORDERS,
        303,
        arguments=numbered_order,
        body={"dependency": str(MAX_ID), "version": "1"},
    ),
    Call(
        "POST",
        "order-assign",
        HANDLE_ORDERS,
        303,
        arguments=numbered_order,
        body={"assignee": "", "was": ""},
    ),
    Call(
        "POST",
        "order-move",
        HANDLE_ORDERS,
        303,
        arguments=numbered_order,
        body={"status": "active", "version": "1"},
    ),
    Call("GET", "order-view-new", SAVE_VIEWS),
    Call(
        "POST",
        "order-view-new",
        SAVE_VIEWS,
        303,
        body={"name": "Pending", "layout": "list", "query": "status=pending", "key": "once"},
    ),
    Call("GET", "order-view-edit", SAVE_VIEWS, arguments=own_view),
    Call(
        "POST",
        "order-view-edit",
        SAVE_VIEWS,
        303,
        arguments=own_view,
        body={"name": "To do", "version": "1"},
    ),
    Call(
        "POST",
        "order-view-update",
        SAVE_VIEWS,
        303,
        arguments=own_view,
        body={"version": "1", "layout": "board", "query": ""},
    ),
    Call("POST", "order-view-delete", SAVE_VIEWS, 303, arguments=own_view),
    Call("POST", "order-view-delete", SHARE_VIEWS, 303, arguments=shared_view, about="shared"),
    Call(
        "POST",
        "order-bulk",
        HANDLE_ORDERS,
        303,
        body={"action": "assign", "assignee": "none", "key": "once", "order": "1"},
    ),
    Call("GET", "order-bulk-result", VIEW_ORDERS, arguments=bulk_change),
]
