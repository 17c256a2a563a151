"""Rate limits, counted by django-ratelimit in the cache named `limits`.

A limit has a rate from the settings and counts each subject (an address, a user) by itself, from
one reset to the next. It knows neither views nor users: `orderchainer.core.http.views` says who is
counted under what.
"""

import ipaddress
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
    """A bound on how often something may be done. All surfaces share its counts."""

    name: str
    setting: str

    @property
    def rate(self) -> str:
        """The rate as django-ratelimit writes it; empty if the limit is off."""
        rate: str = getattr(settings, self.setting)
        return rate


# Every limit by its name. The module that counts by a limit registers it.
LIMITS: Registry[str, Limit] = Registry("limit")


def register_limit(limit: Limit) -> Limit:
    """Register a limit, so that its rate is checked when the service starts."""
    return LIMITS.add(limit.name, limit)


STANDARD = register_limit(Limit("standard", "RATE_LIMIT_STANDARD"))
# Counted in addition to STANDARD, since a picture may take a second to decode.
UPLOAD = register_limit(Limit("upload", "RATE_LIMIT_UPLOADS"))

# --- Subjects ---------------------------------------------------------------------------------


def address_subject(address: str | None) -> str:
    """Return the subject for a client's address. All clients of a Unix socket share one."""
    return f"address:{network_of(address)}"


def user_subject(user_id: int) -> str:
    """Return the subject for a user, whichever token they use."""
    return f"user:{user_id}"


# Cached, because the same clients return and parsing costs more than everything else here.
@lru_cache(maxsize=4096)
def network_of(address: str | None) -> str:
    """Return the addresses that one party has: an IPv4 address, or the /64 of an IPv6 address.

    A client with one IPv6 address has 2**64 of them. Empty if there is no address.
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
    """How much of a limit is left. At `reset_at`, in seconds since 1970, all of it is back."""

    limit: int
    remaining: int
    reset_at: int

    @property
    def headers(self) -> dict[str, str]:
        """The three headers of the hub's document."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
        }


class LimitExceeded(TooManyRequests):
    """A subject has used up its limit; `usage` says when it may come back."""

    def __init__(self, usage: Usage) -> None:
        self.usage = usage
        super().__init__(retry_after=usage.reset_at - int(time.time()))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer: when to come back, and the three of `usage`."""
        return {"Retry-After": str(self.retry_after), **self.usage.headers}


def count(limit: Limit, subjects: Sequence[str]) -> Usage | None:
    """Count once under `limit` for each subject, and return the usage with least remaining.

    Returns None if the limit is off. Raises `LimitExceeded` at the first subject that has used it
    up. It does not count the subjects after that one, so a caller who is stopped does not use up
    another subject's share.
    """
    tightest: Usage | None = None
    for subject in subjects:
        tightest = tighter(tightest, _count(limit, subject))
    return tightest


def tighter(one: Usage | None, other: Usage | None) -> Usage | None:
    """Return the usage with less remaining."""
    if one is None or other is None:
        return one or other
    return other if other.remaining < one.remaining else one


def _count(limit: Limit, subject: str) -> Usage | None:
    if not limit.rate:
        return None
    # The key must be encodable, and people can send text that is not.
    subject = subject.encode("utf-8", "backslashreplace").decode()
    found = get_usage(
        None,  # the request, which only a named key would read
        group=limit.name,
        key=lambda _group, _request: subject,
        rate=limit.rate,
        increment=True,
    )
    if found is None:
        return None
    # django-ratelimit returns the last second of this period. The next one begins a second later.
    reset_at = int(time.time()) + max(0, found["time_left"]) + 1
    usage = Usage(found["limit"], max(0, found["limit"] - found["count"]), reset_at)
    if not found["should_limit"]:
        return usage
    if found["count"] == found["limit"] + 1:
        # Log this once in a period. The line of the request has the same id and says who it was.
        kind = subject.partition(":")[0]
        security_log.warning("limit_reached", limit=limit.name, counted_by=kind)
    raise LimitExceeded(usage)
