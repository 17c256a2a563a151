"""A message with a button that takes back what somebody has just done.

Offer it only where the way back is open. It is a form like any other, so it works without scripts,
and the service still decides.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest


@dataclass(frozen=True)
class Undo:
    """The form that takes something back: where it is sent to, and what it sends."""

    url: str
    fields: Mapping[str, object] = field(default_factory=dict)


def say_with_undo(request: HttpRequest, text: str, undo: Undo) -> None:
    """Show a message on the next page, with a button `Undo`."""
    kept = {"url": undo.url, "fields": undo.fields}
    messages.success(request, text, extra_tags=json.dumps(kept))


def undo_of(message: Message) -> Undo | None:
    """Return the form that undoes what a message tells of, or None if it cannot be undone."""
    return Undo(**json.loads(message.extra_tags)) if message.extra_tags else None
