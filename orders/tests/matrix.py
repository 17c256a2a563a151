"""Example calls for `accounts/tests/test_matrix.py`: the orders of a project, by their paths.

Deleting outside the hub is missing here, because staff need another permission for it. See
`orders/tests/api/test_callers.py`.
"""

from collections.abc import Mapping
from uuid import UUID

from accounts.tests.factories import make_user
from accounts.tests.matrix import Call, Scene, project_alone
from orders.access import DELETE_ORDERS, HANDLE_ORDERS, VIEW_ORDERS
from orders.models import Order
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


def waiting_order(scene: Scene) -> Mapping[str, object]:
    """Return the UUIDs of an order that waits for the one with the UUID `AWAITED`."""
    awaited = _order_in(scene, uuid=AWAITED)
    return {**project_alone(scene), "order_id": _order_in(scene, awaited).uuid}


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
