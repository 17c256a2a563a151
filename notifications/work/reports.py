"""Match providers' reports with our messages. A report can come before our own call's answer.

We park a report about an id that we do not know. Whoever writes an id looks for parked reports
after the commit, and whoever parks a report looks for the id after the commit. So one of the two
sees the other. If a crash prevents that, a sweep does it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, Value
from django.utils import timezone

from notifications.channels import Report
from notifications.locks import lock_message
from notifications.models import Message, MessageSend, ParkedStatus, StatusReport
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.models.messages import HAS_PROVIDER_ID, Direction, MessageStatus, SendState
from notifications.work.statuses import ARRIVED, refresh_status, sends_of
from orderchainer.core.outbox import drop

# A report about a message that somebody else sent over our line never finds its message.
KEPT_FOR = timedelta(days=7)
# The pause after the first look at a report, if it was parked only just now.
FIRST_PAUSE = timedelta(seconds=30)
MAX_SWEPT = 500

REPORTED = frozenset({MessageStatus.SENT, MessageStatus.FAILED, *ARRIVED})


def write_report(line: UUID, report: Report) -> bool:
    """Write a report in the caller's transaction. False if we do not know its message yet."""
    report = replace(report, provider_id=report.provider_id[:MAX_PROVIDER_ID_LENGTH])
    known = _message_of(line, report)
    if known is None:
        return False
    message = lock_message(known)
    part = _part_of(message, report)
    if part is None:
        return False
    _learn_from(message, part, report)
    return True


def park(line: UUID, report: Report) -> None:
    """Keep a report until we know its message. Repeating it changes nothing."""
    key = report.provider_id or str(report.message_uuid)
    ParkedStatus.objects.bulk_create(
        [
            ParkedStatus(
                line=line,
                provider_id=key[:MAX_PROVIDER_ID_LENGTH],
                message_uuid=report.message_uuid,
                status=report.status,
                reported_at=report.reported_at,
                error_code=report.error_code[:64],
                error=report.error[:500],
            )
        ],
        ignore_conflicts=True,
    )


def match_parked(line: UUID, *, provider_id: str = "", message_uuid: UUID | None = None) -> None:
    """Write the parked reports about an id or a message, if we know the message by now."""
    about = Q(pk__in=[])
    if provider_id:
        about |= Q(provider_id=provider_id)
    if message_uuid:
        about |= Q(message_uuid=message_uuid)
    _match(list(ParkedStatus.objects.filter(about, line=line).order_by("pk")))


def sweep_parked() -> None:
    """Write the parked reports whose message we know by now. A crash can leave such reports.

    Most reports that stay parked are about messages that somebody else sent over our line, or fit
    no part of a message of ours. So we look at each one less and less often.
    """
    now = timezone.now()
    due = ParkedStatus.objects.filter(look_at__lte=now).order_by("look_at", "pk")
    # Mostly nothing is due, and to compile the query below takes longer than to ask.
    if not due.exists():
        return
    sends = MessageSend.objects.filter(
        HAS_PROVIDER_ID, provider_id=OuterRef("provider_id"), message__line=OuterRef("line")
    )
    messages = Message.objects.filter(uuid=OuterRef("message_uuid"), line=OuterRef("line"))
    rows = list(due.annotate(is_known=Exists(sends) | Exists(messages))[:MAX_SWEPT])
    waited = Value(now, DateTimeField()) - F("created_at")
    ParkedStatus.objects.filter(pk__in=[row.pk for row in rows]).update(
        look_at=Value(now + FIRST_PAUSE, DateTimeField()) + waited
    )
    _match([row for row in rows if row.is_known])


def forget_parked() -> int:
    """Delete parked reports whose message we never came to know; return how many."""
    return ParkedStatus.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _match(parked: Sequence[ParkedStatus]) -> None:
    for each in parked:
        # One transaction each, so that we never hold two messages.
        with transaction.atomic():
            if write_report(each.line, _report_in(each)):
                ParkedStatus.objects.filter(pk=each.pk).delete()


def _report_in(parked: ParkedStatus) -> Report:
    by_uuid_only = parked.provider_id == str(parked.message_uuid)
    return Report(
        status=MessageStatus(parked.status),
        reported_at=parked.reported_at,
        provider_id="" if by_uuid_only else parked.provider_id,
        message_uuid=parked.message_uuid,
        error_code=parked.error_code,
        error=parked.error,
    )


