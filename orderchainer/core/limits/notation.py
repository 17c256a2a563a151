"""How rates are written: django-ratelimit's notation, `5/m` or `10/30s`, which it does not check.

This module needs no settings, because the settings themselves are read with it.
"""

import re

_RATE = re.compile(r"(?P<count>[0-9]+)/(?P<times>[0-9]*)(?P<unit>[smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
MAX_REQUESTS = 10**9
MAX_PERIOD_SECONDS = 30 * _SECONDS["d"]

RATE_HINT = (
    "Write a number of requests and a time of at most 30 days: 5/m, 1000/h, 10/30s. "
    "An empty value switches the limit off."
)


def is_rate(text: str) -> bool:
    """Tell whether this is a rate. An empty text is one: it switches the limit off."""
    if not text:
        return True
    rate = _RATE.fullmatch(text)
    if rate is None:
        return False
    period = int(rate["times"] or 1) * _SECONDS[rate["unit"]]
    return 1 <= int(rate["count"]) <= MAX_REQUESTS and 1 <= period <= MAX_PERIOD_SECONDS
