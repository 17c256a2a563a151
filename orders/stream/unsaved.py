"""Events about orders, before they are recorded. Tasks may import this, unlike `recording`."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from orders.lifecycle import EventType
from orders.models import Order
from orders.stream.models import ORDER, Event


def event(type_: EventType, order: Order, *, by: User | None = None, **data: Any) -> Event:
    """Return an unsaved event about `order` as it is now.

    `docs/events.md` lists each type's data.
    """
    return Event(
        type=type_,
        subject_kind=ORDER,
        subject_uuid=order.uuid,
        order=order,
        owner_id=order.owner_id,
        project_id=order.project_id,
        actor_id=by.pk if by else None,
        data={"title": order.title, "status": str(order.status), **data},
        created_at=timezone.now(),
    )
