"""How customers can ask about an order. Apps that know channels register their ways here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orderchainer.core.registry import Registry


@dataclass(frozen=True)
class WayToAsk:
    """A link by which the customer opens a chat, and what the channel is called."""

    channel: str
    url: str


# Functions that return the ways to ask about the order with this id.
WAYS_TO_ASK: Registry[str, Callable[[int], Iterable[WayToAsk]]] = Registry("source of ways to ask")


def ways_to_ask(order_id: int) -> list[WayToAsk]:
    """Return the ways to ask about an order; none if its project has no channel for that."""
    return [way for source in WAYS_TO_ASK.values() for way in source(order_id)]
