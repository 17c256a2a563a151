"""The periods of a schedule: days, weeks and months, one after the other."""

from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def first_day(frequency: str, day: date) -> date:
    """Return the first day of the period that contains `day`. A week begins on Monday."""
    match frequency:
        case "weekly":
            return day - timedelta(days=day.weekday())
        case "monthly":
            return day.replace(day=1)
    return day


def last_day(frequency: str, first: date) -> date:
    """Return the last day of the period that begins on `first`."""
    match frequency:
        case "weekly":
            return first + timedelta(days=6)
        case "monthly":
            return (first + timedelta(days=31)).replace(day=1) - ONE_DAY
    return first


def periods_before(frequency: str, day: date, count: int) -> date:
    """Return the first day of the `count`th period before the one that contains `day`."""
    first = first_day(frequency, day)
    for _ in range(count):
        first = first_day(frequency, first - ONE_DAY)
    return first
