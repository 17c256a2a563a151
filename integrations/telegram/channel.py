"""Telegram as a channel: how messages go out through a bot, and within which limits.

The API takes no key that would make a second call harmless. So we repeat a call only if we know
that the first one had no effect.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any
from uuid import UUID

import structlog
from django.utils import timezone

from integrations.failures import Failed, NoAnswer
from integrations.lines import integration_of, line_of
from integrations.models import Integration
from integrations.services import report_trouble
from integrations.telegram import client
from integrations.telegram.splitting import MAX_TEXT, length_of, split
from integrations.telegram.troubles import BAD_TOKEN, outcome_of, wait_seconds, words_of
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
    Person,
    Uncertain,
)
from notifications.models.messages import ContentType
from notifications.services import change_person
from orderchainer.core.encryption import Undecryptable
from orderchainer.core.outbox import GiveUp, TryAgain

logger = structlog.get_logger(__name__)

MAX_CAPTION = 1024
# Source: `sendPhoto` and `sendDocument` in the documentation of the Bot API.
FILE_LIMITS = {
    ContentType.IMAGE: FileLimit(10_000_000, frozenset({"image/jpeg", "image/png"})),
    ContentType.DOCUMENT: FileLimit(50_000_000),
}
# How long to wait before we look whether people have repaired the line.
BROKEN_SECONDS = 60.0

# What people read about a refusal, by words that Telegram uses.
_SENTENCES = {
    "blocked by the user": "The customer has blocked the bot.",
    "user is deactivated": "The customer's account is gone.",
    "can't initiate": "The customer has to open the chat with the bot first.",
    "chat not found": "Telegram knows no chat with this person.",
    "failed to get http url content": "Telegram could not read the file behind the link.",
    "wrong type of the web page content": "The link does not lead to such a file.",
    "photo_invalid_dimensions": "The picture is too long and narrow. Send it as a document.",
}
_UNREADABLE = "can't parse entities"

_METHODS = {
    ContentType.TEXT: ("sendMessage", "text"),
    ContentType.IMAGE: ("sendPhoto", "photo"),
    ContentType.DOCUMENT: ("sendDocument", "document"),
}


def send(outgoing: Outgoing) -> Accepted:
    """Send one part. Raises `Uncertain`, `NotDelivered`, `TryAgain` and `GiveUp`."""
    integration = integration_of(outgoing.line)
    token = _token_of(integration)
    if outgoing.content_type not in _METHODS:
        raise NotAsked(f"Telegram cannot send messages of the kind {outgoing.content_type}.")
    upload = _upload_of(outgoing)
    with _outcomes_of(integration):
        chat_id, message_id = _send(integration, token, outgoing, upload)
    return Accepted(f"{chat_id}:{message_id}")


def fetch(line: UUID, provider_id: str, most: int) -> FetchedFile:
    """Read a file of a person. Raises `GiveUp` if it is too large or gone, and `TryAgain`."""
    integration = integration_of(line)
    token = _token_of(integration)
    with _outcomes_of(integration, is_harmless=True):
        content = client.download(token, client.file_path(token, provider_id), most=most)
    if content is None:
        raise GiveUp(f"The file has more than {most:,} bytes.")
    return FetchedFile(content)


def invitation(line: UUID, token: str) -> str:
    """Return the link by which a customer opens the chat; empty if the bot's name is not known."""
    name = integration_of(line).account_name.removeprefix("@")
    if not name:
        return ""
    return f"https://t.me/{name}?start={token}" if token else f"https://t.me/{name}"


# --- The message ------------------------------------------------------------------------------


def _send(
    integration: Integration, token: str, outgoing: Outgoing, upload: client.Upload | None
) -> tuple[str, str]:
    """Make the call. Make it once more if Telegram says what to change."""
    chat_id = outgoing.provider_id
    try:
        return _call(token, outgoing, chat_id, upload)
    except client.Refused as exc:
        moved_to, is_unreadable = exc.moved_to, _UNREADABLE in str(exc).lower()
        if not moved_to and not is_unreadable:
            raise
    if moved_to:
        change_person(
            line=line_of(integration),
            old=Person(provider_id=chat_id),
            new=Person(provider_id=moved_to),
            changed_at=timezone.now(),
        )
        return _call(token, outgoing, moved_to, upload)
    return _call(token, outgoing, chat_id, upload, is_plain=True)


