"""The periods that people choose from when they have a report made."""

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from orderchainer.core.days import today_in

OWN = "own"
# By the value in the form.
RANGES: Mapping[str, str] = {
    "today": "Today",
    "yesterday": "Yesterday",
    "7": "The last 7 days",
    "30": "The last 30 days",
    "90": "The last 90 days",
    "month": "This month",
    "last-month": "Last month",
    "year": "This year",
    "last-year": "Last year",
    OWN: "Other days",
}
ONE_DAY = timedelta(days=1)


def days_in(name: str, zone: ZoneInfo) -> tuple[date, date]:
    """Return the first and the last day of a range, as the clocks of the zone show them now.

    Raises `KeyError` for days that people name themselves.
    """
    today = today_in(zone)
    if name.isdecimal():
        return today - timedelta(days=int(name) - 1), today
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    return {
        "today": (today, today),
        "yesterday": (today - ONE_DAY, today - ONE_DAY),
        "month": (month, today),
        "last-month": ((month - ONE_DAY).replace(day=1), month - ONE_DAY),
        "year": (year, today),
        "last-year": (year.replace(year=year.year - 1), year - ONE_DAY),
    }[name]
