"""Who sent the present request, for whatever happens because of it."""

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings


@dataclass(frozen=True)
class Client:
    """What is known of whoever sent the present request. Outside of any request it is nothing."""

    address: str | None = None
    user_agent: str = ""


_NOBODY = Client()
_current: ContextVar[Client] = ContextVar("client", default=_NOBODY)


def current_client() -> Client:
    """Return whose request is being answered; nobody's in a task or a command.

    Use it for records of what happened and never to decide anything: it comes with the
    circumstances and not with the call.
    """
    return _current.get()


@contextmanager
def answering(client: Client) -> Iterator[None]:
    """Make `client` the current one."""
    before = _current.set(client)
    try:
        yield
    finally:
        _current.reset(before)


def address_behind_proxies(peer: str | None, forwarded: Sequence[str]) -> str | None:
    """Return who spoke to the outermost of our `TRUSTED_PROXIES` proxies; without any, the peer.

    `forwarded` is the `X-Forwarded-For` list. Each proxy appends whom it heard, so we count from
    the end: a client can write everything before that itself.
    """
    proxies: int = settings.TRUSTED_PROXIES
    candidate = forwarded[-proxies].strip() if 0 < proxies <= len(forwarded) else peer
    return normalised(candidate or "") or peer or None


# The same clients come again and again, and parsing costs more than all the rest.
@lru_cache(maxsize=4096)
def normalised(address: str) -> str | None:
    """Return the address as it is usually written, or None for a text that is not one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    # A socket that takes both kinds has IPv4 clients as `::ffff:192.0.2.1`.
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
