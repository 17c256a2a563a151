"""What messages add up to in random conversations, compared with a plain loop over them.

`test_response_times.py` does the same for waits and responses.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from notifications import figures
from notifications.figures import Selection, Volume
from notifications.models import Contact, ContactAddress, Conversation, Message
from orderchainer.core.days import Stretch, days_of, start_of

pytestmark = pytest.mark.django_db

ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"]
DAY = date(2026, 11, 1)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

# Which conversation, when, in which direction, by whom, and how it went.
WRITTEN = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-200_000, 200_000),
        st.sampled_from(["in", "in", "out"]),
        st.sampled_from(["ada", "bob", None]),
        st.sampled_from(["sent", "failed", "read"]),
        st.booleans(),
    ),
    max_size=30,
)


@pytest.fixture
def ada() -> User:
    return make_user(first_name="Ada")


@pytest.fixture
def bob() -> User:
    return make_user(first_name="Bob")


def conversations_in(project: Project) -> list[Conversation]:
    """Make three conversations, the last one with a blocked contact."""
    made = []
    for number in range(3):
        contact = Contact.objects.create(
            project=project, name=f"Customer {number}", is_blocked=number == 2
        )
        address = ContactAddress.objects.create(
            contact=contact, channel="whatsapp", line=uuid4(), provider_id=f"US.{number}"
        )
        made.append(
            Conversation.objects.create(
                project=project,
                contact=contact,
                address=address,
                channel="whatsapp",
                line=address.line,
            )
        )
    return made


def write(project: Project, users: dict[str, User], written: Sequence[Any]) -> list[Message]:
    threads = conversations_in(project)
    return Message.objects.bulk_create(
        Message(
            project=project,
            conversation=threads[thread],
            address=threads[thread].address,
            line=threads[thread].line,
            channel="telegram" if thread else "whatsapp",
            direction="inbound" if way == "in" else "outbound",
            status="received" if way == "in" else status,
            author=users[author] if way == "out" and author else None,
            is_read=flag,
            ai_generated=flag and way == "out",
            created_at=NOON + timedelta(seconds=seconds),
        )
        for thread, seconds, way, author, status, flag in written
    )


@given(zone_name=st.sampled_from(ZONES), written=WRITTEN, days=st.integers(0, 2))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_figure_is_that_of_a_plain_loop(
    ada: User, bob: User, zone_name: str, written: Sequence[Any], days: int
) -> None:
    zone = ZoneInfo(zone_name)
    first, last = DAY - timedelta(days=days), DAY + timedelta(days=days)
    span = Stretch(start_of(first, zone), start_of(last + timedelta(days=1), zone), zone)
    with transaction.atomic():
        project = create_project(owner=ada, name="My Store", timezone=zone_name)
        messages = write(project, {"ada": ada, "bob": bob}, written)
        _compare(project, span, messages)
        transaction.set_rollback(True)


def _compare(project: Project, span: Stretch, messages: Sequence[Message]) -> None:
    there = [
        each
        for each in messages
        if span.start <= each.created_at < span.end and not each.conversation.contact.is_blocked
    ]
    summary = figures.summary_of(project, span)

    assert summary.volume == volume_of(there)
    assert summary.by_day == [
        (day, volume_of([m for m in there if m.created_at.astimezone(span.zone).date() == day]))
        for day in days_of(span)
    ]
    assert sum(volume.total for _, volume in summary.by_day) == len(there)
    assert sum(summary.by_provider.values()) == sum(summary.by_status.values()) == len(there)
    assert summary.conversations == len({each.conversation_id for each in there})
    agents = figures.agents_of(project, span)
    assert {agent.name: agent.messages for agent in agents} == {
        name: count
        for name in ("Ada", "Bob")
        if (count := sum(bool(m.author and m.author.first_name == name) for m in there))
    }


def volume_of(messages: Sequence[Message]) -> Volume:
    return Volume(
        inbound=sum(each.direction == "inbound" for each in messages),
        outbound=sum(each.direction == "outbound" for each in messages),
        unread=sum(each.direction == "inbound" and not each.is_read for each in messages),
        ai_generated=sum(each.ai_generated for each in messages),
    )


def test_a_selection_narrows_every_figure(ada: User) -> None:
    project = create_project(owner=ada, name="My Store")
    write(
        project,
        {"ada": ada},
        [
            (0, 0, "in", None, "", True),
            (0, 60, "out", "ada", "read", False),
            (1, 0, "in", None, "", False),
        ],
    )
    zone = ZoneInfo("UTC")
    span = Stretch(start_of(DAY, zone), start_of(DAY + timedelta(days=1), zone), zone)

    def total(**parts: Any) -> int:
        return figures.summary_of(project, span, Selection(**parts)).volume.total

    assert total() == 3
    assert total(providers=("whatsapp",)) == 2
    assert total(statuses=("read",)) == 1
    assert total(customer="customer 1") == 1


def test_figures_take_as_many_statements_whatever_there_is(ada: User) -> None:
    project = create_project(owner=ada, name="My Store")
    zone = ZoneInfo("UTC")
    span = Stretch(start_of(DAY, zone), start_of(DAY + timedelta(days=1), zone), zone)
    counts = []
    for size in (1, 20):
        write(project, {"ada": ada}, [(0, n, "in", None, "", True) for n in range(size)])
        with CaptureQueriesContext(connection) as statements:
            figures.summary_of(project, span)
        counts.append(len(statements))

    assert counts == [3, 3]
