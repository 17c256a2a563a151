"""A channel behind which nobody stands: a test says what comes of each call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Project
from notifications import channels
from notifications.channels import Accepted, Channel, FetchedFile, Line, Outgoing
from notifications.models import Attachment, LinePause, MessageSend
from notifications.models.messages import ContentType
from notifications.tests.factories import make_line
from orderchainer.core.outbox import PENDING

PRETEND = "pretend"


@dataclass
class Pretend:
    """The provider: what it was asked, and what it answers next."""

    asked: list[Outgoing] = field(default_factory=list)
    read: list[tuple[UUID, str]] = field(default_factory=list)
    # What comes of the next calls: an id, or an exception, or a function. Then ids of its own.
    script: list[str | Exception | Callable[[Outgoing], Accepted]] = field(default_factory=list)
    files: dict[str, bytes | Exception] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """Return what it was asked to send, in the order of the calls."""
        return [outgoing.text for outgoing in self.asked]

    def send(self, outgoing: Outgoing) -> Accepted:
        """Take a part."""
        self.asked.append(outgoing)
        answer = self.script.pop(0) if self.script else f"id-{len(self.asked)}"
        if isinstance(answer, Exception):
            raise answer
        return answer(outgoing) if callable(answer) else Accepted(answer)

    def fetch(self, line: UUID, provider_id: str, most: int) -> FetchedFile:
        """Hand out a file."""
        content = self.files[provider_id]
        if isinstance(content, Exception):
            raise content
        return FetchedFile(content)

    def add_line(self, project: Project, *, name: str = "our number", trouble: str = "") -> Line:
        """Connect a project."""
        line = replace(make_line(project, channel=PRETEND), name=name, trouble=trouble)
        self.lines.append(line)
        return line

    def set_trouble(self, trouble: str) -> None:
        """Make all lines unusable, or usable again."""
        self.lines[:] = [replace(line, trouble=trouble) for line in self.lines]


def pass_time() -> None:
    """Let all pauses come to their ends: those of lines, and those of what waits for them."""
    now = timezone.now()
    LinePause.objects.update(until=now)
    for rows in (MessageSend.objects, Attachment.objects):
        rows.filter(state=PENDING, claimed_until=None).update(next_attempt_at=now)


def split_at_ten(text: str) -> list[str]:
    """Split a text into parts of ten characters."""
    return [text[at : at + 10] for at in range(0, len(text), 10)]


@contextmanager
def pretending(monkeypatch: pytest.MonkeyPatch, **changes: object) -> Iterator[Pretend]:
    """Register the channel for a test. `changes` are fields of `Channel`."""
    pretend = Pretend()
    channel = Channel(
        name=PRETEND,
        label="Pretend",
        content_types=frozenset(
            {ContentType.TEXT, ContentType.TEMPLATE, ContentType.IMAGE, ContentType.DOCUMENT}
        ),
        max_text=100,
        max_caption=20,
        length_of=len,
        split=None,
        send=pretend.send,
        fetch=pretend.fetch,
        mark_read=lambda line, provider_id: pretend.read.append((line, provider_id)),
    )
    monkeypatch.setitem(channels.CHANNELS._values, PRETEND, replace(channel, **changes))  # type: ignore[arg-type]  # fields by name
    monkeypatch.setitem(
        channels.LINES._values,
        PRETEND,
        lambda project: [line for line in pretend.lines if line.project_id == project.pk],
    )
    yield pretend


DAY = timedelta(hours=24)
