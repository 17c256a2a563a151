"""How deep lists and objects from outside may be nested."""

from typing import Any

# No documented body is nearly as deep. Several libraries write the value later by recursion, and
# each has its own limit.
MAX_DEPTH = 32


def is_too_deep(value: Any) -> bool:
    """Tell whether lists and objects are nested deeper than `MAX_DEPTH`. It does not recurse."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            part
            for outer in level
            if isinstance(outer, list | dict)
            for part in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)
