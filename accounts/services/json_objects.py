"""Limits for JSON objects that we store for clients without reading them."""

import orjson

# As compact JSON in UTF-8.
MAX_BYTES = 16 * 1024
MAX_DEPTH = 8
# Every JSON reader returns numbers within these bounds as they were sent (RFC 8259, 6). PostgreSQL
# writes numbers out in full, so without bounds a thousand characters of exponents become a megabyte
# of zeros.
MAX_NUMBER = 2**53
MIN_FRACTION = 1e-15


def object_problem(value: object) -> str:
    """Return what is wrong with `value`, or an empty string if it is fine."""
    if not isinstance(value, dict):
        return "Must be an object."
    level: list[object] = [value]
    depth = 0
    while level:
        depth += 1
        inner: list[object] = []
        for part in level:
            if isinstance(part, dict | list) and depth > MAX_DEPTH:
                return f"Must not be nested deeper than {MAX_DEPTH} levels."
            if isinstance(part, dict):
                inner += [*part, *part.values()]
            elif isinstance(part, list):
                inner += part
            elif problem := _scalar_problem(part):
                return problem
        level = inner
    if len(orjson.dumps(value)) > MAX_BYTES:
        return f"Must not take up more than {MAX_BYTES} bytes."
    return ""


def _scalar_problem(value: object) -> str:
    # PostgreSQL cannot store NUL, not even within JSON.
    if isinstance(value, str) and "\x00" in value:
        return "Null characters are not allowed."
    if isinstance(value, int | float) and not isinstance(value, bool):
        size = abs(value)
        if not (size == 0 or MIN_FRACTION <= size <= MAX_NUMBER):
            return f"Numbers must lie between {MIN_FRACTION} and {MAX_NUMBER}, or be 0."
    return ""
