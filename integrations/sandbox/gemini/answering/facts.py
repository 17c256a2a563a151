"""What a request says about an order and a customer, in the JSON that stands in its texts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_DECODER = json.JSONDecoder()


def objects_in(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield every JSON object that stands in a text, and every object inside it."""
    start = text.find("{")
    while start >= 0:
        try:
            found, end = _DECODER.raw_decode(text, start)
        except ValueError:
            end = start + 1
        else:
            yield from _inside(found)
        start = text.find("{", end)


def text_without_objects(text: str) -> str:
    """Return the words around the JSON objects of a text."""
    words = ""
    start = 0
    while (at := text.find("{", start)) >= 0:
        words += text[start:at]
        try:
            _, start = _DECODER.raw_decode(text, at)
        except ValueError:
            start = at + 1
    return words + text[start:]


def first_value(text: str, *names: str) -> Any:
    """Return the first value that an object in `text` has under one of these names, or None."""
    for each in objects_in(text):
        for name in names:
            if each.get(name):
                return each[name]
    return None


def _inside(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from _inside(each)
