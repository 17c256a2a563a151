"""What models write, made into what every database and every JSON parser can hold.

A model may write anything that JSON can express: null characters, halves of surrogate pairs,
numbers of a hundred digits, a thousand lists inside each other. PostgreSQL, or the writer of our
answers, refuses each of these.
"""

import math
import re
from typing import Any

# How much receipts keep of a model's name, and of its word for why it stopped.
MAX_MODEL_LENGTH, MAX_REASON_LENGTH = 100, 64
# No call uses that many tokens. Sums of larger ones would not fit into a column.
MAX_TOKENS = 100_000_000
MAX_DEPTH = 20
MAX_KEYS = 200
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_INT64 = 2**63


def storable_text(text: str, *, most: int | None = None) -> str:
    """Return a text with what cannot be stored replaced, cut after `most` characters."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)[:most]


def storable(value: Any, depth: int = 0) -> Any:
    """Return a JSON value with everything in it replaced that cannot be stored."""
    match value:
        case str():
            return storable_text(value)
        case bool() | None:
            return value
        case int():
            return value if -_INT64 <= value < _INT64 else float_or_none(value)
        case float():
            return value if math.isfinite(value) else None
        case _ if depth >= MAX_DEPTH:
            return None
        case dict():
            items = list(value.items())[:MAX_KEYS]
            return {storable_text(str(key)): storable(each, depth + 1) for key, each in items}
        case list() | tuple():
            return [storable(each, depth + 1) for each in value[:MAX_KEYS]]
    return None


def count_in(value: object) -> int | None:
    """Return a number of tokens, or None if `value` cannot be one."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_TOKENS else None


def float_or_none(value: int) -> float | None:
    """Return an integer as a float, as other readers of JSON do; None if it is too large."""
    try:
        return float(value)
    except OverflowError:
        return None
