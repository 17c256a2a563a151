"""Conversations for tests."""

import itertools
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import Project
from notifications.channels import Incoming, Line, Person
from notifications.models.messages import ContentType

_numbers = itertools.count(1)

ADA = Person(provider_id="US.1", number="16505551234", name="Ada")


def make_line(project: Project, *, channel: str = "whatsapp", uuid: UUID | None = None) -> Line:
    """Return a line of the project that no provider stands behind."""
    return Line(uuid or uuid4(), channel, project.pk, name="our number")


def incoming(content: str = "Hello", *, person: Person = ADA, **parts: Any) -> Incoming:
    """Return a message of a person with a new id."""
    at: datetime = parts.pop("written_at", None) or timezone.now()
    provider_id: str = parts.pop("provider_id", None) or f"wamid.{next(_numbers)}"
    kind: ContentType = parts.pop("content_type", ContentType.TEXT)
    return Incoming(provider_id, person, at, kind, content, **parts)
