"""How often one may come: rate limits, counted by django-ratelimit in the cache named `limits`.

A limit has a rate from the settings and counts each subject (an address, a user, an account's e-mail)
by itself. It knows neither views nor users: `orderchainer.api.views` says who is counted under what.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from orderchainer.api.errors import TooManyRequests


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


STANDARD = Limit("standard", "RATE_LIMIT_STANDARD")
AI = Limit("ai", "RATE_LIMIT_AI")
# The doors for people without a token, by what is tried there.
SIGN_IN = Limit("sign-in", "RATE_LIMIT_AUTH")
REGISTER = Limit("register", "RATE_LIMIT_AUTH")
SEND_CODE = Limit("send-code", "RATE_LIMIT_AUTH")
USE_CODE = Limit("use-code", "RATE_LIMIT_AUTH")
# Beside SEND_CODE and for the e-mail alone: nobody's mailbox is filled, slowly as it may be.
CODES_SENT = Limit("codes-sent", "RATE_LIMIT_CODES")


@dataclass(frozen=True)
class Usage:
    """How much of a limit is used up. `reset_at` is in seconds since 1970, as the header has it."""

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


def count(request: HttpRequest, limit: Limit, subjects: Sequence[str]) -> Usage | None:
    """Count `request` under `limit` once for each subject, and return the usage with least remaining.

    None where the limit is off. Raises `LimitExceeded` at the first subject that has used it up; those
    behind it are not counted, so that who is stopped already uses nobody else's share.
    """
    tightest: Usage | None = None
    for subject in subjects:
        usage = _count(request, limit, subject)
        if usage is None:
            return None
        if tightest is None or usage.remaining < tightest.remaining:
            tightest = usage
    return tightest


def _count(request: HttpRequest, limit: Limit, subject: str) -> Usage | None:
    if not limit.rate:
        return None
    found = get_usage(
        request,
        group=limit.name,
        key=lambda _group, _request: subject,
        rate=limit.rate,
        increment=True,
    )
    if found is None:
        return None
    usage = Usage(
        limit=found["limit"],
        remaining=max(0, found["limit"] - found["count"]),
        reset_at=int(time.time()) + max(0, found["time_left"]),
    )
    if found["should_limit"]:
        raise LimitExceeded(usage)
    return usage
