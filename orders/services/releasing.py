"""Orders that are assigned to somebody who no longer handles orders of their project."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.access import roles_that_may
from accounts.models import Membership, User
from orders.access import HANDLE_ORDERS
from orders.lifecycle import EventType
from orders.locks import lock_orders
from orders.models import Order
from orders.services.assigning import uuid_of
from orders.services.fields import change
from orders.stream.models import Event
from orders.stream.unsaved import event

MAX_AT_ONCE = 1000


def release_assigned_orders(*, project_id: int | None = None) -> int:
    """Assign to nobody the orders of people who may no longer handle orders of their project.

    Looks at one project or at all of them. Returns how many orders these were. Records
    `order_updated` for each; the caller has these relayed.
    """
    released = 0
    while ids := _left_behind(project_id):
        with transaction.atomic():
            # They may have come back while we waited for the locks.
            locked = lock_orders(ids)
            still = _left_behind(project_id, among=list(locked))
            released += _release([locked[pk] for pk in still])
    return released


def _left_behind(project_id: int | None, *, among: Sequence[int] | None = None) -> list[int]:
    handlers = Membership.objects.filter(
        project=OuterRef("project"),
        user=OuterRef("assignee"),
        user__is_active=True,
        role__in=roles_that_may(HANDLE_ORDERS),
    )
    orders = Order.objects.filter(~Exists(handlers), assignee__isnull=False)
    if project_id is not None:
        orders = orders.filter(project=project_id)
    if among is not None:
        orders = orders.filter(pk__in=among)
    return list(orders.order_by("pk").values_list("pk", flat=True)[:MAX_AT_ONCE])


def _release(orders: Sequence[Order]) -> int:
    assignees = User.objects.in_bulk({order.assignee_id for order in orders})
    events = []
    now = timezone.now()
    for order in orders:
        changes = {"assignee": change(uuid_of(assignees.get(order.assignee_id or 0)), None)}
        order.assignee = None
        order.version += 1
        order.updated_at = now
        events.append(event(EventType.UPDATED, order, changes=changes))
    Order.objects.bulk_update(orders, ["assignee", "version", "updated_at"], batch_size=100)
    Event.objects.bulk_create(events)
    return len(orders)
