"""How well a project's syncs and webhooks work: one definition of each figure.

A sync or a webhook belongs to the moment at which it was made or came in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import Project
from integrations.models import InboundDelivery, SyncRun
from orderchainer.core.days import Span
from orderchainer.core.db.durations import SecondsBetween, Spread, spread_of


@dataclass(frozen=True)
class Health:
    """How many rows have each state, and how long the finished ones took, in seconds.

    `times` is about those that ended well, from when they were made until they were done.
    """

    by_state: Mapping[str, int]
    times: Spread

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(self.by_state.values())


def syncs_of(project: Project, span: Span) -> Health:
    """Return how the syncs of the period went, in two statements."""
    runs = SyncRun.objects.filter(integration__project=project)
    return _health(runs, span, done=SyncRun.State.DONE)


def webhooks_of(project: Project, span: Span) -> Health:
    """Return how the webhooks of the period were worked on, in two statements."""
    deliveries = InboundDelivery.objects.filter(integration__project=project)
    return _health(deliveries, span, done=InboundDelivery.State.DONE)


def _health(rows: QuerySet[Any], span: Span, *, done: str) -> Health:
    within = rows.filter(created_at__gte=span.start, created_at__lt=span.end).order_by()
    states = within.values("state").annotate(rows=Count("*")).order_by("state")
    finished = within.filter(state=done, finished_at__isnull=False)
    seconds = SecondsBetween("created_at", "finished_at")
    return Health(
        {row["state"]: row["rows"] for row in states},
        spread_of(finished.annotate(seconds=seconds).values("seconds")),
    )
