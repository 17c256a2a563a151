"""Headline figures: a number, and in words how it compares with another time."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from orderchainer.core.money import decimals_of
from reports.wording import percent


@dataclass(frozen=True)
class Figure:
    """A figure as a page shows it. `currency` is empty unless it is an amount.

    `direction` is `up`, `down` or empty, for an icon beside the words.
    """

    title: str
    text: str
    currency: str = ""
    against: str = ""
    direction: str = ""


def compared(
    title: str, now: int | Decimal, then: int | Decimal, *, when: str, currency: str = ""
) -> Figure:
    """Return a figure beside what it was `when`."""
    difference = now - then
    return Figure(
        title,
        number_of(now, currency),
        currency,
        against(difference, then, when=when, currency=currency),
        "up" if difference > 0 else "down" if difference < 0 else "",
    )


def against(difference: int | Decimal, then: int | Decimal, *, when: str, currency: str) -> str:
    """Say how a figure compares: `8% more than 1,200.00 EUR last Sunday by this time`."""
    unit = f"\N{NO-BREAK SPACE}{currency}" if currency else ""
    if not then:
        return f"{'nothing' if currency else 'none'} {when}"
    if not difference:
        return f"as many as {when}" if not currency else f"as much as {when}"
    if difference == -then:
        return f"{number_of(then, currency)}{unit} {when}"
    part = abs(Decimal(difference)) * 100 / Decimal(then)
    share = part.quantize(Decimal("0.1"), ROUND_HALF_UP)
    word = "more" if difference > 0 else "fewer" if not currency else "less"
    # A change too small for one decimal is a change all the same.
    how_much = percent(share) if share else "slightly"
    return f"{how_much} {word} than {number_of(then, currency)}{unit} {when}"


def number_of(value: int | Decimal, currency: str = "") -> str:
    """Write a number with its thousands set apart; an amount with the decimals of its currency."""
    if currency:
        return f"{value:,.{decimals_of(currency)}f}"
    return f"{value:,}"
