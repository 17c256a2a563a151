"""Tells whether the client of a request is still there, for work that takes seconds."""

import socket
from collections.abc import Awaitable, Callable, Mapping
from threading import Event
from typing import Any

from django.http import HttpRequest

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Where an ASGI request keeps that its client has left.
EXTENSION = "orderchainer.left"


def noting_who_leaves(application: Application) -> Application:
    """Wrap an ASGI application for HTTP, so that `has_left` knows of its clients.

    Django waits for `http.disconnect` while a view runs, but cannot stop a view in a thread.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        left = Event()
        scope.setdefault("extensions", {})[EXTENSION] = left

        async def noting() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                left.set()
            return message

        await application(scope, noting, send)

    return wrapped


def has_left(request: HttpRequest) -> bool:
    """Tell whether the client has closed its connection. False where the server cannot tell."""
    scope: Scope = getattr(request, "scope", {})
    left = scope.get("extensions", {}).get(EXTENSION)
    if isinstance(left, Event):
        return left.is_set()
    connection = request.META.get("gunicorn.socket")
    return isinstance(connection, socket.socket) and _is_closed(connection)


def _is_closed(connection: socket.socket) -> bool:
    """Look at the socket without taking anything from it: a client that left ends its stream."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except ValueError:
        # A TLS socket cannot be peeked at.
        return False
    except OSError:
        return True
