"""What a server lends to a consumer beyond ASGI: the socket itself, for pushing to many at once.

ASGI's `websocket.send` frames every message anew for every socket, and tells nothing of a reader who
does not keep up. `manage.py serve` therefore puts a `SocketWriter` into the scope of each WebSocket:

    writer: SocketWriter | None = scope.get("extensions", {}).get(SOCKET_EXTENSION)

Another ASGI server puts nothing there, and a consumer then sends as ASGI has it.
"""

import struct
from typing import Protocol

SOCKET_EXTENSION = "orderchainer.socket"

_FINAL_TEXT = 0x81


class SocketWriter(Protocol):
    """An accepted WebSocket. Every method belongs to the server's loop: call none from a thread."""

    @property
    def buffered_bytes(self) -> int:
        """What was written and not yet taken over by the kernel, in bytes."""

    def write(self, frame: bytes) -> None:
        """Send one whole frame, made once by `text_frame` for all sockets; never blocks.

        It goes out in order with what `websocket.send` sends. On a socket that is closing or gone it
        does nothing: the consumer hears `websocket.disconnect` by itself.
        """

    def abort(self) -> None:
        """Drop the connection at once, with all that is buffered and without a closing handshake."""


def text_frame(text: bytes) -> bytes:
    """Return a server's unmasked, unfragmented text frame of UTF-8 `text` (RFC 6455, section 5.2)."""
    length = len(text)
    if length <= 125:
        head = struct.pack("!BB", _FINAL_TEXT, length)
    elif length <= 0xFFFF:
        head = struct.pack("!BBH", _FINAL_TEXT, 126, length)
    else:
        head = struct.pack("!BBQ", _FINAL_TEXT, 127, length)
    return head + text
