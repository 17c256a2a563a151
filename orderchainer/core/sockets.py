"""An extension of ASGI: the server gives consumers the socket itself, for pushing to many at once.

ASGI's `websocket.send` frames each message again for every socket, and does not tell whether the
reader keeps up. So `manage.py serve` puts a `SocketWriter` into the scope of each WebSocket:

    writer: SocketWriter | None = scope.get("extensions", {}).get(SOCKET_EXTENSION)

Other ASGI servers put nothing there, and consumers then use `websocket.send`.
"""

import struct
from typing import Protocol

SOCKET_EXTENSION = "orderchainer.socket"

_FINAL_TEXT = 0x81


class SocketWriter(Protocol):
    """An accepted WebSocket.

    Call its methods only on the server's event loop, never from a thread.
    """

    @property
    def buffered_bytes(self) -> int:
        """How many bytes were written that the kernel has not taken yet."""

    def write(self, frame: bytes) -> None:
        """Send one whole frame from `text_frame`, which can serve many sockets; never blocks.

        Frames keep their order with those of `websocket.send`. On a closing or closed socket this
        does nothing: the consumer gets `websocket.disconnect` anyway.
        """

    def abort(self) -> None:
        """Drop the connection and its buffer at once, without a closing handshake."""


def text_frame(text: bytes) -> bytes:
    """Return the text frame that a server sends for UTF-8 `text` (RFC 6455, section 5.2).

    The frame is neither masked nor fragmented.
    """
    length = len(text)
    if length <= 125:
        head = struct.pack("!BB", _FINAL_TEXT, length)
    elif length <= 0xFFFF:
        head = struct.pack("!BBH", _FINAL_TEXT, 126, length)
    else:
        head = struct.pack("!BBQ", _FINAL_TEXT, 127, length)
    return head + text
