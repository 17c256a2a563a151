"""The time zones that people can name."""

from functools import cache
from zoneinfo import available_timezones


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the tz database. Looking them up reads some hundred files."""
    # These names stand for the machine's setting, or for nothing.
    return frozenset(available_timezones()) - {"localtime", "Factory"}
