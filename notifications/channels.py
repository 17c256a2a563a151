"""The channels over which a project and its customers talk, as the packages of providers see them.

A provider's package registers a `Channel` for sending in `CHANNELS`, and hands what comes in to
`notifications.services`. This app knows channels only from this registry. It knows lines (a
project's own ends of channels) only by the UUIDs that `lines_of` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Project
from notifications.models.messages import ContentType, MessageStatus
from orderchainer.core.outbox import GiveUp, TryAgain
from orderchainer.core.registry import Registry

# --- What comes in ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A project's own end of a channel, such as one number at WhatsApp.

    A line that is not usable now, for example because it is paused, says why in `trouble`.
    """

    uuid: UUID
    channel: str
    project_id: int
    # As people know it: a phone number, a bot's name.
    name: str
    trouble: str = ""


@dataclass(frozen=True)
class Person:
    """Who wrote, as the provider describes them. Most parts can be missing."""

    # The provider's own key; empty if it has none for this person.
    provider_id: str = ""
    # The number as the provider writes it: digits with the country's code, with or without a plus.
    number: str = ""
    name: str = ""
    username: str = ""
    language: str = ""


@dataclass(frozen=True)
class IncomingFile:
    """A file that is part of a message; it is fetched later by its id."""

    provider_id: str
    media_type: str = ""
    filename: str = ""


@dataclass(frozen=True)
class Incoming:
    """A message as it came in.

    `provider_id` is unique on the line. `written_at` is the moment that the provider names.
    """

    provider_id: str
    person: Person
    written_at: datetime
    content_type: ContentType
    content: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    # The provider's id of the message that it answers.
    reply_to: str = ""
    files: Sequence[IncomingFile] = ()


@dataclass(frozen=True)
class Report:
    """What the provider says about a message of ours.

    We find the message by the provider's id for it, or by our own UUID if the provider echoes it.
    """

    status: MessageStatus
    reported_at: datetime
    provider_id: str = ""
    message_uuid: UUID | None = None
    error_code: str = ""
    error: str = ""


# --- What goes out ----------------------------------------------------------------------------


class NoConnection(TryAgain):
    """No connection to the provider came about, so nothing was sent. This is no failed attempt."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, counts=False)


class NotAnswered(TryAgain):
    """A call that can safely be made again was sent, and got no answer."""


class NotAsked(GiveUp):
    """The provider was not asked at all, because something that the call needs is missing here."""


class Uncertain(Exception):
    """The call got no answer after it was sent: the message may or may not have arrived.

    `timed_out` as in `TryAgain`.
    """

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class NotDelivered(Exception):
    """The provider refused the message for good.

    `code` is the provider's own. The text of the exception is for people.
    """

    def __init__(self, reason: str, *, code: str = "", is_unreachable: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        # The person blocked us or is gone: no other message will arrive either.
        self.is_unreachable = is_unreachable


@dataclass(frozen=True)
class Outgoing:
    """One part of a message, ready to be sent to one address."""

    line: UUID
    # Our UUID of the message. A provider that can echo it gets it.
    message_uuid: UUID
    part: int
    # 1 for the first call for this part, 2 for the next one after a failure.
    attempt: int
    content_type: ContentType
    text: str
    details: Mapping[str, object]
    # Where to: the provider's key of the person, and the number if there is one.
    provider_id: str
    number: str
    # The provider's id of the message that it answers.
    reply_to: str = ""
    # An https link, or the name of a file in the private storage, with its type and name.
    link: str = ""
    file: str = ""
    media_type: str = ""
    filename: str = ""


@dataclass(frozen=True)
class Accepted:
    """The provider took the part. `provider_id` is its id for it, unique on the line."""

    provider_id: str


@dataclass(frozen=True)
class FetchedFile:
    """The content of a file, which is no larger than we allowed."""

    content: bytes


@dataclass(frozen=True)
class FileLimit:
    """Which files a provider takes from us for one kind of message."""

    max_bytes: int
    # Media types. None means that it takes every type.
    media_types: Collection[str] | None = None


@dataclass(frozen=True)
class Channel:
    """How to write to people over one provider, and within which limits.

    `send` and `fetch` may take seconds, so they run in a worker. Both also raise `TryAgain` and
    `GiveUp` of `core.outbox` for what the provider answered, `NoConnection` if it could not be
    reached, `NotAnswered`, and `NotAsked`. `send` raises them only if nothing can have been sent.
    """

    name: str
    label: str
    content_types: Collection[ContentType]
    # In the provider's own unit, which `length_of` counts.
    max_text: int
    max_caption: int
    length_of: Callable[[str], int]
    # Split a text that is too long into parts. None if we refuse such a text.
    split: Callable[[str], Sequence[str]] | None
    # Send one part. Raises `Uncertain` and `NotDelivered`.
    send: Callable[[Outgoing], Accepted]
    # Read a person's file, given the line, the provider's id of the file, and the most bytes that
    # we take. Raises `GiveUp` if the file is larger or gone.
    fetch: Callable[[UUID, str, int], FetchedFile]
    # For how long after a person wrote we may write freely; None means for ever.
    window: timedelta | None = None
    # Whether a person must have written first.
    needs_contact: bool = False
    # The link by which a customer opens the chat with this line, with a token that names them.
    invitation: Callable[[UUID, str], str] | None = None
    # Tell the provider that we have read a message of the person.
    mark_read: Callable[[UUID, str], None] | None = None
    # Return what is wrong with a template's details, by field; empty if it can be sent.
    template_errors: Callable[[Mapping[str, object]], Mapping[str, Sequence[str]]] | None = None
    # The limits of files that we upload. A kind without an entry has only our own limit.
    file_limits: Mapping[ContentType, FileLimit] = field(default_factory=dict)


# Channels by name. The registry of providers fills it.
CHANNELS: Registry[str, Channel] = Registry("channel")

# Functions that return the lines of a project. An app above registers one.
LINES: Registry[str, Callable[[Project], Sequence[Line]]] = Registry("source of lines")


def lines_of(project: Project) -> Sequence[Line]:
    """Return the lines of a project, the oldest first."""
    return [line for source in LINES.values() for line in source(project)]
