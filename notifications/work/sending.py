"""Send the parts of messages, over the engine in `orderchainer.core.outbox`.

No provider has a key that makes a second call harmless, so we make one call for each part. A worker
claims the part first. The claim marks that a call may be under way. A part is claimed again only if
its worker has written that nothing can have been sent. If the worker dies, the part becomes
uncertain when the lease is over. Then only a late answer, a report or a person decides.

The parts of a conversation form a lane and go out in the order of their ids. A part waits while an
earlier one is pending, even if that one waits for its next try. If a part failed or is uncertain,
we drop the rest of its message. Other messages of the conversation go on.
"""

from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from notifications import files
from notifications.channels import (
    CHANNELS,
    Accepted,
    Channel,
    Line,
    NotDelivered,
    Outgoing,
    Uncertain,
    lines_of,
)
from notifications.fitting import untrue_by_now
from notifications.locks import lock_message
from notifications.models import LinePause, Message, MessageSend
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.models.messages import ContentType, SendState
from notifications.models.rules import NEWS_FOR, TOO_LATE
from notifications.work.pausing import pausable
from notifications.work.reaching import note_unreachable
from notifications.work.reports import drop_repeats, keep_id, match_parked
from notifications.work.statuses import refresh_status
from orderchainer.core import outbox
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import (
    MAX_ERROR_LENGTH,
    MAX_SWEPT_ROWS,
    PENDING,
    Drop,
    GiveUp,
    Settled,
    TryAgain,
)

logger = structlog.get_logger(__name__)

PARTS = Counter(
    "orderchainer_message_parts_total",
    "Parts of messages that a worker has dealt with, by channel and state (sent, failed, dropped, "
    "uncertain).",
    ["channel", "state"],
)

# How long to wait before we look whether a line is usable again.
PAUSED_SECONDS = 60
CUT_OFF = "The worker that sent it stopped before the answer came."
WINDOW_CLOSED = "window_closed"

# What came of a call.
Result = Accepted | Uncertain | NotDelivered | TryAgain | GiveUp | Drop


@dataclass(frozen=True)
class Followed:
    """What a worker should do after a part."""

    # In how many seconds to try the same part again, if that is soon.
    again_after_seconds: float | None = None
    # The part of the same conversation that waited for this one.
    next_id: int | None = None


def send_part(part_id: int) -> Followed | None:
    """Send one part. Return None if it is not due, waits for another, or somebody else has it."""
    part = outbox.claim(_sendable(), part_id)
    if part is None:
        return None
    # As providers write moments: in whole seconds.
    began_at = timezone.now().replace(microsecond=0)
    result = _call(part)
    settled = _settle(part, result)
    _tell(part, settled)
    if settled.is_ours:
        message = part.message
        provider_id = result.provider_id if isinstance(result, Accepted) else ""
        match_parked(message.line, provider_id=provider_id, message_uuid=message.uuid)
    if isinstance(result, NotDelivered) and result.is_unreachable:
        # After the settlement's transaction, because contacts are locked before messages.
        note_unreachable(part.message.address_id, began_at)
    if settled.state == PENDING:
        return Followed(again_after_seconds=settled.nudge_after_seconds)
    return Followed(next_id=next_of(part.conversation_id))


def sweep_parts() -> list[int]:
    """Settle what a dead worker left; return the ids of the parts that a worker can send now."""
    # Mostly nothing is on its way, and to compile the queries takes longer than to ask.
    if not MessageSend.objects.filter(state=PENDING).exists():
        return []
    settle_lost()
    return due_parts()


def due_parts() -> list[int]:
    """Return the ids of the parts that a worker can send now, the longest waiting first."""
    return outbox.due_ids(_sendable())


def next_of(conversation_id: int) -> int | None:
    """Return the first part in the lane of a conversation, if nobody is sending it."""
    waiting = MessageSend.objects.filter(conversation=conversation_id, state=PENDING)
    first = waiting.order_by("pk").first()
    return first.pk if first is not None and first.claimed_until is None else None


def settle_lost() -> int:
    """Make parts uncertain if their worker never wrote what became of them; return how many."""
    lost = MessageSend.objects.filter(state=PENDING, claimed_until__lte=timezone.now())
    rows = list(lost.order_by("pk").select_related("message")[:MAX_SWEPT_ROWS])
    for part in rows:
        settled = _settle(part, Uncertain(CUT_OFF))
        _tell(part, settled)
        if settled.is_ours:
            match_parked(part.message.line, message_uuid=part.message.uuid)
    return len(rows)


def _sendable() -> QuerySet[MessageSend]:
    """Return the parts that nobody has claimed, and that are the first in their lanes."""
    earlier = MessageSend.objects.filter(
        conversation=OuterRef("conversation"), state=PENDING, pk__lt=OuterRef("pk")
    )
    return MessageSend.objects.filter(~Exists(earlier), claimed_until=None)


# --- The call ---------------------------------------------------------------------------------


