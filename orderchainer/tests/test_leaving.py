"""Whether a client is still there while a view works for it."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.test import RequestFactory

from orderchainer.core.http.leaving import has_left, noting_who_leaves

# --- Under ASGI, as daphne serves -------------------------------------------------------------


async def seen_by_a_view(*messages: Mapping[str, Any]) -> list[bool]:
    """Return what a view sees at first, and after each message of the client."""
    seen: list[bool] = []
    waiting = list(messages)

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = ASGIRequest(scope, None)  # type: ignore[arg-type]  # nobody reads the body
        seen.append(has_left(request))
        for _ in messages:
            await receive()
            seen.append(has_left(request))

    async def receive() -> Mapping[str, Any]:
        await asyncio.sleep(0)
        return waiting.pop(0)

    async def send(message: Mapping[str, Any]) -> None: ...

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    await noting_who_leaves(application)(scope, receive, send)
    return seen


async def test_a_disconnect_is_seen_when_it_comes() -> None:
    body = {"type": "http.request", "body": b"{}"}
    gone = {"type": "http.disconnect"}

    assert await seen_by_a_view(body, gone) == [False, False, True]


# --- Under gunicorn ---------------------------------------------------------------------------


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection: our end and the client's."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_closed_socket_is_seen_without_taking_anything_from_it(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    request = RequestFactory().post("/")
    request.META["gunicorn.socket"] = ours

    assert not has_left(request)
    theirs.sendall(b"more")
    assert not has_left(request)
    assert ours.recv(10) == b"more"
    theirs.close()
    assert has_left(request)


def test_a_broken_socket_is_a_client_that_left(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    request = RequestFactory().post("/")
    request.META["gunicorn.socket"] = ours
    ours.close()

    assert has_left(request)


def test_other_servers_cannot_tell() -> None:
    assert not has_left(RequestFactory().post("/"))
