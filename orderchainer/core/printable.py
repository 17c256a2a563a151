"""Keep text from strangers harmless on a terminal and in a log.

A control character can move the cursor, recolour the screen or start a line that looks like a
record of ours. A direction mark can make a line look different from what it really says.
"""

import re

# C0, DEL and C1; direction marks and overrides; U+2028 and U+2029, which some viewers show as line
# breaks; lone surrogates, which no file can hold.
_UNPRINTABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """Return `text` with each unprintable character written out, as `\\n` or `\\u001b`.

    These are JSON's escapes, so JSON stays the same JSON.
    """
    # Nearly every text is plain, and these two checks are faster than the pattern.
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or f"\\u{ord(character):04x}"
