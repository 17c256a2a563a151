"""What a query costs: before it runs, by its shape, and after it, by what it found."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.shopify.plans import Plan, Step, arguments_of
from integrations.sandbox.shopify.schema import OBJECTS

# How much a page of `n` objects weighs, in objects.
PageWeight = Callable[[float], float]


def reduced(objects: float) -> float:
    """Weigh a page as Shopify does since it lowered its costs: far less than its size.

    The formula is unpublished. This one meets what people measured in 2025: 11 for a page of 250.
    """
    return min(objects, math.floor(2 * math.log1p(objects)))


def linear(objects: float) -> float:
    """Weigh a page as Shopify's documentation describes it: one for each object."""
    return objects


@dataclass
class Tally:
    """What an execution really returned: how often each field came, and how many objects it had."""

    times: dict[Step, int] = field(default_factory=dict)
    found: dict[Step, int] = field(default_factory=dict)

    def count(self, step: Step, objects: int) -> None:
        """Note that `step` returned so many objects."""
        self.times[step] = self.times.get(step, 0) + 1
        self.found[step] = self.found.get(step, 0) + objects

    def average(self, step: Step) -> float:
        """Return how many objects `step` returned on average."""
        return self.found.get(step, 0) / self.times[step] if step in self.times else 0


def cost_of(
    plan: Plan, variables: Mapping[str, Any], weight: PageWeight, tally: Tally | None = None
) -> int:
    """Return the cost before the execution, or after it if there is a tally.

    A scalar costs nothing, an object 1, a connection 2 and its page, a mutation 10.
    """
    if plan.kind == "mutation":
        return 10 * len(plan.steps)

    def cost(step: Step) -> float:
        if step.field.type.name not in OBJECTS or step.key == "pageInfo":
            return 0
        found = 1.0 if tally is None else tally.average(step)
        if not step.field.is_connection:
            return found * (1 + sum(map(cost, step.steps)))
        arguments = arguments_of(step, variables)
        size = arguments.get("first") or arguments.get("last") or 0
        return 2 + weight(size if tally is None else found) * _cost_of_one(step, cost)

    return max(1, round(sum(map(cost, plan.steps))))


def _cost_of_one(connection: Step, cost: Callable[[Step], float]) -> float:
    """Return the cost of one object in a page, asked for as `nodes` or as `edges { node }`."""
    total = 0.0
    for step in connection.steps:
        nodes = [step] if step.field.name == "nodes" else []
        if step.field.name == "edges":
            nodes = [each for each in step.steps if each.field.name == "node"]
        total += sum(1 + sum(map(cost, each.steps)) for each in nodes)
    return total or 1
