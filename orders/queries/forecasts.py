"""When an order will likely be done, from how long the orders of its project have taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Project
from orders import figures
from orders.lifecycle import DONE, GONE_WRONG, UNFINISHED, WAITING
from orders.queries.chains import ChainNode
from orders.queries.pictures import Picture

# Percentiles of fewer orders say nothing.
MIN_HISTORY = 10


@dataclass(frozen=True)
class Forecast:
    """When an order will be done, in seconds from now.

    `likely` takes each order as long as the median, `latest` as long as nine in ten orders take.
    Both are None if the history is too short, or if `in_the_way` has orders that failed or were
    cancelled: somebody has to act first. `history` is the number of orders that tell.
    """

    likely: float | None
    latest: float | None
    history: int
    in_the_way: list[int]


def forecast_of(project: Project, picture: Picture, *, now: datetime) -> Forecast | None:
    """Return when the order in the middle of the picture will likely be done.

    Each order begins when everything is done that it waits for. None if the order is not to be done
    any more. Takes one statement, or none if orders are in the way.
    """
    order = picture.nodes[picture.focus]
    if order.status not in UNFINISHED or order.status in GONE_WRONG:
        return None
    held_by = _held_by(picture.nodes, picture.focus)
    wrong = sorted(pk for pk in held_by if picture.nodes[pk].status in GONE_WRONG)
    if wrong:
        return Forecast(None, None, 0, wrong)
    taken = figures.working_times(project)
    if taken.count < MIN_HISTORY or taken.p50 is None or taken.p90 is None:
        return Forecast(None, None, taken.count, [])
    spent = {
        pk: max(0.0, (now - detail.since).total_seconds())
        for pk, detail in picture.details.items()
        if pk in held_by and detail.status not in WAITING
    }
    in_turn = [node.id for node in picture.chain.nodes if node.id in held_by]
    likely, latest = (
        _finish(in_turn, held_by, spent, each)[picture.focus] for each in (taken.p50, taken.p90)
    )
    return Forecast(likely, latest, taken.count, [])


def _held_by(nodes: Mapping[int, ChainNode], start: int) -> dict[int, list[int]]:
    """Return what holds up each order on which `start` waits, near and far, and `start` itself."""
    found: dict[int, list[int]] = {}
    queue = [start]
    while queue:
        node = nodes[queue.pop()]
        if node.id in found:
            continue
        waits = node.edges if node.status in WAITING else []
        found[node.id] = [
            edge.depends_on
            for edge in waits
            if not edge.is_waived and nodes[edge.depends_on].status not in DONE
        ]
        queue += found[node.id]
    return found


def _finish(
    in_turn: list[int], held_by: Mapping[int, list[int]], spent: Mapping[int, float], takes: float
) -> dict[int, float]:
    """Return when each order is done. `in_turn` has each after everything that holds it up."""
    finish: dict[int, float] = {}
    for pk in in_turn:
        begin = max((finish[each] for each in held_by[pk]), default=0.0)
        finish[pk] = begin + max(0.0, takes - spent.get(pk, 0.0))
    return finish
