"""Texts as Telegram reads them: its HTML, and what it counts.

Source: "Formatting options" and "sendMessage" of the Bot API's documentation.
"""

import re
from typing import Any

from integrations.sandbox.telegram.bots import Refused

MAX_TEXT, MAX_CAPTION, MAX_ENTITIES = 4096, 1024, 100

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z-]+)(?P<rest>\s[^<>]*)?>")
_ENTITY = re.compile(r"&(?:#(?P<number>[0-9]{1,7})|#x(?P<hex>[0-9a-fA-F]{1,6})|(?P<name>[a-z]+));")


def read_text(text: Any, parse_mode: Any, *, most: int) -> tuple[str, list[dict[str, Any]]]:
    """Return what people see of a text, and its entities. Raises `Refused`."""
    if not isinstance(text, str):
        raise Refused(400, "Bad Request: text must be a string")
    entities: list[dict[str, Any]] = []
    if parse_mode == "HTML":
        text, entities = _read_html(text)
    elif parse_mode is not None:
        raise Refused(400, "Bad Request: unsupported parse_mode")
    text = text.strip()
    if len(text) > most:
        words = "message is too long" if most == MAX_TEXT else "message caption is too long"
        raise Refused(400, f"Bad Request: {words}")
    return text, entities


def _read_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    seen = ""
    entities: list[dict[str, Any]] = []
    is_open: list[tuple[str, int]] = []
    at = 0
    while at < len(source):
        if source[at] == "<":
            tag = _TAG.match(source, at)
            name = tag["name"].lower() if tag else ""
            if tag is None or name not in _TAGS:
                raise _unreadable(f'Unsupported start tag "{name}"', source, at)
            if tag["end"]:
                if not is_open or is_open[-1][0] != name:
                    raise _unreadable("Unmatched end tag", source, at)
                _, began = is_open.pop()
                entities.append(
                    {"type": _TAGS[name], "offset": began, "length": _units(seen) - began}
                )
            else:
                is_open.append((name, _units(seen)))
            at = tag.end()
        elif source[at] == "&" and (entity := _ENTITY.match(source, at)):
            seen += _character(entity)
            at = entity.end()
        else:
            seen += source[at]
            at += 1
    if is_open:
        raise _unreadable(f'Can\'t find end tag corresponding to start tag "{is_open[-1][0]}"')
    if len(entities) > MAX_ENTITIES:
        # Telegram's own answer is not documented. Refusing is the stricter guess.
        raise _unreadable("Too many entities")
    return seen, entities


def _character(entity: re.Match[str]) -> str:
    if entity["number"]:
        return chr(int(entity["number"]))
    if entity["hex"]:
        return chr(int(entity["hex"], 16))
    return _NAMED.get(entity["name"], entity[0])


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _unreadable(words: str, source: str = "", at: int = -1) -> Refused:
    where = f" at byte offset {len(source[:at].encode())}" if at >= 0 else ""
    return Refused(400, f"Bad Request: can't parse entities: {words}{where}")
