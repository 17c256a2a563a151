"""Record events, in the transaction of the change."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from orderchainer.core.background import nudge_on_commit
from orders import tasks
from orders.stream.models import Event
from orders.stream.positions import lock_stream
from orders.stream.unsaved import event

__all__ = ["event", "event_about", "record", "record_past"]

MAX_STORED_AT_ONCE = 1000


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
        nudge_on_commit(tasks.relay_events, expires_after=tasks.RELAY_NUDGE_SECONDS)


@transaction.atomic
def record_past(events: Sequence[Event]) -> None:
    """Store events of long ago, of which no subscriber is told.

    They take the next places in the stream here, so the relay never sees them. No other relay can
    work until the transaction ends.
    """
    stream = lock_stream()
    for position, each in enumerate(events, start=stream.last_position + 1):
        each.position = position
    Event.objects.bulk_create(events, batch_size=MAX_STORED_AT_ONCE)
    stream.last_position += len(events)
    stream.save(update_fields=["last_position"])
