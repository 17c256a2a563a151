"""Discord's rules for messages, and the errors with which it refuses one.

Source: Discord's developer documentation, "Webhook Resource" and "Message Resource" (embed limits).
Lengths are counted in UTF-16 code units, the strictest reading.
"""

import re
import string
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

EMBED_TOTAL = 6000
# Characters that show nothing: a text of these alone counts as empty.
_UNSEEN = "\u00ad\u034f\u115f\u1160\u200b\u200c\u200d\u200e\u200f\u2060\u2800\u3164\ufeff\uffa0"

Errors = dict[str, Any]

_MESSAGE_KEYS = {
    "content",
    "username",
    "avatar_url",
    "tts",
    "embeds",
    "allowed_mentions",
    "components",
    "flags",
    "thread_name",
    "applied_tags",
}
_EMBED_KEYS = {
    "title",
    "description",
    "url",
    "color",
    "timestamp",
    "footer",
    "author",
    "fields",
    "image",
    "thumbnail",
}


def units(text: str) -> int:
    """Return the length as Discord counts it: UTF-16 code units after trimming."""
    trimmed = text.strip(string.whitespace + _UNSEEN).strip()
    return len(trimmed.encode("utf-16-le", "surrogatepass")) // 2


def one_error(code: str, message: str) -> Errors:
    return {"_errors": [{"code": code, "message": message}]}


def message_errors(body: Mapping[str, Any]) -> Errors:
    """Return everything that is wrong with a message, nested by field."""
    return dict(_each_message_error(body))


def _each_message_error(body: Mapping[str, Any]) -> Iterator[tuple[str, Errors]]:
    yield from _unknown(body, _MESSAGE_KEYS)
    yield from _text(body, "content", 2000)
    yield from _text(body, "username", 80, least=1)
    for word in ("clyde", "discord"):
        if word in str(body.get("username", "")).lower():
            yield (
                "username",
                one_error("USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"'),
            )
    yield from _url(body, "avatar_url")
    mentions = body.get("allowed_mentions", {})
    known = {"parse", "users", "roles", "replied_user"}
    if not isinstance(mentions, dict) or set(mentions) - known:
        yield "allowed_mentions", one_error("INVALID", "Invalid allowed mentions")
    embeds = body.get("embeds", [])
    if not isinstance(embeds, list):
        yield "embeds", one_error("LIST_TYPE_CONVERT", "Only iterables may be used")
        return
    if len(embeds) > 10:
        yield (
            "embeds",
            one_error("BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."),
        )
    found = {
        str(number): errors
        for number, embed in enumerate(embeds)
        if (errors := _embed_errors(embed))
    }
    if found:
        yield "embeds", found
    elif sum(map(embed_size, embeds)) > EMBED_TOTAL:
        yield (
            "embeds",
            one_error(
                "MAX_EMBED_SIZE_EXCEEDED",
                f"Embed size exceeds maximum size of {EMBED_TOTAL}",
            ),
        )


def _embed_errors(embed: Any) -> Errors:
    if not isinstance(embed, dict):
        return one_error("DICT_TYPE_CONVERT", "Only dictionaries may be used")
    return dict(_each_embed_error(embed))


def _each_embed_error(embed: Mapping[str, Any]) -> Iterator[tuple[str, Errors]]:
    yield from _unknown(embed, _EMBED_KEYS)
    yield from _text(embed, "title", 256)
    yield from _text(embed, "description", 4096)
    yield from _url(embed, "url")
    color = embed.get("color", 0)
    if isinstance(color, bool) or not isinstance(color, int) or not 0 <= color <= 0xFFFFFF:
        yield (
            "color",
            one_error("NUMBER_TYPE_MAX", "int value should be from 0 to 16777215"),
        )
    if "timestamp" in embed and not _is_timestamp(embed["timestamp"]):
        yield (
            "timestamp",
            one_error("DATE_TIME_TYPE_PARSE", "Could not parse the timestamp."),
        )
    for part, key, most in (("footer", "text", 2048), ("author", "name", 256)):
        if part in embed and not isinstance(embed[part], dict):
            yield part, one_error("DICT_TYPE_CONVERT", "Only dictionaries may be used")
        elif part in embed:
            errors = dict(_text(embed[part], key, most, least=1, required=True))
            if errors:
                yield part, errors
    fields = embed.get("fields", [])
    if not isinstance(fields, list):
        yield "fields", one_error("LIST_TYPE_CONVERT", "Only iterables may be used")
        return
    if len(fields) > 25:
        yield (
            "fields",
            one_error("BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."),
        )
    found = {
        str(number): errors
        for number, one in enumerate(fields)
        if (errors := dict(_each_field_error(one)))
    }
    if found:
        yield "fields", found


def _each_field_error(one: Any) -> Iterator[tuple[str, Errors]]:
    if not isinstance(one, dict):
        yield "_errors", one_error("DICT_TYPE_CONVERT", "Only dictionaries may be used")
        return
    yield from _unknown(one, {"name", "value", "inline"})
    yield from _text(one, "name", 256, least=1, required=True)
    yield from _text(one, "value", 1024, least=1, required=True)


def embed_size(embed: Mapping[str, Any]) -> int:
    """Return the total length of an embed's texts."""
    texts = [
        embed.get("title", ""),
        embed.get("description", ""),
        embed.get("footer", {}).get("text", ""),
        embed.get("author", {}).get("name", ""),
    ]
    for one in embed.get("fields", []):
        texts += [one["name"], one["value"]]
    return sum(map(units, texts))


def _unknown(values: Mapping[str, Any], known: set[str]) -> Iterator[tuple[str, Errors]]:
    for key in sorted(set(values) - known):
        yield key, one_error("UNKNOWN_PARAMETER", "This parameter is not known.")


def _text(
    values: Mapping[str, Any],
    key: str,
    most: int,
    *,
    least: int = 0,
    required: bool = False,
) -> Iterator[tuple[str, Errors]]:
    if key not in values:
        if required:
            yield key, one_error("BASE_TYPE_REQUIRED", "This field is required")
        return
    text = values[key]
    if not isinstance(text, str):
        yield key, one_error("STRING_TYPE_CONVERT", "Only strings may be used.")
    elif units(text) > most:
        yield (
            key,
            one_error("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length."),
        )
    elif units(text) < least:
        yield key, one_error("BASE_TYPE_REQUIRED", "This field is required")


def _url(values: Mapping[str, Any], key: str) -> Iterator[tuple[str, Errors]]:
    text = values.get(key)
    if text is None:
        return
    if not isinstance(text, str) or not re.fullmatch(r"https?://[^\s/?#]+\S*", text):
        yield key, one_error("URL_TYPE_INVALID_URL", "Not a well formed URL.")
    elif len(text) > 2048:
        yield key, one_error("BASE_TYPE_MAX_LENGTH", "Must be 2048 or fewer in length.")


def _is_timestamp(text: Any) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except (TypeError, ValueError):
        return False
