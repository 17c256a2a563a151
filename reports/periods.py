"""The period of a report, from what people write.

A moment counts to the second: a period that ends at 23:59:59 has everything until midnight. A date
without a time is the whole day in the project's time zone.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from orderchainer.core.days import Stretch, start_of
from orderchainer.core.errors import Invalid

MAX_YEARS = 5
# Dates that zones and databases know without surprises.
FIRST_YEAR, LAST_YEAR = 1970, 2199

Bound = date | datetime


def period_between(start: Bound, end: Bound, zone: ZoneInfo) -> Stretch:
    """Return the period from `start` to `end`, both included. Datetimes are aware.

    Raises `Invalid` for `start_date` or `end_date`.
    """
    _require_year(start, "start_date")
    _require_year(end, "end_date")
    period = Stretch(_first_moment(start, zone), _end_of(end, zone), zone)
    if period.end <= period.start:
        raise Invalid({"end_date": ["Must not be before the start date."]})
    if period.last >= _years_after(period.first):
        raise Invalid({"end_date": [f"A report is about at most {MAX_YEARS} years."]})
    return period


def _first_moment(bound: Bound, zone: ZoneInfo) -> datetime:
    if isinstance(bound, datetime):
        return bound.astimezone(UTC)
    return start_of(bound, zone)


def _end_of(bound: Bound, zone: ZoneInfo) -> datetime:
    """Return the first moment after the second, or after the day."""
    if isinstance(bound, datetime):
        return bound.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    return start_of(bound + timedelta(days=1), zone)


def _require_year(bound: Bound, field: str) -> None:
    if not FIRST_YEAR <= bound.year <= LAST_YEAR:
        raise Invalid({field: [f"Must be between {FIRST_YEAR} and {LAST_YEAR}."]})


def _years_after(day: date) -> date:
    try:
        return day.replace(year=day.year + MAX_YEARS)
    except ValueError:
        # The 29th of February.
        return date(day.year + MAX_YEARS, 3, 1)
