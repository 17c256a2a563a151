"""Record events, in the transaction of the change."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from orderchainer.core.background import nudge_on_commit
from orders import tasks
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


def event_about(
    type_: str,
    *,
    subject_kind: str,
    subject_uuid: UUID,
    project_id: int,
    by: User | None = None,
    **data: Any,
) -> Event:
    """Return an unsaved event about something of a project that is no order.

    `docs/events.md` lists each type's data.
    """
    return Event(
        type=type_,
        subject_kind=subject_kind,
        subject_uuid=subject_uuid,
        project_id=project_id,
        actor_id=by.pk if by else None,
        data=data,
        created_at=timezone.now(),
    )


def record(events: Sequence[Event]) -> None:
    """Store `events` in their order and have them relayed after the commit.

    The caller holds the lock on each event's subject, which keeps the events of that subject in
    order.
    """
    if events:
        Event.objects.bulk_create(events)
        nudge_on_commit(tasks.relay_events)
