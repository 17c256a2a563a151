"""Read the bodies that providers send."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

from orderchainer.core.nesting import MAX_DEPTH, is_too_deep
from orderchainer.core.outbox import GiveUp

if TYPE_CHECKING:
    from integrations.models.deliveries import InboundDelivery

# Only a body with such an escape can contain a character that no database stores.
_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_REPLACEMENT = "\ufffd"


class Unreadable(ValueError):
    """The body is not JSON, or not JSON that we could work with."""


def read_payload(body: bytes) -> Any:
    """Return what the JSON in `body` says. Raises `Unreadable`.

    A signature proves where a body comes from, so we accept more than the API does: a character
    that cannot be stored, such as half of an emoji that was cut off, becomes U+FFFD.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        value = _read_with_half_characters(body, exc)
    if is_too_deep(value):
        raise Unreadable(f"values are nested deeper than {MAX_DEPTH} levels")
    return _storable(value) if _UNSTORABLE.search(body) else value


def payload_of(delivery: InboundDelivery) -> Any:
    """Return what a delivery's body says. Raises `GiveUp`, because trying again would not help."""
    try:
        return read_payload(bytes(delivery.body))
    except Unreadable as exc:
        raise GiveUp(f"The body cannot be read as JSON: {exc}.") from exc


def _read_with_half_characters(body: bytes, refusal: orjson.JSONDecodeError) -> Any:
    """Read JSON whose only fault is half a surrogate pair. Raises `Unreadable` otherwise."""
    if not _UNSTORABLE.search(body):
        raise Unreadable(str(refusal)) from refusal
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Unreadable(str(refusal)) from refusal


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _storable(value: Any) -> Any:
    """Replace the characters that no database stores. The depth of `value` is bounded."""
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\x00", _REPLACEMENT)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value
