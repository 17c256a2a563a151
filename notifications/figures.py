"""What messages add up to: one definition of each figure, for statistics and reports.

- A message belongs to the day on which it arrived or was written here, in the project's time zone.
- Messages with blocked contacts do not count.
- A customer's wait begins with their first message, or with their first one after an answer. It
  ends when a member answers. That answer is a **first response**. A message that a rule sent is not
  an answer, and neither is one that failed. A wait without an answer counts in no response time.
- A response belongs to the period in which it was written, with the whole wait, even if the wait
  began earlier. So adjacent periods add up, and a past period never changes. A wait without an
  answer by the end of a period is unanswered there if the customer wrote in it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.models import Project
from notifications.models import Message
from notifications.models.messages import Direction, MessageStatus
from notifications.queries import messages_of, with_customer, without_blocked
from notifications.response_times import response_times_within
from orderchainer.core.days import Span, days_of
from orderchainer.core.db.durations import Spread
from orderchainer.core.db.local_time import LocalDate

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND


@dataclass(frozen=True)
class Selection:
    """Only some of a project's messages. A part that is empty leaves nothing out."""

    providers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    # A part of the customer's name, username or number.
    customer: str = ""

    def narrow(self, messages: QuerySet[Message]) -> QuerySet[Message]:
        """Keep the messages that are selected."""
        if self.providers:
            messages = messages.filter(channel__in=self.providers)
        if self.statuses:
            messages = messages.filter(status__in=self.statuses)
        if self.customer:
            messages = with_customer(messages, self.customer)
        return messages


EVERYTHING = Selection()


@dataclass
class Volume:
    """Messages, counted by direction. `unread` counts inbound messages that nobody has read."""

    inbound: int = 0
    outbound: int = 0
    unread: int = 0
    ai_generated: int = 0

    @property
    def total(self) -> int:
        """How many messages there were in both directions."""
        return self.inbound + self.outbound

    def add(self, group: Mapping[str, Any]) -> None:
        """Add a group of messages that have everything in common that is counted here."""
        number = group["messages"]
        if group["direction"] == _IN:
            self.inbound += number
            self.unread += 0 if group["is_read"] else number
        else:
            self.outbound += number
        self.ai_generated += number if group["ai_generated"] else 0


@dataclass(frozen=True)
class Summary:
    """The figures of a period. The volumes of its days add up to `volume`."""

    period: Span
    volume: Volume
    by_provider: Mapping[str, int]
    by_status: Mapping[str, int]
    by_day: Sequence[tuple[date, Volume]]
    conversations: int
    # How long customers waited for first responses, and how many waits had no answer.
    responses: Spread
    unanswered: int


@dataclass(frozen=True)
class Agent:
    """How much a member wrote."""

    user_id: UUID
    name: str
    messages: int
    conversations: int


@dataclass
class _Counts:
    whole: Volume = field(default_factory=Volume)
    days: dict[date, Volume] = field(default_factory=lambda: defaultdict(Volume))
    providers: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, group: Mapping[str, Any]) -> None:
        self.whole.add(group)
        self.days[group["day"]].add(group)
        self.providers[group["channel"]] += group["messages"]
        self.statuses[group["status"]] += group["messages"]


def messages_within(
    project: Project, period: Span, selection: Selection = EVERYTHING
) -> QuerySet[Message]:
    """Return the messages of the period that count, in no order."""
    counted = _counted(project, selection)
    return counted.filter(created_at__gte=period.start, created_at__lt=period.end)


def _counted(project: Project, selection: Selection) -> QuerySet[Message]:
    return without_blocked(selection.narrow(messages_of(project)), project).order_by()


def summary_of(project: Project, period: Span, selection: Selection = EVERYTHING) -> Summary:
    """Return the figures of the project's messages in the period, in three statements."""
    messages = messages_within(project, period, selection)
    counts = _Counts()
    groups = messages.values(
        "direction",
        "channel",
        "status",
        "is_read",
        "ai_generated",
        day=LocalDate("created_at", period),
    ).annotate(messages=Count("*"))
    for group in groups:
        counts.add(group)
    talked = messages.aggregate(conversations=Count("conversation", distinct=True))
    responses, unanswered = response_times_of(project, period, selection)
    return Summary(
        period=period,
        volume=counts.whole,
        by_provider=dict(sorted(counts.providers.items(), key=lambda pair: (-pair[1], pair[0]))),
        by_status={
            str(each): counts.statuses[each] for each in MessageStatus if each in counts.statuses
        },
        by_day=[(day, counts.days.get(day, Volume())) for day in days_of(period)],
        conversations=talked["conversations"],
        responses=responses,
        unanswered=unanswered,
    )


def agents_of(project: Project, period: Span, selection: Selection = EVERYTHING) -> Sequence[Agent]:
    """Return how much each member wrote, the busiest first, in one statement."""
    written = messages_within(project, period, selection).filter(
        direction=_OUT, author__isnull=False
    )
    rows = (
        written.values("author__uuid", "author__first_name", "author__last_name")
        .annotate(messages=Count("*"), conversations=Count("conversation", distinct=True))
        .order_by("-messages", "author__uuid")
    )
    return [
        Agent(
            user_id=row["author__uuid"],
            name=f"{row['author__first_name']} {row['author__last_name']}".strip(),
            messages=row["messages"],
            conversations=row["conversations"],
        )
        for row in rows
    ]


def response_times_of(
    project: Project, period: Span, selection: Selection = EVERYTHING
) -> tuple[Spread, int]:
    """Return how long customers waited for the responses of a period, and how many got none.

    One statement.
    """
    return response_times_within(
        selection.narrow(messages_of(project)), messages_within(project, period, selection), period
    )
