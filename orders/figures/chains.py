"""What became of chains: orders that waited for other orders."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce

from accounts.models import Project
from orderchainer.core.days import Span
from orderchainer.core.db.among import among
from orderchainer.core.db.durations import Spread, spread_in
from orders.figures.selecting import EVERYTHING, Selection, selected_in
from orders.graph import chains_up_from, topological_order
from orders.lifecycle import DONE
from orders.models import Order, OrderDependency, OrderQuerySet


@dataclass(frozen=True)
class Chains:
    """The chains that were completed, because their final order got done.

    A length is the number of orders on the longest path to the final order. A time, in seconds,
    begins when the first order of the critical path was placed, and ends when the final order was
    done. The critical path leads from each order to the one for which it waited longest.
    """

    completed: int
    lengths: Spread
    longest: int
    times: Spread


# When an order that is done got done.
DONE_AT = Coalesce(F("fulfilled_at"), F("status_changed_at"))


def done_in(project: Project, span: Span, selection: Selection = EVERYTHING) -> OrderQuerySet:
    """Return the orders that got done in the span, with `done_at`; tests left out."""
    done = selected_in(project, selection).filter(status__in=DONE, is_test=False)
    return done.annotate(done_at=DONE_AT).filter(done_at__gte=span.start, done_at__lt=span.end)


def completed_chains(project: Project, span: Span, selection: Selection = EVERYTHING) -> int:
    """Return how many chains were completed in the span, in one statement."""
    return _final(done_in(project, span, selection)).count()


def chains_of(project: Project, span: Span, selection: Selection = EVERYTHING) -> Chains:
    """Return the chains that were completed in the span, in three statements.

    It reads every order of these chains, but nothing of the others.
    """
    finals = list(_final(done_in(project, span, selection)).values_list("pk", flat=True))
    if not finals:
        return Chains(0, Spread(), 0, Spread())
    above: dict[int, list[int]] = defaultdict(list)
    for order, waited_for in chains_up_from(among(finals)):
        above[order] += [] if waited_for is None else [waited_for]
    length, began = _paths(above, _moments_of(above))
    ends = _moments_of(finals)
    lengths = [length[final] for final in finals]
    times = [(ends[final][1] - began[final]).total_seconds() for final in finals]
    return Chains(len(finals), spread_in(lengths), max(lengths), spread_in(times))


def _final(orders: OrderQuerySet) -> OrderQuerySet:
    """Keep the final orders of chains: they waited for others, and no order waits for them."""
    waited = OrderDependency.objects.filter(order=OuterRef("pk"))
    awaited = OrderDependency.objects.filter(depends_on=OuterRef("pk"))
    return orders.filter(Exists(waited), ~Exists(awaited))


def _moments_of(ids: Iterable[int]) -> Mapping[int, tuple[datetime, datetime]]:
    """Return when each of these orders was placed, and when it got done."""
    rows = Order.objects.filter(pk__in=among(ids)).values_list("pk", "ordered_at", DONE_AT)
    return {pk: (placed, done) for pk, placed, done in rows}


def _paths(
    above: Mapping[int, Sequence[int]], moments: Mapping[int, tuple[datetime, datetime]]
) -> tuple[Mapping[int, int], Mapping[int, datetime]]:
    """Return the longest path to each order, and when the critical path to it began."""
    length: dict[int, int] = {}
    began: dict[int, datetime] = {}
    for order in topological_order(above, above):
        waited_for = above[order]
        length[order] = 1 + max((length[each] for each in waited_for), default=0)
        last = max(waited_for, key=lambda each: (moments[each][1], each), default=None)
        began[order] = moments[order][0] if last is None else began[last]
    return length, began
