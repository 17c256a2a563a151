"""The status of an outbound message. One rule decides it, in whatever order we learn things.

1. A report that it was read or delivered beats everything else. Read beats delivered.
2. Otherwise it failed if a part failed, and it is uncertain if a part is uncertain.
3. Otherwise it is sent when the provider has taken all its parts, and queued before that.

The parts after one that stopped the message are dropped.

The rule looks at all that we know, and not at the order in which we learnt it. So a late report
never takes a status back. A message that failed stays so until the provider reports that it
arrived, or a person sends it again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

import structlog
from django.db.models import QuerySet

from accounts.models import User
from notifications.events import EventType, of_message
from notifications.models import Message, MessageSend
from notifications.models.messages import MessageStatus, SendState
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import drop
from orders.stream.recording import record

logger = structlog.get_logger(__name__)

STATUSES = Counter(
    "orderchainer_message_statuses_total",
    "Statuses that outbound messages reached, by channel and status.",
    ["channel", "status"],
)

# The statuses that only a provider's report gives, the furthest first.
ARRIVED = (MessageStatus.READ, MessageStatus.DELIVERED)
# The states that stop a message, the worst first.
_STOPPED = (
    (SendState.FAILED, MessageStatus.FAILED),
    (SendState.UNCERTAIN, MessageStatus.UNCERTAIN),
    (SendState.DROPPED, MessageStatus.FAILED),
)
_STATES_THAT_STOP = frozenset(state for state, _ in _STOPPED)
LEFT_OUT = "An earlier part of the message was not sent."


def decisive_parts(sends: Iterable[MessageSend]) -> list[MessageSend]:
    """Return for each part of a message the row that counts, in the order of the parts.

    That is the row that was sent, in whatever round; else the row of the newest round.
    """
    rounds: dict[int, list[MessageSend]] = defaultdict(list)
    for each in sorted(sends, key=lambda row: row.round):
        rounds[each.part].append(each)
    return [_decisive(rounds[part]) for part in sorted(rounds)]


def status_of(
    parts: Collection[MessageSend], reported: Collection[str]
) -> tuple[MessageStatus, MessageSend | None]:
    """Return the status by the rule above, and the part that stopped the message or holds it up."""
    for arrived in ARRIVED:
        if arrived in reported:
            return arrived, None
    for state, status in _STOPPED:
        for part in parts:
            if part.state == state:
                return status, part
    if all(part.state == SendState.SENT for part in parts):
        return MessageStatus.SENT, None
    waiting = (part for part in parts if part.state == SendState.PENDING and part.last_error)
    return MessageStatus.QUEUED, next(waiting, None)


def refresh_status(message: Message, *, by: User | None = None) -> None:
    """Write the status of a locked message, and drop the parts that must not follow any more.

    Records `message_status_changed` if the status changes.
    """
    parts = decisive_parts(sends_of(message))
    _drop_after_stop(message, parts)
    reported = set(message.reports.values_list("status", flat=True))
    status, blamed = status_of(parts, reported)
    error_code, error = (blamed.error_code, blamed.last_error) if blamed else ("", "")
    if (message.status, message.error_code, message.error) == (status, error_code, error):
        return
    before, message.status = message.status, status
    message.error_code, message.error = error_code, error
    message.save(update_fields=["status", "error_code", "error"])
    if before == status:
        return
    record([of_message(EventType.MESSAGE_STATUS_CHANGED, message, by=by)])
    STATUSES.labels(message.channel, str(status)).inc()
    logger.info(
        "message_status",
        message=message.pk,
        channel=message.channel,
        status=str(status),
        error_code=error_code,
    )


def sends_of(message: Message) -> QuerySet[MessageSend]:
    """Return the rows of all rounds of a message, the oldest first."""
    return message.sends.order_by("pk")


def _drop_after_stop(message: Message, parts: Iterable[MessageSend]) -> None:
    """Drop what comes after a part that failed or is uncertain: nobody reads half a message.

    We may hear of a failure late, so a later part can be under way. Its worker writes what becomes
    of it, and then we look here again.
    """
    stopped = next((part for part in parts if part.state in _STATES_THAT_STOP), None)
    if stopped is not None:
        rest = message.sends.filter(part__gt=stopped.part, claimed_until=None)
        drop(rest, LEFT_OUT)


def _decisive(rounds: list[MessageSend]) -> MessageSend:
    for each in rounds:
        if each.state == SendState.SENT:
            return each
    return rounds[-1]
