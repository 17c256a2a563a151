"""Where a request comes from."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None where the server knows none (a Unix socket)."""
    return address_behind_proxies(
        request.META.get("REMOTE_ADDR"),
        request.META.get("HTTP_X_FORWARDED_FOR", "").split(","),
    )


def address_behind_proxies(peer: str | None, forwarded: Sequence[str]) -> str | None:
    """Return who spoke to the outermost of our `TRUSTED_PROXIES` proxies; without any, the peer.

    `forwarded` is the `X-Forwarded-For` list. Each proxy appends whom it heard, so what counts is
    counted from the end: everything before can be written by the client itself.
    """
    proxies: int = settings.TRUSTED_PROXIES
    candidate = forwarded[-proxies].strip() if 0 < proxies <= len(forwarded) else peer
    return _normalised(candidate or "") or peer or None


# The same clients come again and again, and parsing costs more than all the rest.
@lru_cache(maxsize=4096)
def _normalised(address: str) -> str | None:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
