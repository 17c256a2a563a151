"""The daphne server of `manage.py serve`: HTTP and WebSocket, on one port or on two."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

# First: daphne installs the asyncio reactor when it is imported, before anything else takes one.
from daphne.server import Server  # isort: skip
from daphne.endpoints import build_endpoint_description_strings
from twisted.internet import reactor
from twisted.web import http

from orderchainer.core.sockets import SOCKET_EXTENSION

# Twisted knows the words of older standards, and calls a 422 or a 429 an "Unknown Status".
for _status in HTTPStatus:
    http.RESPONSES.setdefault(_status.value, _status.phrase.encode())


class ListenError(Exception):
    """An address that the server cannot listen on, most often because something else does."""


class WebSocketWriter:
    """The `SocketWriter` of one daphne WebSocket.

    It reads the buffers of Twisted's TCP transport, which has no public count of them.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    @property
    def buffered_bytes(self) -> int:
        """What was written and not yet taken over by the kernel, in bytes."""
        transport = self._protocol.transport
        begun: int = len(transport.dataBuffer) - transport.offset
        queued: int = transport._tempDataLen
        return begun + queued

    def write(self, frame: bytes) -> None:
        """Send one whole frame, if the socket is open."""
        protocol = self._protocol
        if protocol.state != protocol.STATE_OPEN:
            return
        transport = protocol.transport
        if protocol.send_queue or self.buffered_bytes:
            protocol.sendData(frame)
            return
        # Nothing waits, so the kernel gets the frame now. By way of the buffer each frame costs a round
        # of the reactor and two system calls to be told when the socket can be written.
        sent = transport.writeSomeData(frame)
        if not isinstance(sent, int):
            # The connection broke. The buffered way finds the same and tears it down in order.
            sent = 0
        if sent < len(frame):
            transport.write(frame[sent:])

    def abort(self) -> None:
        """Drop the connection at once."""
        self._protocol.transport.abortConnection()


class OrderChainerServer(Server):  # type: ignore[misc]  # daphne has no types
    """Daphne, which lends each WebSocket's consumer its `SocketWriter` and admits when it cannot listen."""

    failed_to_listen: str = ""

    def protocol_connected(self, protocol: Any) -> None:
        """Take note of a request or a WebSocket that begins, and leave its body to the application.

        Twisted would parse forms itself, on the event loop, for nobody, and answer a broken one with a bare 400.
        """
        protocol._parsePOSTFormSubmission = False
        super().protocol_connected(protocol)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for one connection, in whose `scope` a WebSocket finds its writer."""
        if scope["type"] == "websocket":
            extensions = scope.setdefault("extensions", {})
            extensions[SOCKET_EXTENSION] = WebSocketWriter(protocol)
        return super().create_application(protocol, scope)

    def before_shutdown(self, call: Callable[[], None]) -> None:
        """Let `call` be made when the server was told to stop, before it drops its connections."""
        reactor.addSystemEventTrigger("before", "shutdown", call)  # type: ignore[arg-type]  # an interface without self

    def listen_error(self, failure: Any) -> None:
        """Remember why an address cannot be had; daphne alone would log it and end as if all were well."""
        self.failed_to_listen = failure.getErrorMessage()
        self.stop()

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `stop`. Raises `ListenError` where an address is taken."""
        super().run()
        if self.failed_to_listen:
            raise ListenError(self.failed_to_listen)


def endpoints_on(address: str, ports: list[int]) -> list[str]:
    """Return Twisted's descriptions of `ports` on `address`, each port once."""
    return [
        description
        for port in dict.fromkeys(ports)
        for description in build_endpoint_description_strings(host=address, port=port)
    ]
