"""How well events reach subscribers, such as Discord."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from accounts.models import Project
from orderchainer.core.days import Span
from orderchainer.core.db.durations import SecondsBetween, Spread, spread_of
from orders.stream.models import EventDelivery

State = EventDelivery.State


@dataclass(frozen=True)
class Deliveries:
    """The deliveries of events: how many have each state, and how long those that were sent took.

    A time, in seconds, is from the event until its delivery.
    """

    by_state: Mapping[str, int]
    times: Spread

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(self.by_state.values())


def deliveries_of(project: Project, span: Span) -> Deliveries:
    """Return the deliveries of the project's events that were made in the span.

    In two statements.
    """
    within = EventDelivery.objects.filter(
        event__project_id=project.pk, created_at__gte=span.start, created_at__lt=span.end
    ).order_by()
    states = within.values("state").annotate(deliveries=Count("*")).order_by("state")
    sent = within.filter(state=State.SENT, finished_at__isnull=False)
    seconds = SecondsBetween("event__created_at", "finished_at")
    return Deliveries(
        {row["state"]: row["deliveries"] for row in states},
        spread_of(sent.annotate(seconds=seconds).values("seconds")),
    )
