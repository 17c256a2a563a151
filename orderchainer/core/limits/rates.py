"""Rate limits, counted by django-ratelimit in the cache named `limits`.

A limit has a rate from the settings and counts each subject (an address, a user) by itself, from one
reset to the next. It knows neither views nor users: `orderchainer.core.http.views` says who is counted
under what.
"""

import ipaddress
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings
from django_ratelimit.core import get_usage

from orderchainer.core.errors import TooManyRequests
from orderchainer.core.registry import Registry

security_log = structlog.get_logger("security")

# --- Limits -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """A bound on something that is done. All surfaces on which it can be done share its counts."""

    name: str
    setting: str

    @property
    def rate(self) -> str:
        """The rate as django-ratelimit writes it; empty where the limit is off."""
        rate: str = getattr(settings, self.setting)
        return rate


# Every limit by its name; whoever counts by one registers it.
LIMITS: Registry[str, Limit] = Registry("limit")


def register_limit(limit: Limit) -> Limit:
    """Register a limit, so that its rate is checked when the service starts."""
    return LIMITS.add(limit.name, limit)


STANDARD = register_limit(Limit("standard", "RATE_LIMIT_STANDARD"))
# Beside STANDARD: a picture may take a second to decode, one after the other.
UPLOAD = register_limit(Limit("upload", "RATE_LIMIT_UPLOADS"))

# django-ratelimit's own notation, of which it takes for granted that it is kept: `5/m`, `10/30s`.
_RATE = re.compile(r"(?P<count>[0-9]+)/(?P<times>[0-9]*)(?P<unit>[smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
MAX_REQUESTS = 10**9
MAX_PERIOD_SECONDS = 30 * _SECONDS["d"]


def is_rate(text: str) -> bool:
    """Tell whether requests can be counted by this rate; an empty one, which counts none, is one."""
    if not text:
        return True
    rate = _RATE.fullmatch(text)
    if rate is None:
        return False
    period = int(rate["times"] or 1) * _SECONDS[rate["unit"]]
    return 1 <= int(rate["count"]) <= MAX_REQUESTS and 1 <= period <= MAX_PERIOD_SECONDS


# --- Subjects ---------------------------------------------------------------------------------


def address_subject(address: str | None) -> str:
    """Return the subject that a client's address is. A Unix socket has one for all."""
    return f"address:{network_of(address)}"


def user_subject(user_id: int) -> str:
    """Return the subject that a user is who has shown a token, whichever it is."""
    return f"user:{user_id}"


# The same clients come again and again, and parsing costs more than all the rest.
@lru_cache(maxsize=4096)
def network_of(address: str | None) -> str:
    """Return what one party has of addresses: an IPv4 address, or the /64 that an IPv6 address is in.

    Whoever has one IPv6 address has 2**64 of them. Empty where there is no address.
    """
    if not address:
        return ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


# --- Counting ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Usage:
    """How much of a limit is used up. From `reset_at` on, in seconds since 1970, it is whole again."""

    limit: int
    remaining: int
    reset_at: int

    @property
    def headers(self) -> dict[str, str]:
        """The hub document's three headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
        }


class LimitExceeded(TooManyRequests):
    """A subject has used its limit up; `usage` says which way it stands."""

    def __init__(self, usage: Usage) -> None:
        self.usage = usage
        super().__init__(retry_after=usage.reset_at - int(time.time()))

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of it: when to come back, and the three headers."""
        return {"Retry-After": str(self.retry_after), **self.usage.headers}


def count(limit: Limit, subjects: Sequence[str]) -> Usage | None:
    """Count once under `limit` for each subject, and return the usage with least remaining.

    None where the limit is off. Raises `LimitExceeded` at the first subject that has used it up; those
    behind it are not counted, so that who is stopped already uses nobody else's share.
    """
    tightest: Usage | None = None
    for subject in subjects:
        tightest = tighter(tightest, _count(limit, subject))
    return tightest


def tighter(one: Usage | None, other: Usage | None) -> Usage | None:
    """Return the usage of which less remains."""
    if one is None or other is None:
        return one or other
    return other if other.remaining < one.remaining else one


def _count(limit: Limit, subject: str) -> Usage | None:
    if not limit.rate:
        return None
    # A key has to be text that can be encoded, and people can send other text.
    subject = subject.encode("utf-8", "backslashreplace").decode()
    found = get_usage(
        None,  # the request, of which only a key could make use
        group=limit.name,
        key=lambda _group, _request: subject,
        rate=limit.rate,
        increment=True,
    )
    if found is None:
        return None
    # The second that django-ratelimit calls the end of a period is the last one in it.
    reset_at = int(time.time()) + max(0, found["time_left"]) + 1
    usage = Usage(found["limit"], max(0, found["limit"] - found["count"]), reset_at)
    if not found["should_limit"]:
        return usage
    if found["count"] == found["limit"] + 1:
        # Once in a period. Who it was stands on the request's own line, under the same id.
        kind = subject.partition(":")[0]
        security_log.warning("limit_reached", limit=limit.name, counted_by=kind)
    raise LimitExceeded(usage)