# --- Which message, which part ----------------------------------------------------------------


def _message_of(line: UUID, report: Report) -> int | None:
    if report.provider_id:
        sends = MessageSend.objects.filter(
            HAS_PROVIDER_ID, provider_id=report.provider_id, message__line=line
        ).order_by("-pk")
        if found := sends.values_list("message_id", flat=True).first():
            return found
    if report.message_uuid is None:
        return None
    mine = Message.objects.filter(uuid=report.message_uuid, line=line, direction=Direction.OUTBOUND)
    return mine.values_list("pk", flat=True).first()


def _part_of(message: Message, report: Report) -> MessageSend | None:
    """Return the row that a report is about. None if we cannot tell before our call returns."""
    sends = list(sends_of(message))
    if report.provider_id:
        for each in reversed(sends):
            if each.provider_id == report.provider_id:
                return each
    if report.message_uuid != message.uuid:
        return None
    if any(each.state == SendState.PENDING and each.claimed_until for each in sends):
        # A call is under way, and its answer tells whether this id is the one.
        return None
    if not report.provider_id:
        return next((each for each in reversed(sends) if each.state != SendState.PENDING), None)
    return next(filter(_may_have_gone_out, sends), None)


def _may_have_gone_out(part: MessageSend) -> bool:
    """Tell whether a part without an id can be the one that a report is about.

    A part that waits for its next try can be that one: the provider may have answered with an
    error after it had taken the message. Then we make the part uncertain, so nobody tries it again.
    """
    if part.provider_id:
        return False
    if part.state == SendState.PENDING and part.attempts:
        waiting = MessageSend.objects.filter(
            pk=part.pk, state=SendState.PENDING, claimed_until=None
        )
        if waiting.update(state=SendState.UNCERTAIN):
            part.state = SendState.UNCERTAIN
    return part.state == SendState.UNCERTAIN


# --- What follows -----------------------------------------------------------------------------


def _learn_from(message: Message, part: MessageSend, report: Report) -> None:
    """Write a report about a part of a locked message, and what follows from it."""
    has_failed = report.status == MessageStatus.FAILED
    if has_failed:
        _fail(part, report)
    else:
        _resolve(message, part, report)
    is_last = not message.sends.filter(part__gt=part.part).exists()
    # A message has arrived when its last part has; it failed when any part did.
    if is_last or has_failed:
        StatusReport.objects.get_or_create(
            message=message,
            round=part.round,
            status=report.status,
            defaults={
                "reported_at": report.reported_at,
                "error_code": report.error_code[:64],
                "error": report.error[:500],
            },
        )
    refresh_status(message)


def _fail(part: MessageSend, report: Report) -> None:
    if part.state not in {SendState.SENT, SendState.UNCERTAIN}:
        return
    part.state = SendState.FAILED
    part.error_code = report.error_code[:64]
    part.last_error = (report.error or "The provider could not deliver it.")[:500]
    part.finished_at = timezone.now()
    if not part.provider_id:
        part.provider_id = report.provider_id
    part.save(update_fields=["state", "error_code", "last_error", "finished_at", "provider_id"])


def _resolve(message: Message, part: MessageSend, report: Report) -> None:
    """Write that an uncertain part did go out, and drop what would send it again."""
    if part.state == SendState.UNCERTAIN:
        part.state = SendState.SENT
        part.finished_at = timezone.now()
        if not part.provider_id:
            part.provider_id = report.provider_id
        part.last_error = ""
        part.save(update_fields=["state", "finished_at", "provider_id", "last_error"])
        keep_id(message, part)
    if part.state == SendState.SENT or report.status in ARRIVED:
        drop_repeats(message, part)


def drop_repeats(message: Message, part: MessageSend) -> None:
    """Drop the later rounds of a part that did go out, except one whose call is under way."""
    repeats = message.sends.filter(part=part.part, round__gt=part.round, claimed_until=None)
    drop(repeats, "An earlier attempt has arrived.")


def keep_id(message: Message, part: MessageSend) -> None:
    """Give a locked message the provider's id of its first part."""
    if part.part != 1 or not part.provider_id or message.provider_id == part.provider_id:
        return
    taken = Message.objects.filter(HAS_PROVIDER_ID, line=message.line, provider_id=part.provider_id)
    if not taken.exclude(pk=message.pk).exists():
        message.provider_id = part.provider_id
        message.save(update_fields=["provider_id"])
