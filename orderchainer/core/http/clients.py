"""Where a request comes from."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orderchainer.core.clients import (
    Client,
    address_behind_proxies,
    answering,
    normalised,
)
from orderchainer.core.printable import printable

MAX_USER_AGENT_LENGTH = 255


class ClientMiddleware:
    """Remember the client while its request is answered."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with answering(client_of(request)):
            return self.get_response(request)


def client_of(request: HttpRequest) -> Client:
    """Return who sent `request`, in a form that the database can keep."""
    address = normalised(address_of(request) or "")
    # PostgreSQL keeps no NUL, and not every server refuses control characters in a header.
    agent = printable(request.META.get("HTTP_USER_AGENT", ""))
    return Client(address, agent[:MAX_USER_AGENT_LENGTH])


def address_of(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None where the server knows none (a Unix socket)."""
    return address_behind_proxies(
        request.META.get("REMOTE_ADDR"),
        request.META.get("HTTP_X_FORWARDED_FOR", "").split(","),
    )