def _call(
    token: str,
    outgoing: Outgoing,
    chat_id: str,
    upload: client.Upload | None,
    *,
    is_plain: bool = False,
) -> tuple[str, str]:
    method, field = _METHODS[outgoing.content_type]
    body: dict[str, Any] = {"chat_id": int(chat_id)}
    text_field = "text" if field == "text" else "caption"
    if outgoing.text and is_plain:
        body[text_field] = outgoing.text
    elif outgoing.text:
        # The customer sees exactly what the team wrote, because nothing in it is read as markup.
        body[text_field] = escape(outgoing.text, quote=False)
        body["parse_mode"] = "HTML"
    if field != "text" and upload is None:
        body[field] = outgoing.link
    reply = _reply_of(outgoing)
    if reply is not None:
        body["reply_parameters"] = reply
    return client.send(token, method, body, upload)


def _reply_of(outgoing: Outgoing) -> Mapping[str, object] | None:
    """Return the message of the chat that it answers. Nothing can answer the press of a button."""
    chat, _, message = outgoing.reply_to.partition(":")
    if chat != outgoing.provider_id or not message.isdecimal():
        return None
    return {"message_id": int(message), "allow_sending_without_reply": True}


def _upload_of(outgoing: Outgoing) -> client.Upload | None:
    if outgoing.content_type == ContentType.TEXT or outgoing.link:
        return None
    try:
        content = files.read_file(outgoing.file)
    except OSError as exc:
        raise NotAsked("The file of the message is gone.") from exc
    _, field = _METHODS[outgoing.content_type]
    return client.Upload(field, outgoing.filename or "file", outgoing.media_type, content)


# --- What came of a call ----------------------------------------------------------------------


def _token_of(integration: Integration) -> str:
    try:
        return integration.configuration()["bot_token"]
    except Undecryptable as exc:
        raise NotAsked(str(exc)) from exc


@contextmanager
def _outcomes_of(integration: Integration, *, is_harmless: bool = False) -> Iterator[None]:
    """Turn what a call raises into an outcome. A harmless call may be made twice."""
    try:
        yield
    except Failed as exc:
        outcome = _outcome_of(exc, integration, is_harmless=is_harmless)
    else:
        return
    raise outcome


def _outcome_of(failure: Failed, integration: Integration, *, is_harmless: bool) -> Exception:
    match failure:
        case client.Refused(is_broken=True):
            # The message waits until people have repaired the line, or for a day.
            report_trouble(integration=integration, reason=BAD_TOKEN)
            return TryAgain(BAD_TOKEN, after_seconds=BROKEN_SECONDS, counts=False)
        case client.Refused() if is_harmless:
            return outcome_of(failure)
        case NoAnswer() if is_harmless:
            return NotAnswered(str(failure), timed_out=failure.timed_out)
        case NoAnswer():
            return Uncertain(str(failure), timed_out=failure.timed_out)
        case client.Refused(status=408):
            return Uncertain(str(failure))
        case client.Refused(status=429):
            wait = wait_seconds(failure)
            return TryAgain("Telegram asks us to wait.", after_seconds=wait, counts=False)
        case client.Refused():
            logger.info("telegram_refused", integration=integration.pk, status=failure.status)
            return NotDelivered(
                _sentence_on(failure),
                code=str(failure.status),
                is_unreachable=failure.status == 403,
            )
    # No connection came about.
    return NoConnection(str(failure))


def _sentence_on(failure: client.Refused) -> str:
    said = str(failure).lower()
    known = (sentence for words, sentence in _SENTENCES.items() if words in said)
    return next(known, words_of(failure))


CHANNEL = Channel(
    name="telegram",
    label="Telegram",
    content_types=frozenset(_METHODS),
    max_text=MAX_TEXT,
    max_caption=MAX_CAPTION,
    length_of=length_of,
    split=split,
    send=send,
    fetch=fetch,
    needs_contact=True,
    invitation=invitation,
    file_limits=FILE_LIMITS,
)
