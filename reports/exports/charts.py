"""Charts as shapes: where each bar, line and label of an SVG picture stands.

A template draws them, so a chart needs no script and no library. Coordinates are those of a picture
of `WIDTH` by `HEIGHT`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

WIDTH, HEIGHT = 720, 220
# What surrounds the bars: the labels of the levels on the left, those of the bars below.
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 8, 28
MAX_LEVELS = 5
MAX_LABELS = 12
# The part of a bar's place that the bar fills, and how wide a lonely bar may be.
FILLED = 0.72
MAX_BAR_WIDTH = 48.0


@dataclass(frozen=True)
class Bar:
    """A bar, and what it stands for in words."""

    x: str
    y: str
    width: str
    height: str
    words: str


@dataclass(frozen=True)
class Mark:
    """A label at a place: of a level on the left (its y), or of a bar below (its x)."""

    at: str
    text: str


@dataclass(frozen=True)
class Chart:
    """The shapes of a chart."""

    bars: Sequence[Bar]
    levels: Sequence[Mark]
    labels: Sequence[Mark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM
    below: int = HEIGHT - BOTTOM + 18


def bar_chart(
    values: Sequence[Decimal | int], labels: Sequence[str], words: Sequence[str]
) -> Chart:
    """Return a chart with a bar for each value; none of them is negative."""
    highest = Decimal(max(values, default=0))
    levels = _levels_up_to(highest, _step(highest))
    top = levels[-1]
    place = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    thickness = min(place * FILLED, MAX_BAR_WIDTH)
    floor, tall = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP

    def height_of(value: Decimal | int) -> float:
        return float(Decimal(value) / top) * tall

    def middle_of(number: int) -> float:
        return LEFT + place * (number + 0.5)

    return Chart(
        bars=[
            Bar(
                x=_place(middle_of(number) - thickness / 2),
                y=_place(floor - height_of(value)),
                width=_place(thickness),
                height=_place(height_of(value)),
                words=words[number],
            )
            for number, value in enumerate(values)
        ],
        levels=[Mark(_place(floor - height_of(level)), f"{level:,f}") for level in levels],
        labels=[
            Mark(_place(middle_of(number)), labels[number])
            for number in range(0, len(labels), -(-len(labels) // MAX_LABELS) or 1)
        ],
    )


def _step(highest: Decimal) -> Decimal:
    """Return the distance between levels: 1, 2 or 5 times a power of ten."""
    power = Decimal(1)
    while True:
        for digit in (1, 2, 5):
            if highest <= power * digit * (MAX_LEVELS - 1):
                return power * digit
        power *= 10


def _levels_up_to(highest: Decimal, step: Decimal) -> Sequence[Decimal]:
    """Return the levels from 0 to the first one that is at least `highest`, two at least."""
    count = max(1, ceil(highest / step))
    return [step * number for number in range(count + 1)]


def _place(coordinate: float) -> str:
    """Write a coordinate as SVG wants it, whatever the language of the page."""
    return f"{coordinate:.1f}"
