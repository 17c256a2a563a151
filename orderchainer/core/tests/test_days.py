"""Calendar days in a time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from orderchainer.core.days import (
    Period,
    Stretch,
    days_up_to_today,
    part_before,
    start_of,
    today_in,
)


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("UTC", "2026-11-19", "2026-11-19T00:00", 24),
        ("America/New_York", "2026-11-19", "2026-11-19T05:00", 24),
        ("Asia/Kathmandu", "2026-11-20", "2026-11-19T18:15", 24),
        ("Pacific/Kiritimati", "2026-11-20", "2026-11-19T10:00", 24),
        # The clocks go forward and back within the day.
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30", 23.5),
        # They go forward at midnight, so the day begins at one.
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00", 23),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", 23),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00", 23),
        ("America/Havana", "2026-03-08", "2026-03-08T05:00", 23),
        # They go back at midnight, so the day before has 25 hours.
        ("America/Santiago", "2026-04-04", "2026-04-04T03:00", 25),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),
        # They skipped from 23:30 to 00:30.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30", 23.5),
        # Samoa skipped a whole day.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
    ],
)
def test_a_day_has_its_hours(zone: str, day: str, start: str, hours: float) -> None:
    that_day = date.fromisoformat(day)
    period = Period(that_day, that_day, ZoneInfo(zone))

    assert period.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert period.end - period.start == timedelta(hours=hours)


@pytest.mark.parametrize(
    "zone", ["America/New_York", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe"]
)
def test_every_quarter_of_an_hour_of_a_year_is_in_the_day_that_the_clock_shows(zone: str) -> None:
    there = ZoneInfo(zone)
    starts = {
        day: start_of(day, there)
        for day in (date(2025, 12, 31) + timedelta(days=n) for n in range(368))
    }
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while moment.year == 2026:
        day = moment.astimezone(there).date()
        assert starts[day] <= moment < starts[day + timedelta(days=1)]
        moment += timedelta(minutes=15)


def test_the_last_days_end_with_today_in_the_zone() -> None:
    zone = ZoneInfo("Pacific/Kiritimati")
    with time_machine.travel(datetime(2026, 11, 19, 10, 30, tzinfo=UTC), tick=False):
        assert today_in(zone) == date(2026, 11, 20)
        period = days_up_to_today(2, zone)

    assert (period.first, period.last) == (date(2026, 11, 19), date(2026, 11, 20))
    assert period.start == datetime(2026, 11, 18, 10, tzinfo=UTC)
    assert period.end == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "moment", "start", "end"),
    [
        # Yesterday until the same time of day, also where the clocks went forward at two.
        ("2026-03-29", "2026-03-29", "2026-03-29T13:00", "2026-03-27T23:00", "2026-03-28T14:00"),
        # The same part of the week before.
        ("2026-11-16", "2026-11-22", "2026-11-18T14:00", "2026-11-08T23:00", "2026-11-11T14:00"),
        # Nothing is over yet, or everything.
        ("2026-11-16", "2026-11-22", "2026-11-01T14:00", "2026-11-08T23:00", "2026-11-08T23:00:01"),
        ("2026-11-16", "2026-11-22", "2026-12-01T14:00", "2026-11-08T23:00", "2026-11-15T23:00"),
    ],
)
def test_the_part_of_the_span_before_ends_at_the_same_time(
    first: str, last: str, moment: str, start: str, end: str
) -> None:
    period = Period(date.fromisoformat(first), date.fromisoformat(last), ZoneInfo("Europe/Berlin"))

    part = part_before(period, datetime.fromisoformat(moment).replace(tzinfo=UTC))

    assert part.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert part.end == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_the_part_before_hours_is_as_long_as_what_is_over_of_them() -> None:
    noon = datetime(2026, 11, 19, 12, tzinfo=UTC)
    hours = Stretch(noon, noon + timedelta(hours=6), ZoneInfo("Europe/Berlin"))

    part = part_before(hours, noon + timedelta(hours=2))

    assert (part.start, part.end) == (noon - timedelta(hours=6), noon - timedelta(hours=4))
