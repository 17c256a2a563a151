"""Walk through what Meta posts. Anything may have another shape than the documentation says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NOTHING: Mapping[str, Any] = {}


def changes_in(payload: Any) -> Iterator[tuple[str, Any]]:
    """Yield the field and the value of each change. Skips what has another shape."""
    for entry in list_in(payload, "entry"):
        for change in list_in(entry, "changes"):
            if isinstance(change, dict) and isinstance(change.get("field"), str):
                yield change["field"], change.get("value")


def number_of(value: Any) -> str:
    """Return the id of our number that a value is about, or nothing."""
    return text_in(object_in(value, "metadata"), "phone_number_id")


def list_in(holder: Any, name: str) -> Sequence[Any]:
    """Return a list, or an empty one."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else ()


def object_in(holder: Any, name: str) -> Mapping[str, Any]:
    """Return an object, or an empty one."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else NOTHING


def text_in(holder: Any, name: str) -> str:
    """Return a text, or an empty one."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, str) else ""
