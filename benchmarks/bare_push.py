"""The floor of push: a broadcast that reads nothing, checks nobody and remembers nothing.

It takes what a client of `/publish` sends and sends it on to every other client, the way that ASGI has it.
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
