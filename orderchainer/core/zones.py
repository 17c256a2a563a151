"""The time zones that people can name."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the tz database. Looking them up reads some hundred files."""
    # These names stand for the machine's setting, or for nothing.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of a stored name; UTC if this machine does not know it (any more).

    One such row must not stop what is done for all others.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError):
        return ZoneInfo("UTC")
