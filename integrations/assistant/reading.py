"""Read the JSON that a model was asked for, and check everything in it."""

import re
from collections.abc import Collection
from typing import Any

import orjson

from integrations.assistant.errors import AnswerMalformed

_FENCED = re.compile(r"\A```[a-zA-Z]*\s*\n(?P<inside>.*)\n\s*```\Z", re.DOTALL)


def object_in(text: str) -> dict[str, Any]:
    """Return the JSON object that the text is, even if it stands in a Markdown fence.

    Raises `AnswerMalformed` for anything else, such as JSON that was cut.
    """
    text = text.strip()
    if fenced := _FENCED.match(text):
        text = fenced["inside"]
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise AnswerMalformed from exc
    if not isinstance(value, dict):
        raise AnswerMalformed
    return value


def word_in(answer: dict[str, Any], name: str, words: Collection[str]) -> str:
    """Return one of `words`. Raises `AnswerMalformed` for any other value: there is no default."""
    value = answer.get(name)
    if not isinstance(value, str) or value not in words:
        raise AnswerMalformed
    return value


def text_in(answer: dict[str, Any], name: str, *, max_length: int) -> str:
    """Return a text that is not empty. Raises `AnswerMalformed`."""
    value = answer.get(name)
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise AnswerMalformed
    return value.strip()[:max_length]
