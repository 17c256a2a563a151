"""How long customers waited for a person, compared with a plain loop over the messages."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from notifications.channels import Line, Person
from notifications.figures import summary_of
from notifications.models import Message
from notifications.tests.test_conversations import receive
from orderchainer.core.days import Period
from orderchainer.core.db.durations import Spread, spread_in

pytestmark = pytest.mark.django_db

UTC_ZONE = ZoneInfo("UTC")
FIRST = date(2026, 3, 2)
DAYS = 5


def day(number: int, until: int | None = None) -> Period:
    """Return days by their number; the first one is 0."""
    last = number if until is None else until
    return Period(FIRST + timedelta(days=number), FIRST + timedelta(days=last), UTC_ZONE)


def at(number: int, hour: float) -> datetime:
    """Return a moment of a day."""
    return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=number, hours=hour)


def say(first: Message, direction: str, moment: datetime, **fields: object) -> None:
    """Store a message in the conversation of `first`, as of another moment."""
    Message.objects.create(
        project_id=first.project_id,
        conversation=first.conversation,
        address=first.address,
        channel=first.channel,
        line=first.line,
        content_type="text",
        direction=direction,
        created_at=moment,
        **{"status": "received" if direction == "inbound" else "sent", **fields},
    )


def begin(line: Line, number: int = 1) -> Message:
    """Begin a conversation, long before all periods, and answer at once."""
    first = receive(line, person=Person(provider_id=f"US.{number}"))
    Message.objects.filter(pk=first.pk).delete()
    return first


def seconds_between(start: datetime, end: datetime) -> float:
    """Return a duration in seconds."""
    return (end - start).total_seconds()


def responses_in(agent: User, period: Period) -> Spread:
    """Return the first responses that the statistics count."""
    return summary_of(agent.personal_project, period).responses


def test_a_wait_counts_whole_on_the_day_of_its_answer(agent: User, ours: Line) -> None:
    talk = begin(ours)
    say(talk, "inbound", at(0, 22))
    say(talk, "inbound", at(1, 1))
    say(talk, "outbound", at(1, 4), author=agent)

    assert responses_in(agent, day(0)).count == 0
    assert summary_of(agent.personal_project, day(0)).unanswered == 1
    on_day_1 = responses_in(agent, day(1))
    assert on_day_1.count == 1
    assert on_day_1.average == pytest.approx(6 * 3600)
    assert responses_in(agent, day(0, until=1)) == on_day_1
    assert responses_in(agent, day(2)).count == 0


def test_the_first_message_of_a_day_can_be_the_answer(agent: User, ours: Line) -> None:
    talk = begin(ours)
    say(talk, "inbound", at(0, 20))
    say(talk, "outbound", at(0, 21), author=agent)
    say(talk, "inbound", at(0, 22))
    # Neither a rule nor a message that failed is an answer.
    say(talk, "outbound", at(0, 23), author=None)
    say(talk, "outbound", at(0, 23.5), author=agent, status="failed")
    say(talk, "outbound", at(2, 2), author=agent)
    # Nobody waits for this one.
    say(talk, "outbound", at(2, 3), author=agent)

    on_day_2 = responses_in(agent, day(2))
    assert on_day_2.count == 1
    assert on_day_2.average == pytest.approx(28 * 3600)
    assert responses_in(agent, day(0)).average == pytest.approx(3600)
    assert responses_in(agent, day(3)).count == 0


def test_the_documented_example(agent: User, ours: Line) -> None:
    talk, other = begin(ours), begin(ours, 2)
    say(talk, "inbound", at(0, 9))
    say(talk, "inbound", at(0, 9 + 1 / 6))
    say(talk, "outbound", at(0, 9.5), author=agent, ai_generated=True)
    say(talk, "inbound", at(0, 10))
    for hour in (11, 12, 13):
        say(other, "outbound", at(0, hour), author=agent)

    summary = summary_of(agent.personal_project, day(0))

    assert (summary.responses.count, summary.unanswered) == (1, 1)
    assert summary.responses.p50 == pytest.approx(1800)
    assert (summary.volume.outbound, summary.volume.ai_generated) == (4, 1)


def naive(messages: Iterable[Message]) -> dict[date, list[float]]:
    """Return the waits in seconds by the day of their answers."""
    waiting: dict[int, datetime] = {}
    waits: dict[date, list[float]] = defaultdict(list)
    for message in messages:
        talk = message.conversation_id
        if message.direction == "inbound":
            waiting.setdefault(talk, message.created_at)
        elif message.author_id is not None and message.status != "failed" and talk in waiting:
            waits[message.created_at.date()].append(
                seconds_between(waiting.pop(talk), message.created_at)
            )
    return waits


@pytest.mark.parametrize("seed", range(4))
def test_every_response_counts_once_and_as_a_plain_loop_counts_it(
    agent: User, ours: Line, seed: int
) -> None:
    chance = random.Random(seed)
    talks = [begin(ours, number) for number in range(3)]
    for minute in sorted(chance.sample(range(DAYS * 24 * 60), 80)):
        direction = chance.choice(["inbound", "outbound"])
        fields: dict[str, object] = {}
        if direction == "outbound":
            fields["author"] = chance.choice([agent, agent, None])
            fields["status"] = chance.choice(["sent", "read", "failed"])
        say(chance.choice(talks), direction, at(0, minute / 60), **fields)
    expected = naive(Message.objects.order_by("created_at", "pk"))

    for first in range(DAYS):
        for last in range(first, DAYS):
            found = responses_in(agent, day(first, until=last))
            waits = [
                seconds
                for number in range(first, last + 1)
                for seconds in expected[FIRST + timedelta(days=number)]
            ]
            known = spread_in(waits)
            assert found.count == known.count
            assert (found.average, found.p50) == pytest.approx((known.average, known.p50))
