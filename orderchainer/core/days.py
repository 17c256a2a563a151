"""Calendar days in a time zone, as the moments at which they begin and end.

A day need not have 24 hours, and some have no midnight: clocks that go forward at midnight skip it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone

_SECOND = timedelta(seconds=1)


def today_in(zone: ZoneInfo) -> date:
    """Return the date that it is now in `zone`."""
    return timezone.now().astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which `day` begins in `zone`, in UTC.

    If the clocks skip midnight, the day begins when they are put forward. A day that they skip as a
    whole has the same beginning as the day after it.
    """
    midnight = datetime.combine(day, time.min, zone)
    moment = midnight.astimezone(UTC)
    if _shown_at(moment, zone) == midnight.replace(tzinfo=None):
        return moment
    # There is no midnight. With the old offset, 00:00 is a moment after the change; with the new
    # one, it is a moment before. The first second of the day lies between these two moments.
    before, after = midnight.replace(fold=1).astimezone(UTC), moment
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _shown_at(middle, zone).date() < day:
            before = middle
        else:
            after = middle
    return after


def _shown_at(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True)
class Period:
    """The calendar days from `first` to `last` in `zone`, both included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def day_count(self) -> int:
        """How many calendar days these are."""
        return (self.last - self.first).days + 1

    @cached_property
    def start(self) -> datetime:
        """The first moment of the period, in UTC."""
        return start_of(self.first, self.zone)

    @cached_property
    def end(self) -> datetime:
        """The first moment after the period, in UTC."""
        return start_of(self.last + timedelta(days=1), self.zone)


def days_up_to_today(count: int, zone: ZoneInfo) -> Period:
    """Return the `count` days of which today is the last."""
    today = today_in(zone)
    return Period(today - timedelta(days=count - 1), today, zone)
