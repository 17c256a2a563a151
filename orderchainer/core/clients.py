"""Who sent the present request, for whatever happens because of it."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)

MAX_LOGGED_ENTRY = 100


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
    the end: a client can write everything before that itself. If we cannot read what the proxy
    wrote, the peer counts, and we log that once.
    """
    proxies: int = settings.TRUSTED_PROXIES
    if 0 < proxies <= len(forwarded):
        entry = forwarded[-proxies]
        if address := _address_in(entry):
            return address
        if entry.strip():
            _warn_about(entry)
    return normalised(peer or "") or peer or None


# A proxy may append the port that it heard the client on, which RFC 7239 (section 6.2) lets it
# obfuscate. An IPv6 address then stands in brackets. Some proxies quote it as that RFC does.
_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))"
_IN_BRACKETS = re.compile(rf"\[([^\[\]]+)\]{_PORT}?")
_IPV4_WITH_PORT = re.compile(rf"([0-9.]+){_PORT}")


# The same clients come again and again, and parsing costs more than all the rest.
@lru_cache(maxsize=4096)
def _address_in(entry: str) -> str | None:
    """Return the address in an entry of `X-Forwarded-For`, or None if there is none."""
    text = entry.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    found = _IN_BRACKETS.fullmatch(text) or _IPV4_WITH_PORT.fullmatch(text)
    return normalised(found[1] if found else text)


_warned = False


def _warn_about(entry: str) -> None:
    """Log once per process that a proxy names no address: a line per request would fill the log."""
    global _warned
    if not _warned:
        _warned = True
        logger.warning(
            "forwarded_address_unreadable",
            entry=entry.strip()[:MAX_LOGGED_ENTRY],
            trusted_proxies=settings.TRUSTED_PROXIES,
        )


@lru_cache(maxsize=4096)
def normalised(address: str) -> str | None:
    """Return the address as it is usually written, or None for a text that is not one.

    The zone of a link-local address is left out: it names one of our own network cards.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    # A socket that takes both kinds has IPv4 clients as `::ffff:192.0.2.1`.
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
