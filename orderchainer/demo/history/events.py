"""The events that the orders of the year would have recorded, in the order of their moments."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from accounts.models import User
from orderchainer.demo.history.drafts import Draft, Move
from orders.lifecycle import GONE_WRONG, EventType, Status
from orders.stream.models import ORDER, Event


def events_of(drafts: Sequence[Draft], by: User, *, now: datetime) -> Sequence[Event]:
    """Return the unsaved events of saved orders up to now, the oldest first."""
    found = [event for draft in drafts for event in _of(draft, by, now)]
    return sorted(found, key=lambda event: event.created_at)


def _of(draft: Draft, by: User, now: datetime) -> Iterator[Event]:
    waited_for = [each.order.pk for each in draft.waits_for]
    yield _event(
        draft, EventType.CREATED, draft.placed_at, Status.PENDING, by, dependencies=waited_for
    )
    status = Status.PENDING
    for move in draft.moves:
        if move.at <= now:
            yield _event(
                draft,
                EventType.STATUS_CHANGED,
                move.at,
                move.status,
                by,
                old_status=str(status),
                new_status=str(move.status),
            )
            status = move.status
    for at, cause, how in _heard(draft):
        is_ready = how not in GONE_WRONG
        if at <= now and _status_at(draft, at) == Status.PENDING:
            type_ = EventType.READY if is_ready else EventType.BLOCKED
            facts = {} if is_ready else {"blockers": [cause.order.pk]}
            told = {"order_id": cause.order.pk, "status": str(how)}
            yield _event(draft, type_, at, Status.PENDING, None, cause=told, **facts)


def _heard(draft: Draft) -> Iterator[tuple[datetime, Draft, Status]]:
    """Yield what the order heard of those it waits for: the last one done, and what went wrong."""
    ready_at = draft.ready_at
    for each in draft.waits_for:
        for move in each.moves:
            went_wrong = move.status in GONE_WRONG and move.at > draft.placed_at
            if went_wrong or (move.at == each.done_at == ready_at):
                yield move.at, each, move.status


def _status_at(draft: Draft, moment: datetime) -> Status:
    earlier: list[Move] = [move for move in draft.moves if move.at < moment]
    return earlier[-1].status if earlier else Status.PENDING


def _event(
    draft: Draft,
    type_: EventType,
    at: datetime,
    status: Status,
    by: User | None,
    **data: object,
) -> Event:
    order = draft.order
    return Event(
        type=type_,
        subject_kind=ORDER,
        subject_uuid=order.uuid,
        order=order,
        owner_id=order.owner_id,
        project_id=order.project_id,
        actor_id=by.pk if by else None,
        data={"title": order.title, "status": str(status), **data},
        created_at=at,
    )
