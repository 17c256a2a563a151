"""What messages add up to: one definition of each figure, for statistics and reports.

- A message belongs to the day on which it arrived or was written here, in the project's time zone.
- Messages with blocked contacts do not count.
- A customer's wait begins with their first message, or with their first one after an answer. It
  ends when a member answers. That answer is a **first response**. A message that a rule sent is not
  an answer, and neither is one that failed. A wait without an answer counts in no response time.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, Count, F, Min, Q, QuerySet, When, Window
from django.db.models.functions import Lag

from accounts.models import Project
from notifications.models import Message
from notifications.models.messages import Direction, MessageStatus
from notifications.queries import messages_of, without_blocked
from orderchainer.core.days import Period
from orderchainer.core.db.prepared import compiled

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND
_SECONDS_OF_WAIT: Mapping[str, str] = {
    "postgresql": "EXTRACT(EPOCH FROM answered_at - created_at)::float8",
    "sqlite": "(julianday(answered_at) - julianday(created_at)) * 86400.0",
}
_TIMES = """
SELECT count(*), avg(seconds), avg(CASE WHEN place IN ((total + 1) / 2, (total + 2) / 2)
       THEN seconds END)
FROM (
    SELECT seconds, row_number() OVER (ORDER BY seconds) AS place, count(*) OVER () AS total
    FROM (
        SELECT {seconds} AS seconds FROM ({waits}) AS waits WHERE direction = 'inbound'
    ) AS in_seconds
) AS placed
"""


@dataclass(frozen=True)
class ResponseTimes:
    """How long customers waited for first responses. The times are None without responses."""

    responses: int
    average_seconds: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class Summary:
    """The figures of a period. `unread` counts its inbound messages that nobody has read."""

    period: Period
    inbound: int
    outbound: int
    unread: int
    ai_generated: int
    by_provider: Mapping[str, int]
    by_status: Mapping[str, int]
    conversations: int
    responses: ResponseTimes

    @property
    def total_messages(self) -> int:
        """How many messages there were in both directions."""
        return self.inbound + self.outbound


def messages_within(project: Project, period: Period) -> QuerySet[Message]:
    """Return the messages of the period that count."""
    return without_blocked(messages_of(project), project).filter(
        created_at__gte=period.start, created_at__lt=period.end
    )


def summary_of(project: Project, period: Period) -> Summary:
    """Return the figures of the project's messages in the period, in three statements."""
    messages = messages_within(project, period).order_by()
    groups = messages.values("direction", "channel", "status", "is_read", "ai_generated").annotate(
        messages=Count("*")
    )
    counts: Counter[str] = Counter()
    by_provider: Counter[str] = Counter()
    by_status: Counter[str] = Counter()
    for group in groups:
        number = group["messages"]
        by_provider[group["channel"]] += number
        by_status[group["status"]] += number
        counts[group["direction"]] += number
        if group["direction"] == _IN and not group["is_read"]:
            counts["unread"] += number
        if group["ai_generated"]:
            counts["ai_generated"] += number
    talked = messages.aggregate(conversations=Count("conversation", distinct=True))
    return Summary(
        period=period,
        inbound=counts[_IN],
        outbound=counts[_OUT],
        unread=counts["unread"],
        ai_generated=counts["ai_generated"],
        by_provider=dict(sorted(by_provider.items(), key=lambda pair: (-pair[1], pair[0]))),
        by_status={str(each): by_status[each] for each in MessageStatus if each in by_status},
        conversations=talked["conversations"],
        responses=response_times_in(messages),
    )


def response_times_in(messages: QuerySet[Message]) -> ResponseTimes:
    """Return how long customers waited for the first responses among `messages`."""
    waits = compiled(_waits_in(messages))
    sql = _TIMES.format(seconds=_SECONDS_OF_WAIT[connection.vendor], waits=waits.sql)
    with connection.cursor() as cursor:
        cursor.execute(sql, waits.params)
        responses, average, median = cursor.fetchone()
    return ResponseTimes(responses, average, median)


def _waits_in(messages: QuerySet[Message]) -> QuerySet[Any, Any]:
    answers = Q(direction=_OUT, author__isnull=False) & ~Q(status=MessageStatus.FAILED)
    return (
        messages.filter(Q(direction=_IN) | answers)
        .annotate(
            before=Window(Lag("direction"), F("conversation_id"), ("created_at", "id")),
            # This window runs from the newest message to the oldest, so the earliest answer so far
            # is the next answer. SQLite 3.40 ignores the FILTER of a MIN in some windows, so we use
            # a CASE.
            answered_at=Window(
                Min(Case(When(direction=_OUT, then="created_at"))),
                F("conversation_id"),
                ("-created_at", "-id"),
            ),
        )
        # `_TIMES` selects the inbound messages. If we did it here, Django would leave out the
        # answers before the windows see them.
        .filter(Q(before=None) | Q(before=_OUT), answered_at__isnull=False)
        .values("created_at", "answered_at", "direction")
    )
