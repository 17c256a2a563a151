"""Example calls for `accounts/tests/test_matrix.py`: the orders of a project, by their paths.

Deleting is missing here, because staff need another permission for it. See
`orders/tests/api/test_callers.py`.
"""

from collections.abc import Mapping

from accounts.tests.factories import make_user
from accounts.tests.matrix import Call, Scene
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.models import Order
from orders.services import create_order


def order(scene: Scene) -> Mapping[str, object]:
    """Return the id of an order in the project whose customer is not a member."""
    return {"order_id": _order_in(scene).pk}


def order_by_uuid(scene: Scene) -> Mapping[str, object]:
    """Return the UUID of such an order, which the envelope uses."""
    return {"order_id": _order_in(scene).uuid}


def _order_in(scene: Scene) -> Order:
    customer = make_user()
    return create_order(
        by=customer,
        owner=customer,
        project=scene.team.project,
        fields={"title": "Lamp"},
    )


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
]
