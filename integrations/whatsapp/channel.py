"""WhatsApp as a channel: how messages go out over a number, and within which limits.

The API takes no key that would make a second call harmless. So we repeat a call only if we know
that the first one had no effect.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from integrations.failures import NoAnswer, NotConnected
from integrations.lines import integration_of
from integrations.models import Integration
from integrations.services import report_trouble
from integrations.whatsapp import client
from integrations.whatsapp.codes import (
    PAIR_LIMIT,
    UNREACHABLE,
    Verdict,
    sentence_on,
    verdict_on,
    wait_seconds,
)
from integrations.whatsapp.templates import template_errors, template_of
from notifications import files
from notifications.channels import (
    Accepted,
    Channel,
    FetchedFile,
    FileLimit,
    NoConnection,
    NotAnswered,
    NotAsked,
    NotDelivered,
    Outgoing,
    Uncertain,
)
from notifications.models.messages import ContentType
from orderchainer.core.encryption import Undecryptable
from orderchainer.core.outbox import GiveUp, TryAgain

logger = structlog.get_logger(__name__)

MAX_TEXT = 4096
MAX_CAPTION = 1024
WINDOW = timedelta(hours=24)
# Source: "Media", "Supported media types" in Meta's documentation of the Cloud API.
MAX_PICTURE_BYTES = 5 * 1024 * 1024
MAX_DOCUMENT_BYTES = 100 * 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"
FILE_LIMITS = {
    ContentType.IMAGE: FileLimit(MAX_PICTURE_BYTES, frozenset({"image/jpeg", "image/png"})),
    ContentType.DOCUMENT: FileLimit(
        MAX_DOCUMENT_BYTES,
        frozenset(
            {
                "application/pdf",
                "text/plain",
                f"{_OFFICE}.wordprocessingml.document",
                f"{_OFFICE}.spreadsheetml.sheet",
                f"{_OFFICE}.presentationml.presentation",
            }
        ),
    ),
}
# How long to wait before we look whether people have repaired the line.
BROKEN_SECONDS = 60.0


def send(outgoing: Outgoing) -> Accepted:
    """Send one part. Raises `Uncertain`, `NotDelivered`, `TryAgain` and `GiveUp`."""
    integration = integration_of(outgoing.line)
    token = _token_of(integration)
    message = _message_of(outgoing, _content_of(outgoing, integration, token))
    with _outcomes_of(integration, attempt=outgoing.attempt):
        return Accepted(client.send(token, integration.account, message))


def fetch(line: UUID, provider_id: str, most: int) -> FetchedFile:
    """Read a file of a person. Raises `GiveUp` if it is too large or gone, and `TryAgain`."""
    integration = integration_of(line)
    token = _token_of(integration)
    with _outcomes_of(integration, is_harmless=True):
        file = client.media_file(token, provider_id)
        too_large = file.size is not None and file.size > most
        content = None if too_large else client.download(token, file.url, most=most)
    if content is None:
        raise GiveUp(f"The file has more than {most:,} bytes.")
    return FetchedFile(content)


def mark_read(line: UUID, provider_id: str) -> None:
    """Show the person that we have read a message. Raises what `send` raises."""
    integration = integration_of(line)
    with _outcomes_of(integration, is_harmless=True):
        client.mark_read(_token_of(integration), integration.account, provider_id)


# --- The message ------------------------------------------------------------------------------


def _message_of(outgoing: Outgoing, content: Mapping[str, Any]) -> Mapping[str, Any]:
    message = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_addressee_of(outgoing),
        **content,
        # It comes back with each status, also if we never learn WhatsApp's own id.
        "biz_opaque_callback_data": str(outgoing.message_uuid),
    }
    if outgoing.reply_to:
        message["context"] = {"message_id": outgoing.reply_to}
    return message


def _addressee_of(outgoing: Outgoing) -> Mapping[str, str]:
    """Return where it goes: the number as WhatsApp wrote it, or the user id if none is shown."""
    if outgoing.number:
        return {"to": outgoing.number}
    return {"recipient": outgoing.provider_id}


def _content_of(outgoing: Outgoing, integration: Integration, token: str) -> Mapping[str, Any]:
    match outgoing.content_type:
        case ContentType.TEXT:
            return {"type": "text", "text": {"body": outgoing.text, "preview_url": False}}
        case ContentType.TEMPLATE:
            return {"type": "template", "template": template_of(outgoing.details)}
        case ContentType.IMAGE | ContentType.DOCUMENT as kind:
            return {"type": str(kind), str(kind): _file_of(outgoing, integration, token)}
    raise NotAsked(f"WhatsApp cannot send messages of the kind {outgoing.content_type}.")


def _file_of(outgoing: Outgoing, integration: Integration, token: str) -> Mapping[str, str]:
    if outgoing.link:
        file = {"link": outgoing.link}
    else:
        file = {"id": _upload(outgoing, integration, token)}
    if outgoing.text:
        file["caption"] = outgoing.text
    if outgoing.filename and outgoing.content_type == ContentType.DOCUMENT:
        file["filename"] = outgoing.filename
    return file


def _upload(outgoing: Outgoing, integration: Integration, token: str) -> str:
    try:
        content = files.read_file(outgoing.file)
    except OSError as exc:
        raise NotAsked("The file of the message is gone.") from exc
    with _outcomes_of(integration, is_harmless=True):
        return client.upload(token, integration.account, content, media_type=outgoing.media_type)


# --- What came of a call ----------------------------------------------------------------------


def _token_of(integration: Integration) -> str:
    try:
        return integration.configuration()["access_token"]
    except Undecryptable as exc:
        raise NotAsked(str(exc)) from exc


@contextmanager
def _outcomes_of(
    integration: Integration, *, is_harmless: bool = False, attempt: int = 1
) -> Iterator[None]:
    """Turn what a call raises into an outcome. A harmless call may be made twice."""
    try:
        yield
    except NotConnected as exc:
        raise NoConnection(str(exc)) from exc
    except NoAnswer as exc:
        if is_harmless:
            raise NotAnswered(str(exc), timed_out=exc.timed_out) from exc
        raise Uncertain(str(exc), timed_out=exc.timed_out) from exc
    except client.Refused as exc:
        raise _outcome_of(exc, integration, is_harmless=is_harmless, attempt=attempt) from exc


def _outcome_of(
    exc: client.Refused, integration: Integration, *, is_harmless: bool, attempt: int
) -> Exception:
    words = sentence_on(exc.code, str(exc))
    match verdict_on(exc.code, exc.status):
        case Verdict.BROKEN:
            # The message waits until people have repaired the line, or for a day.
            report_trouble(integration=integration, reason=words)
            return TryAgain(words, after_seconds=BROKEN_SECONDS, counts=False)
        case Verdict.WAIT:
            wait = exc.after_seconds or wait_seconds(exc.code, attempt)
            # The wait for one person grows with the attempts, so those must count.
            return TryAgain(words, after_seconds=wait, counts=exc.code == PAIR_LIMIT)
        case Verdict.RETRY:
            return TryAgain(words)
    if is_harmless:
        return GiveUp(words)
    logger.info("whatsapp_refused", integration=integration.pk, code=exc.code, status=exc.status)
    code = "" if exc.code is None else str(exc.code)
    return NotDelivered(words, code=code, is_unreachable=exc.code in UNREACHABLE)


CHANNEL = Channel(
    name="whatsapp",
    label="WhatsApp",
    content_types=frozenset(
        {ContentType.TEXT, ContentType.TEMPLATE, ContentType.IMAGE, ContentType.DOCUMENT}
    ),
    max_text=MAX_TEXT,
    max_caption=MAX_CAPTION,
    length_of=len,
    split=None,
    send=send,
    fetch=fetch,
    window=WINDOW,
    mark_read=mark_read,
    template_errors=template_errors,
    file_limits=FILE_LIMITS,
)
