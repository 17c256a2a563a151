"""Amounts of money for staff who may only look.

Django shows a column with all its decimals, whatever the currency. A page that has a method
`price_shown` shows that instead of its field `price`.
"""

from collections.abc import Sequence
from typing import Any

SUFFIX = "_shown"


def with_shown(name: str, amount: str) -> str:
    """Return `name`. If it equals `amount`, return the name of the method that shows it."""
    return f"{name}{SUFFIX}" if name == amount else name


def shown_in(fieldsets: Sequence[Any], amount: str) -> list[Any]:
    """Return `fieldsets` with the method that shows `amount` in its place."""
    return [
        (
            title,
            {
                **options,
                "fields": tuple(with_shown(name, amount) for name in options["fields"]),
            },
        )
        for title, options in fieldsets
    ]
