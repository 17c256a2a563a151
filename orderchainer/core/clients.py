"""The client that sent the current request, for records of what the request does."""

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
    """What we know about the sender of the current request. Empty outside of requests."""

    address: str | None = None
    user_agent: str = ""


_NOBODY = Client()
_current: ContextVar[Client] = ContextVar("client", default=_NOBODY)


def current_client() -> Client:
    """Return the client of the current request; an empty one in a task or a command.

    Use it only to record what happened, never to decide anything: it is ambient and not an argument
    of the call.
    """
    return _current.get()


@contextmanager
def answering(client: Client) -> Iterator[None]:
    """Make `client` the current one inside the block."""
    before = _current.set(client)
    try:
        yield
    finally:
        _current.reset(before)


def address_behind_proxies(peer: str | None, forwarded: Sequence[str]) -> str | None:
    """Return the address that the outermost of our `TRUSTED_PROXIES` saw; without proxies, the
    peer.

    `forwarded` is the `X-Forwarded-For` list. Each proxy appends the address that it saw, so we
    count from the end: the client can invent everything before that. If we cannot read what the
    proxy wrote, the peer counts, and we log that once.
    """
    proxies: int = settings.TRUSTED_PROXIES
    if 0 < proxies <= len(forwarded):
        entry = forwarded[-proxies]
        if address := _address_in(entry):
            return address
        if entry.strip():
            _warn_about(entry)
    return normalised(peer or "") or peer or None


# A proxy may append the client's port, or a made-up name for it (RFC 7239, section 6.2). An IPv6
# address then stands in brackets. Some proxies also put quotes around the entry, as that RFC does.
_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))"
_IN_BRACKETS = re.compile(rf"\[([^\[\]]+)\]{_PORT}?")
_IPV4_WITH_PORT = re.compile(rf"([0-9.]+){_PORT}")


# Cached, because the same clients return and parsing costs more than everything else here.
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
    """Return the address in its usual form, or None if the text is not an address.

    The zone of a link-local address is left out: it names one of our own network cards.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 clients as `::ffff:192.0.2.1`.
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
