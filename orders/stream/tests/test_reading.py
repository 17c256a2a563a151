"""Reading a part of the stream costs what that part has, whatever else happened meanwhile."""

from collections.abc import Sequence
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from orderchainer.testing.effort import pages_read_by, statement_of
from orders.lifecycle import EventType
from orders.stream.models import ORDER, Event
from orders.stream.queries import stream_after, stream_of_owner, stream_of_project

pytestmark = [pytest.mark.django_db, pytest.mark.services, pytest.mark.slow]

MANY = 5000
# The one project had half of all events and is quiet since; the other has one event in all.
# No other test left rows of these numbers, which PostgreSQL would read until a vacuum.
BUSY_ONCE, RARE, FIRST_OTHER = 10**12, 10**12 + 1, 2 * 10**12
MOST_PAGES = 12


@pytest.fixture(autouse=True)
def _stream() -> None:
    owners = [BUSY_ONCE] * MANY + [FIRST_OTHER + number for number in range(MANY)] + [RARE]
    Event.objects.bulk_create(
        Event(
            type=EventType.UPDATED,
            subject_kind=ORDER,
            subject_uuid=uuid4(),
            order_id=position,
            owner_id=owner,
            project_id=owner,
            position=position,
        )
        for position, owner in enumerate(owners, start=1)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_event")


@pytest.mark.skipif(
    connection.vendor == "postgresql",
    reason="PostgreSQL also reads what other tests have rolled back, until a vacuum",
)
def test_the_next_events_of_all_are_found_without_reading_those_before() -> None:
    last = 2 * MANY + 1
    assert positions(stream_after(last - 2, limit=100)) == [last - 1, last]
    assert positions(stream_after(last, limit=100)) == []

    for position in (0, MANY, last):
        read_next = partial(stream_after, position, limit=3)
        pages = pages_read_by(statement_of(read_next, table="orders_event"))
        assert pages <= MOST_PAGES, position


def read(of: str, number: int, *, after: int, limit: int = 100) -> list[Event]:
    if of == "owner":
        return stream_of_owner(number, after=after, limit=limit)
    return stream_of_project(number, [ORDER], after=after, limit=limit)


def positions(events: Sequence[Event]) -> list[int | None]:
    return [event.position for event in events]


@pytest.mark.parametrize("of", ["owner", "project"])
def test_the_next_events_of_one_are_found_without_walking_past_those_of_others(of: str) -> None:
    assert positions(read(of, BUSY_ONCE, after=7, limit=3)) == [8, 9, 10]
    assert positions(read(of, BUSY_ONCE, after=MANY - 1)) == [MANY]
    assert positions(read(of, BUSY_ONCE, after=MANY)) == []
    assert positions(read(of, RARE, after=0)) == [2 * MANY + 1]

    asked = [(BUSY_ONCE, MANY), (BUSY_ONCE, MANY - 1), (RARE, 0), (RARE, MANY)]
    statements = {
        (number, after): statement_of(partial(read, of, number, after=after), table="orders_event")
        for number, after in asked
    }
    pages = {each: pages_read_by(sql) for each, sql in statements.items()}
    assert max(pages.values()) <= MOST_PAGES, pages
