"""Makes other people's text safe for a Discord message, and cuts it to Discord's limits.

Titles and names come from customers. We escape their Markdown, so that it shows as it was typed,
and remove the characters that change the writing direction.
"""

import re
import unicodedata
from collections.abc import Iterator

from accounts.models import User

ELLIPSIS = "…"
ZERO_WIDTH_JOINER = "\u200d"
# One visible character can consist of many code points. We keep at most this many together.
MAX_CLUSTER = 32

# Formatting, links and mentions; the colon that turns an address into a link; and the characters
# that begin a heading, a subtext or a list at the start of a line.
_MARKDOWN = re.compile(r"[\\*_~`|<>\[\]]|@(?=everyone|here)|:(?=//)|^[#+-]")
# Controls, formats such as zero-width spaces, separators, marks without a letter, and code points
# that are not characters.
_INVISIBLE_CATEGORIES = frozenset(
    {"Cc", "Cf", "Cn", "Co", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"}
)
# Unicode calls these letters or symbols, but they show nothing: Hangul fillers, empty Braille.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Characters that override or isolate the writing direction.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def units(text: str) -> int:
    """Return the length in UTF-16 code units, the strictest way in which Discord may count."""
    return len(text) + sum(character > "\uffff" for character in text)


def name_of(user: User) -> str:
    """Return the name of `user`, or the e-mail address if the name is invisible."""
    return user.name if is_visible(user.name) else user.email


def is_visible(text: str) -> bool:
    """Tell whether `text` shows anything. Discord refuses a field that shows nothing."""
    return any(
        unicodedata.category(character) not in _INVISIBLE_CATEGORIES
        and character not in _BLANK_LETTERS
        for character in text
    )


def quoted(text: str, most: int) -> str:
    """Return `text` on one line, with Markdown escaped, at most `most` units long."""
    return cut(_MARKDOWN.sub(lambda match: "\\" + match[0], one_line(text)), most)


def one_line(text: str) -> str:
    """Return `text` on one line, without control characters and direction marks."""
    spaced = (
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
        for character in _DIRECTION.sub("", text)
    )
    return " ".join("".join(spaced).split())


def cut(text: str, most: int) -> str:
    """Cut `text` to at most `most` units, including the ellipsis.

    Never cuts through a visible character or an escape.
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
    """Split into visible characters: escapes, accented letters, joined emoji, skin tones."""
    cluster = ""
    for character in text:
        joins = cluster == "\\" or cluster.endswith(ZERO_WIDTH_JOINER) or _continues(character)
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
