"""Adds up what the rounds of one call used and cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.assistant.contracts import MILLION, Price, Turn, Usage


@dataclass
class Tally:
    """The sums over all rounds so far. A count that a model does not tell adds nothing."""

    # Every price of the service, and the day of the call.
    prices: Sequence[Price]
    day: date
    rounds: int = 0
    prompt: int = 0
    cached: int = 0
    thought: int = 0
    answer: int = 0
    total: int = 0
    model: str = ""
    finish_reason: str = ""
    # In USD. `cost` is None as soon as the cost of one round is unknown. `known_cost` adds up the
    # other rounds.
    cost: Decimal | None = Decimal(0)
    known_cost: Decimal = Decimal(0)
    used: list[Price] = field(default_factory=list)

    def add(self, turn: Turn) -> None:
        """Count one answer of a model, at the price of the model that answered."""
        usage = turn.usage
        self.rounds += 1
        self.prompt += usage.prompt or 0
        self.cached += usage.cached or 0
        self.thought += usage.thought or 0
        self.answer += usage.answer or 0
        self.total += _total(usage)
        self.model, self.finish_reason = turn.model, turn.reason
        price = price_of(self.prices, turn.model, self.day, usage.prompt or 0)
        cost = None if price is None else price.cost_of(usage)
        self.cost = None if self.cost is None or cost is None else self.cost + cost
        self.known_cost += cost or 0
        if price is not None and price not in self.used:
            self.used.append(price)

    def add_unanswered(self) -> None:
        """Count a round that the service may have billed although no answer came."""
        self.rounds += 1
        self.cost = None

    @property
    def prices_used(self) -> list[dict[str, Any]]:
        """The prices as the receipt keeps them."""
        return [
            {
                "model": price.model,
                "since": price.since.isoformat(),
                "prompt": str(price.prompt),
                "answer": str(price.answer),
                "cached": str(price.cached),
            }
            for price in self.used
        ]


def price_of(prices: Sequence[Price], model: str, day: date, prompt_tokens: int) -> Price | None:
    """Return the price of a model for a prompt of that size on a day, or None if it has none."""
    fitting = (
        price
        for price in prices
        if price.model == model
        and price.since <= day
        and (not price.above_prompt_tokens or prompt_tokens > price.above_prompt_tokens)
    )
    return max(fitting, key=lambda price: (price.since, price.above_prompt_tokens), default=None)


def ceiling_of(prices: Sequence[Price], model: str, day: date, max_tokens: int) -> Decimal:
    """Return what a call of `max_tokens` costs at most; 0 if the model has no price."""
    price = price_of(prices, model, day, 0)
    if price is None:
        return Decimal(0)
    return max_tokens * max(price.prompt, price.answer) / MILLION


def _total(usage: Usage) -> int:
    if usage.total is not None:
        return usage.total
    return (usage.prompt or 0) + (usage.thought or 0) + (usage.answer or 0)
