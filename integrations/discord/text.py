"""Text of strangers, made fit for Discord: cut to its limits, and without power over the message.

Titles and names come from customers. Their Markdown is escaped, so that it shows as it was typed; what
would turn the rest of the line around is taken out.
"""

import re
import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"
ZERO_WIDTH_JOINER = "\u200d"
# A character that people see as one may be made of many code points, but not of a novel.
MAX_CLUSTER = 32

# Formatting, links and mentions; the colon that makes an address a link; and at the beginning of a
# line what makes headings, subtexts and lists.
_MARKDOWN = re.compile(r"[\\*_~`|<>\[\]]|@(?=everyone|here)|:(?=//)|^[#+-]")
# Overrides and isolates of the writing direction.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def units(text: str) -> int:
    """Return the length in UTF-16 code units, the strictest way in which Discord may count."""
    return len(text) + sum(character > "\uffff" for character in text)


def quoted(text: str, most: int) -> str:
    """Return foreign text for a place where Markdown works: on one line, escaped, at most `most` units."""
    return cut(_MARKDOWN.sub(lambda match: "\\" + match[0], one_line(text)), most)


def one_line(text: str) -> str:
    """Return `text` on one line, without control characters and changes of direction."""
    spaced = (
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
        for character in _DIRECTION.sub("", text)
    )
    return " ".join("".join(spaced).split())


def cut(text: str, most: int) -> str:
    """Cut to at most `most` units, an ellipsis included.

    The cut goes between two characters as people see them, and never through an escape.
    """
    if units(text) <= most:
        return text
    room = most - units(ELLIPSIS)
    kept = ""
    for cluster in _clusters(text):
        room -= units(cluster)
        if room < 0:
            break
        kept += cluster
    return kept.rstrip() + ELLIPSIS


def _clusters(text: str) -> Iterator[str]:
    """Split into what shows as one: escapes, letters with their accents, joined emoji, skin tones."""
    cluster = ""
    for character in text:
        joins = (
            cluster == "\\"
            or cluster.endswith(ZERO_WIDTH_JOINER)
            or _continues(character)
        )
        if cluster and not (joins and len(cluster) < MAX_CLUSTER):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _continues(character: str) -> bool:
    return (
        character == ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or unicodedata.category(character) in {"Mn", "Me", "Mc"}
    )
