"""Which orders the data of an answer tells of, so that people can look for themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Where tools mention an order by our number alone.
_NUMBERS = ("order_number", "newest_order_number")


@dataclass(frozen=True)
class Source:
    """An order by our number, and as the data names it: `#12`, or as its shop calls it."""

    number: int
    name: str


def orders_in(told: object) -> Sequence[Source]:
    """Return the orders of which the data tells, each once, in the order of the data."""
    return list(dict.fromkeys(_sources_in(told)))


def _sources_in(told: object) -> Iterator[Source]:
    if isinstance(told, Mapping):
        yield from _source_of(told)
        for value in told.values():
            yield from _sources_in(value)
    elif isinstance(told, list | tuple):
        for value in told:
            yield from _sources_in(value)


def _source_of(told: Mapping[str, Any]) -> Iterator[Source]:
    name, number = told.get("name"), told.get("number")
    if isinstance(name, str) and isinstance(number, int):
        yield Source(number, name)
    for key in _NUMBERS:
        if isinstance(mentioned := told.get(key), int):
            yield Source(mentioned, f"#{mentioned}")
