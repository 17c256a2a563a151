"""The registered types of events: each app registers its own when it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from orders.stream.models import Event

# Says an event of another app in a sentence.
Sentence = Callable[["Event"], str]

_labels: dict[str, str] = {}
_sentences: dict[str, Sentence] = {}


def register_types(types: type[models.TextChoices], *, sentence: Sentence | None = None) -> None:
    """Register an app's types of events, and how they are said in a sentence.

    Raises ValueError if two apps use the same name.
    """
    for value, label in types.choices:
        if _labels.get(value, str(label)) != str(label):
            msg = f"two apps have an event type {value!r}"
            raise ValueError(msg)
        _labels[value] = str(label)
        if sentence is not None:
            _sentences[value] = sentence


def registered_types() -> list[tuple[str, str]]:
    """Return (type, label) of every registered type, in the order of their registration."""
    return list(_labels.items())


def sentence_of(event: Event) -> str:
    """Return the event in a sentence, or nothing if its app has registered none."""
    sentence = _sentences.get(event.type)
    return sentence(event) if sentence is not None else ""
