"""Split a text into parts that Telegram takes."""

import unicodedata
from collections.abc import Sequence

# In UTF-16 units. Whether Telegram counts these or characters is not certain, and this fits both.
MAX_TEXT = 4096

_JOINER = "\u200d"
_SELECTORS = {"\ufe0e", "\ufe0f"}


def length_of(text: str) -> int:
    """Return the length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str) -> Sequence[str]:
    """Return the parts of a text: cut at the end of a line, else at a space, else anywhere.

    The line ends at which it is cut are left out, and so are parts without a visible character.
    """
    parts = []
    while length_of(text) > MAX_TEXT:
        at = _cut_of(text)
        parts.append(text[:at].rstrip("\n"))
        text = text[at:].lstrip("\n")
    return [part for part in [*parts, text] if part.strip()]


def _cut_of(text: str) -> int:
    """Return where the first part ends, in characters."""
    most = _fitting(text)
    for sign in ("\n", " "):
        # A line end or a space just behind the part is a good place too.
        at = text.rfind(sign, 1, most + 1)
        if at > 0 and text[:at].strip():
            return at
    at = most
    while at > 1 and _belongs_together(text[at - 1], text[at]):
        at -= 1
    return at if at > 1 else most


def _fitting(text: str) -> int:
    """Return how many characters of the text fit."""
    units = 0
    for count, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > MAX_TEXT:
            return count
    return len(text)


def _belongs_together(before: str, after: str) -> bool:
    """Tell whether two characters are one sign for people, such as an emoji with its colour."""
    is_colour = "\U0001f3fb" <= after <= "\U0001f3ff"
    is_joined = _JOINER in (before, after) or after in _SELECTORS
    return is_joined or is_colour or unicodedata.combining(after) != 0
