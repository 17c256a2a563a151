"""Where a request comes from, and how whatever happens because of it can tell."""

import ipaddress
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

MAX_USER_AGENT_LENGTH = 255


@dataclass(frozen=True)
class Client:
    """What is known of whoever sent the present request. Outside of any request it is nothing."""

    address: str | None = None
    user_agent: str = ""


_NOBODY = Client()
_current: ContextVar[Client] = ContextVar("client", default=_NOBODY)


def current_client() -> Client:
    """Return whose request is being answered; nobody's in a task or a command.

    For records of what happened, and for nothing that decides: it comes with the circumstances and not
    with the call.
    """
    return _current.get()


class ClientMiddleware:
    """Remember the client while its request is answered."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = _current.set(client_of(request))
        try:
            return self.get_response(request)
        finally:
            _current.reset(before)


def client_of(request: HttpRequest) -> Client:
    """Return who sent `request`, in a form that the database can keep."""
    # A zone is no part of an address that is kept, and PostgreSQL keeps no NUL, which not every server
    # refuses in a header.
    address = _normalised((address_of(request) or "").partition("%")[0])
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")
    return Client(address, agent[:MAX_USER_AGENT_LENGTH])


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
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    # A socket that takes both kinds has IPv4 clients as `::ffff:192.0.2.1`.
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
