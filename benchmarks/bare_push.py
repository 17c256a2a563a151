"""The floor of push: a plain broadcast without reading, checking or storing anything.

It sends what a client of `/publish` sends to all other clients, with ASGI's own messages.
"""

from collections.abc import Awaitable, Callable
from typing import Any

PUBLISH = "/publish"

_sends: set[Callable[[dict[str, Any]], Awaitable[None]]] = set()


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Serve one WebSocket."""
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] != PUBLISH:
        _sends.add(send)
    while (message := await receive())["type"] == "websocket.receive":
        for each in _sends:
            await each({"type": "websocket.send", "text": message["text"]})
    _sends.discard(send)
