"""Fetch the files of customers' messages from their providers. Asking twice is harmless."""

import structlog
from django.conf import settings
from django.db import transaction

from notifications import files
from notifications.channels import CHANNELS
from notifications.events import of_conversation
from notifications.files import FileRefused, KnownFile
from notifications.locks import lock_message_in_conversation
from notifications.models import Attachment, LinePause
from notifications.models.messages import Direction, FileState
from notifications.work.pausing import pausable
from orderchainer.core import outbox
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import PENDING, Drop, GiveUp, Outcome, Settled, TryAgain
from orders.stream.recording import record

logger = structlog.get_logger(__name__)

FILES = Counter(
    "orderchainer_message_files_total",
    "Files of customers' messages that came to an end, by channel and state (stored, failed).",
    ["channel", "state"],
)


def fetch_file(attachment_id: int) -> float | None:
    """Fetch one file.

    Return in how many seconds to nudge it again. Return None if that is not needed: it is over, the
    sweep will find it, it is not due, or another worker has it.
    """
    attachment = _claim(attachment_id)
    if attachment is None:
        return None
    found: list[KnownFile] = []
    outcome = outbox.attempt(lambda: found.append(_fetch(attachment)))
    if found:
        with files.stored(found[0]) as name:
            settled = _settle(attachment, outcome, found[0], name)
            if not settled.is_ours:
                files.storage().delete(name)
    else:
        settled = _settle(attachment, outcome)
    _tell(attachment, settled)
    return settled.nudge_after_seconds if settled.is_ours else None


def due_files() -> list[int]:
    """Return the ids of the files to fetch now, the longest waiting first."""
    return outbox.due_ids(Attachment.objects.all())


def sweep_files() -> int:
    """Delete stored files that no row names; return how many."""
    named = Attachment.objects.exclude(file="").values_list("file", flat=True)
    return files.sweep(in_use=named.iterator())


def _claim(attachment_id: int) -> Attachment | None:
    """Claim a file. Count it if the last worker that had it never wrote what came of that."""
    attachment = outbox.claim(Attachment.objects.filter(claimed_until=None), attachment_id)
    if attachment is not None:
        return attachment
    attachment = outbox.claim(Attachment.objects.all(), attachment_id)
    if attachment is not None:
        attachment.cut_off += 1
        attachment.save(update_fields=["cut_off"])
    return attachment


def _fetch(attachment: Attachment) -> KnownFile:
    """Ask the provider for a file. Raises `GiveUp`, `Drop` and `TryAgain`."""
    if attachment.is_worn_out:
        raise GiveUp(f"Gave up after {attachment.attempts - 1} attempts: the last was cut off.")
    message = attachment.message
    channel = CHANNELS.get(message.channel)
    if channel is None or message.direction != Direction.INBOUND:
        raise Drop("There is nothing to fetch.")
    most = settings.MAX_ATTACHMENT_BYTES
    try:
        with pausable(message.line, LinePause.Call.FETCH):
            content = channel.fetch(message.line, attachment.provider_id, most).content
        return files.examine(content)
    except (TryAgain, GiveUp, Drop):
        raise
    except FileRefused as exc:
        raise GiveUp(str(exc)) from exc
    except Exception as exc:
        # A defect in the provider's package. The row records it, and the usual number of tries
        # applies.
        logger.exception("fetch_crashed", attachment=attachment.pk, channel=message.channel)
        raise TryAgain(f"Internal error: {type(exc).__name__}") from exc


@transaction.atomic
def _settle(
    attachment: Attachment, outcome: Outcome, known: KnownFile | None = None, name: str = ""
) -> Settled:
    message = lock_message_in_conversation(attachment.message_id)
    if known is not None:
        Attachment.objects.filter(outbox.own(attachment)).update(
            file=name, media_type=known.media_type, size=len(known.content)
        )
    settled = outbox.settle(attachment, outcome)
    if settled.is_ours and settled.state != PENDING:
        told = {"attachment": {"id": str(attachment.uuid), "status": str(settled.state)}}
        record([of_conversation(message.conversation, told)])
    return settled


def _tell(attachment: Attachment, settled: Settled) -> None:
    """Log and count how the attempt went. The log never contains the file's name."""
    channel = attachment.message.channel
    about = {"attachment": attachment.pk, "channel": channel}
    if settled.state == PENDING:
        logger.info(
            "file_postponed", **about, seconds=round(settled.delay_seconds, 1), error=settled.error
        )
        return
    FILES.labels(channel, str(settled.state)).inc(settled.is_ours)
    log = logger.warning if settled.state == FileState.FAILED else logger.info
    log("file_settled", **about, state=str(settled.state), error=settled.error)
