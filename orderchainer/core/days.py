"""Calendar days in a time zone, as the moments at which they begin and end.

Some days are longer or shorter than 24 hours. Some have no midnight, because the clocks go forward
at midnight and skip it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone

_SECOND = timedelta(seconds=1)


def today_in(zone: ZoneInfo) -> date:
    """Return today's date in `zone`."""
    return timezone.now().astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which `day` begins in `zone`, in UTC.

    If the clocks skip midnight, the day begins when they go forward. If they skip the whole day, it
    begins together with the next day.
    """
    midnight = datetime.combine(day, time.min, zone)
    moment = midnight.astimezone(UTC)
    if _shown_at(moment, zone) == midnight.replace(tzinfo=None):
        return moment
    # There is no midnight. If we read 00:00 with the offset from before the change, we get a moment
    # after the change, and with the new offset one before it. The day begins between the two.
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
    """Return the last `count` days, today included."""
    today = today_in(zone)
    return Period(today - timedelta(days=count - 1), today, zone)
