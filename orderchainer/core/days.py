"""Calendar days in a time zone, as the moments at which they begin and end.

Some days are longer or shorter than 24 hours. Some have no midnight, because the clocks go forward
at midnight and skip it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils import timezone

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
# No moment is shorter than this.
_MOMENT = timedelta(microseconds=1)


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


class Span(Protocol):
    """The moments from `start` up to, but not including, `end`, seen in a time zone."""

    @property
    def start(self) -> datetime:
        """The first moment, in UTC."""

    @property
    def end(self) -> datetime:
        """The first moment after it, in UTC."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks cut it into days."""

    @property
    def first(self) -> date:
        """The day of its first moment."""

    @property
    def last(self) -> date:
        """The day of its last moment."""


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


@dataclass(frozen=True)
class Stretch:
    """The moments from `start` up to, but not including, `end`. It may begin and end within days.

    Both are in UTC, and `start` is earlier than `end`.
    """

    start: datetime
    end: datetime
    zone: ZoneInfo

    @cached_property
    def first(self) -> date:
        """The day of its first moment."""
        return self.start.astimezone(self.zone).date()

    @cached_property
    def last(self) -> date:
        """The day of its last moment."""
        return (self.end - _MOMENT).astimezone(self.zone).date()


def days_of(span: Span) -> list[date]:
    """Return every calendar day of the span, in order."""
    return [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]


def is_whole_days(span: Span) -> bool:
    """Tell whether the span begins and ends at the borders of days."""
    return (
        start_of(span.first, span.zone) == span.start
        and start_of(span.last + timedelta(days=1), span.zone) == span.end
    )


def before(span: Span) -> Stretch:
    """Return the span of the same length that ends where this one begins.

    The span before whole days has as many whole days.
    """
    if is_whole_days(span):
        count = (span.last - span.first).days + 1
        start = start_of(span.first - timedelta(days=count), span.zone)
    else:
        start = span.start - (span.end - span.start)
    return Stretch(start, span.start, span.zone)


def days_earlier(moment: datetime, count: int, zone: ZoneInfo) -> datetime:
    """Return when the clocks of the zone showed the same time `count` days before, in UTC.

    If the clocks have changed since, that was not so many times 24 hours ago. A time that they
    showed twice is the first one. If they skipped it, it counts as an hour later.
    """
    return (moment.astimezone(zone) - timedelta(days=count)).astimezone(UTC)


def part_before(span: Span, moment: datetime) -> Stretch:
    """Return as much of the span before as is over of this one at `moment`.

    Between whole days it ends at the same time of day. It has at least one second.
    """
    earlier = before(span)
    if is_whole_days(span):
        until = days_earlier(moment, (span.first - earlier.first).days, span.zone)
    else:
        until = moment - (span.end - span.start)
    return Stretch(earlier.start, min(max(until, earlier.start + _SECOND), earlier.end), span.zone)


def offsets_within(span: Span) -> list[tuple[datetime, int]]:
    """Return the zone's offsets from UTC in seconds, each with the moment from which it applies.

    The first moment is the span's start, and the others are those at which the clocks change.
    """
    offsets = [(span.start, _offset_at(span.start, span.zone))]
    # No zone changes its clocks twice within a day.
    known = span.start
    while known < span.end:
        following = min(known + _DAY, span.end)
        offset = _offset_at(following, span.zone)
        if offset != offsets[-1][1]:
            offsets.append((_change_between(known, following, span.zone), offset))
        known = following
    return offsets


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment between the two at which the offset changes."""
    old = _offset_at(before, zone)
    # Clocks change at whole seconds.
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset_at(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after


def _offset_at(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())
