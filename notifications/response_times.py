"""How long customers waited for an answer: the statement behind the figures of responses.

It reads the whole conversations of those who wrote in the period, so it needs no second look for
when a wait began. What lies before the period is little, and an index finds it by conversation.
"""

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from notifications.models import Message
from notifications.models.messages import Direction, MessageStatus
from orderchainer.core.days import Span
from orderchainer.core.db.durations import Spread, seconds_between, spreads_of
from orderchainer.core.db.prepared import compiled

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND
# What counts for waits: what customers write, and answers.
_IN_TALK = Q(direction=_IN) | Q(direction=_OUT, author__isnull=False) & ~Q(
    status=MessageStatus.FAILED
)
# A turn begins where the other side writes. So after a customer's turn comes the answer.
_WAITS = """
SELECT CASE WHEN answered_at IS NULL THEN 0 ELSE 1 END AS is_answered,
    CASE WHEN answered_at IS NULL THEN 0.0 ELSE {seconds} END AS seconds
FROM (
    SELECT direction, created_at AS began_at,
        lead(created_at) OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS answered_at
    FROM (
        SELECT conversation_id, id, direction, created_at,
            lag(direction) OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS before
        FROM ({talk}) AS talk
    ) AS written
    WHERE before IS NULL OR before <> direction
) AS turns
WHERE direction = %s AND (answered_at IS NULL OR answered_at >= %s)
"""


def response_times_within(
    messages: QuerySet[Message], counted: QuerySet[Message], period: Span
) -> tuple[Spread, int]:
    """Return how long customers waited for the responses of a period, and how many got none.

    `counted` are the messages of the period that count. `messages` are of any time; of these, only
    those in the same conversations are read. One statement.
    """
    active = counted.filter(_IN_TALK).values("conversation")
    talk = compiled(
        messages.filter(_IN_TALK, created_at__lt=period.end, conversation__in=active)
        .order_by()
        .values("conversation_id", "id", "direction", "created_at")
    )
    sql = _WAITS.format(seconds=seconds_between("began_at", "answered_at"), talk=talk.sql)
    start = connection.ops.adapt_datetimefield_value(period.start)
    # Each of these conversations has a message in the period. So if its last turn is a customer's,
    # they wrote in the period and got no answer by its end.
    waits = RawSQL(sql, (*talk.params, _IN, start))
    spreads = spreads_of(waits, by=["is_answered"])
    return spreads.get((1,), Spread()), spreads.get((0,), Spread()).count
