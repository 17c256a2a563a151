"""Figures in plain words."""

from collections.abc import Iterable
from decimal import Decimal

from orderchainer.core.money import decimals_of

# Signs that no other currency shares. We write the codes of all others.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
_UNITS = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second"))


def money(amount: Decimal, currency: str) -> str:
    """Write an amount with the decimals of its currency: `$12,500.50`, `JPY 12,500`."""
    digits = amount_in(amount, currency)
    sign = _SIGNS.get(currency)
    return f"{sign}{digits}" if sign else f"{currency} {digits}"


def amount_in(amount: int | Decimal, currency: str) -> str:
    """Write an amount without its currency, but with the decimals of it: `12,500.50`."""
    return f"{amount:,.{decimals_of(currency)}f}"


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: `1 order`, `1,250 orders`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(part: Decimal | float) -> str:
    """Write a percentage without a zero at the end: `12.5%`."""
    text = f"{part:,.1f}"
    return f"{text.removesuffix('.0')}%"


def duration(seconds: float) -> str:
    """Write a duration in its largest unit: `2.5 hours`, `1 day`."""
    for size, name in _UNITS:
        if seconds >= size or size == 1:
            number = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{number} {name}" if number == "1" else f"{number} {name}s"
    raise AssertionError("the last unit takes every duration")


def sentences(parts: Iterable[str]) -> str:
    """Join sentences that have no full stop yet, without the empty ones."""
    return " ".join(f"{part}." for part in parts if part)