def _call(part: MessageSend) -> Result:
    message = Message.objects.select_related(
        "project", "reply_to", "address", "conversation__contact"
    ).get(pk=part.message_id)
    try:
        channel = _require_possible(message, part)
        outgoing = _outgoing(message, part)
    except (TryAgain, GiveUp, Drop, NotDelivered) as refusal:
        return refusal
    try:
        with pausable(message.line, LinePause.Call.SEND):
            return channel.send(outgoing)
    except (TryAgain, GiveUp, Drop, NotDelivered, Uncertain) as result:
        return result
    except Exception as exc:
        # A defect in the provider's package. We cannot know how far it got.
        logger.exception("send_crashed", part=part.pk, channel=message.channel)
        return Uncertain(f"Internal error: {type(exc).__name__}")


def _require_possible(message: Message, part: MessageSend) -> Channel:
    """Return the channel of a message, or raise if this part of it may not go out now."""
    conversation = message.conversation
    channel = CHANNELS.get(message.channel)
    line = next((line for line in lines_of(message.project) if line.uuid == message.line), None)
    if channel is None or line is None:
        raise GiveUp("Our line is disconnected.")
    if not message.project.is_active:
        raise GiveUp("The project is closed.")
    if conversation.contact.is_blocked:
        raise GiveUp("The contact is blocked.")
    is_of_rule = message.author_id is None
    if is_of_rule and conversation.contact.stopped_at is not None:
        raise GiveUp("The contact asked for no more messages.")
    if is_of_rule and timezone.now() - part.asked_at > NEWS_FOR:
        raise GiveUp(TOO_LATE)
    # Once a person has sent it again, or a part of it is out, the customer gets all of it.
    if is_of_rule and (part.round, part.part) == (1, 1) and (reason := untrue_by_now(message)):
        raise GiveUp(reason)
    if line.trouble:
        raise TryAgain(_held_by(line), after_seconds=PAUSED_SECONDS, counts=False)
    is_free = message.content_type != ContentType.TEMPLATE
    until = message.address.window_until
    if channel.window is not None and is_free and (until is None or until <= timezone.now()):
        raise NotDelivered("The customer wrote too long ago.", code=WINDOW_CLOSED)
    return channel


def _held_by(line: Line) -> str:
    return f"{line.name} cannot be used: {line.trouble}"


def _outgoing(message: Message, part: MessageSend) -> Outgoing:
    address = message.address
    is_first = part.part == 1
    attachment = message.attachments.order_by("pk").first() if is_first else None
    return Outgoing(
        line=message.line,
        message_uuid=message.uuid,
        part=part.part,
        attempt=part.attempts,
        content_type=ContentType(message.content_type),
        text=part.text,
        details=message.details,
        provider_id=address.provider_id,
        number=address.number,
        reply_to=message.reply_to.provider_id if message.reply_to and is_first else "",
        link=attachment.link if attachment else "",
        file=attachment.file if attachment else "",
        media_type=attachment.media_type if attachment else "",
        filename=files.name_of(attachment) if attachment else "",
    )


# --- What follows -----------------------------------------------------------------------------


@transaction.atomic
def _settle(part: MessageSend, result: Result) -> Settled:
    """Write what came of a call, and what that means for the message."""
    message = lock_message(part.message_id)
    settled = _write(part, result)
    if not settled.is_ours:
        settled = _write_late(part, result, settled)
    if not settled.is_ours:
        return settled
    part.refresh_from_db()
    if isinstance(result, Accepted):
        keep_id(message, part)
        drop_repeats(message, part)
    refresh_status(message)
    return settled


def _write(part: MessageSend, result: Result) -> Settled:
    match result:
        case Accepted():
            MessageSend.objects.filter(outbox.own(part)).update(provider_id=_id_in(result))
            return outbox.settle(part, None)
        case Uncertain():
            return outbox.finish(part, SendState.UNCERTAIN, str(result))
        case NotDelivered():
            MessageSend.objects.filter(outbox.own(part)).update(error_code=result.code[:64])
            return outbox.finish(part, SendState.FAILED, str(result))
        case _:
            return outbox.settle(part, result)


def _write_late(part: MessageSend, result: Result, settled: Settled) -> Settled:
    """Write an answer that came after the lease, if the part is still uncertain."""
    match result:
        case Accepted():
            known = {"state": SendState.SENT, "provider_id": _id_in(result), "last_error": ""}
        case NotDelivered():
            known = {
                "state": SendState.FAILED,
                "error_code": result.code[:64],
                "last_error": str(result)[:MAX_ERROR_LENGTH],
            }
        case _:
            return settled
    still_open = Q(pk=part.pk, state=SendState.UNCERTAIN, provider_id="")
    written = MessageSend.objects.filter(still_open).update(**known)
    return Settled(settled.state, settled.error, is_ours=bool(written))


def _id_in(accepted: Accepted) -> str:
    return accepted.provider_id[:MAX_PROVIDER_ID_LENGTH]


def _tell(part: MessageSend, settled: Settled) -> None:
    """Log and count how the attempt went. The log never says what was written, or to whom."""
    channel = part.message.channel
    about = {"part": part.pk, "message": part.message_id, "channel": channel}
    if settled.state == PENDING:
        logger.info(
            "message_part_postponed",
            **about,
            seconds=round(settled.delay_seconds, 1),
            error=settled.error,
        )
        return
    PARTS.labels(channel, str(settled.state)).inc(settled.is_ours)
    is_bad = settled.state in {SendState.FAILED, SendState.UNCERTAIN}
    log = logger.warning if is_bad else logger.info
    log("message_part_settled", **about, state=str(settled.state), error=settled.error)
