"""Who of a project's members cares for an order."""

from accounts.access import may
from accounts.locks import hold_role
from accounts.models import User
from orders.access import HANDLE_ORDERS
from orders.errors import MayNotCareForOrders
from orders.models import Order
from orders.services.fields import Changes, change


def set_assignee(order: Order, assignee: User | None) -> Changes:
    """Let `assignee` care for the locked order, or nobody, and return what changed.

    The caller stores it. Raises `MayNotCareForOrders`.
    """
    if order.assignee_id == (assignee.pk if assignee else None):
        return {}
    if assignee is not None:
        require_carer(order.project_id, assignee)
    before = User.objects.filter(pk=order.assignee_id).first() if order.assignee_id else None
    order.assignee = assignee
    return {"assignee": change(uuid_of(before), uuid_of(assignee))}


def require_carer(project_id: int, user: User) -> None:
    """Check that the user handles the project's orders; they do until the transaction ends.

    Raises `MayNotCareForOrders`.
    """
    role = hold_role(user, project_id)
    if not user.is_active or role is None or not may(role, HANDLE_ORDERS):
        raise MayNotCareForOrders


def uuid_of(user: User | None) -> str | None:
    """Return how events name an assignee."""
    return str(user.uuid) if user else None
