"""What the apps add to the OpenAPI document besides operations. `schema.py` writes it there.

This is data and imports no REST framework, so that the apps can declare it while they start.
"""

from dataclasses import dataclass
from typing import Literal

from django.db import models

from orderchainer.core.http.surfaces import Surface
from orderchainer.core.registry import Registry

# The description of each group of operations, by the name of its surface. Groups are shown in this
# order.
GROUPS: Registry[str, str] = Registry("group of operations")
# The description of each tag, by the tag's last word. Within a group, tags are shown in this order.
THINGS: Registry[str, str] = Registry("tag")


@dataclass(frozen=True)
class ErrorField:
    """A fact that only some refusals of a surface show beside their words."""

    # `text` and `number` are single values, the others are lists.
    holds: Literal["ids", "words", "objects", "text", "number"]
    help_text: str
    # For `words`: all possible words, if there are few.
    among: type[models.TextChoices] | None = None
    # For `objects`: the dotted path of the serializer that shows one.
    shown_by: str = ""


ERROR_FIELDS: Registry[tuple[str, str], ErrorField] = Registry("field of refusals")


def register_error_fields(surface: Surface, **fields: ErrorField) -> None:
    """Document what refusals of `surface` can show: the `data` of the app's domain errors."""
    for name, field in fields.items():
        ERROR_FIELDS.add((surface.name, name), field)


def error_fields_of(surface: Surface) -> dict[str, ErrorField]:
    """Return what is registered for `surface`, by the names of the fields."""
    return {name: field for (owner, name), field in ERROR_FIELDS.items() if owner == surface.name}
