"""Bodies of PUT and PATCH. A client can send back fields as it read them; they change nothing."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson
from django.http import QueryDict
from rest_framework import serializers

from orderchainer.core.errors import DomainError
from orderchainer.core.http.fields import StrictSerializer
from orderchainer.core.http.surfaces import Body

AnyChanges = TypeVar("AnyChanges", bound=StrictSerializer)


def read_changes(
    reader: type[AnyChanges],
    data: Any,
    show: Callable[[], Body],
    *,
    is_at_hand: bool = False,
    **options: Any,
) -> AnyChanges:
    """Return a valid serializer of the class `reader` for what `data` changes.

    `show` returns the body as a GET answers it. A field that equals it is left out before anything
    is validated, so that values which could not be set are accepted when they are only sent back.
    A field in `reader.fixed` that differs is refused as read-only. `options` go to the serializer.

    `show` may need a database statement; `is_at_hand` says that it needs none. Otherwise we call it
    only if `data` looks as if it was read before, or if `data` is not valid by itself.
    """
    if not isinstance(data, Mapping) or isinstance(data, QueryDict):
        return _valid(reader, data, options)
    if not is_at_hand and not _looks_sent_back(reader, data):
        changes = reader(data=data, **options)
        if changes.is_valid():
            return changes
    try:
        shown: Mapping[str, Any] = orjson.loads(orjson.dumps(show()))
    except DomainError:
        # Report the problems of the body first, as for a body that was not sent back.
        _valid(reader, data, options)
        raise
    unchanged = _unchanged(reader, data, shown)
    refused = {
        name: [reader.read_only_field.replace("{name}", name)]
        for name in (data.keys() & reader.fixed & shown.keys()) - unchanged
    }
    rest = {
        name: value for name, value in data.items() if name not in unchanged and name not in refused
    }
    if refused and not rest:
        raise serializers.ValidationError(refused)
    is_sent_back = not unchanged.isdisjoint(reader().fields)
    changes = reader(data=rest, context={"is_sent_back": is_sent_back}, **options)
    if not changes.is_valid() or refused:
        raise serializers.ValidationError({**changes.errors, **refused})
    return changes


def _valid(reader: type[AnyChanges], data: Any, options: Mapping[str, Any]) -> AnyChanges:
    changes = reader(data=data, **options)
    changes.is_valid(raise_exception=True)
    return changes


def _unchanged(
    reader: type[StrictSerializer], data: Mapping[str, Any], shown: Mapping[str, Any]
) -> set[str]:
    """Return the fields of `data` that can be left out."""
    fields = reader().fields
    unchanged = {
        name
        for name, value in data.items()
        if name in shown
        and shown[name] == value
        # An unchanged value of a required field is still as valid as when it was set.
        and not (name in fields and fields[name].required)
    }
    if not reader.together & data.keys() <= unchanged:
        unchanged -= reader.together
    return unchanged


def _looks_sent_back(reader: type[StrictSerializer], data: Mapping[str, Any]) -> bool:
    """Tell whether the body has a field that only answers have, or a text that we would trim."""
    if not data.keys().isdisjoint(reader.fixed | reader.ignored):
        return True
    texts = [value for value in data.values() if isinstance(value, str)]
    return any(text != text.strip() for text in texts)
