"""The daphne server of `manage.py serve`: HTTP and WebSocket, on one port or on two."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

# First: importing daphne installs Twisted's asyncio reactor, which has to happen before anything
# uses one.
from daphne.server import Server  # isort: skip
from daphne.endpoints import build_endpoint_description_strings
from twisted.internet import reactor
from twisted.web import http

from orderchainer.core.sockets import SOCKET_EXTENSION
from orderchainer.operations.twisted_internals import (
    buffered_bytes,
    leave_body_unparsed,
    write_now,
)

# Twisted lacks the newer statuses, and would call a 422 or a 429 an "Unknown Status".
for _status in HTTPStatus:
    http.RESPONSES.setdefault(_status.value, _status.phrase.encode())


class ListenError(Exception):
    """The server cannot listen on an address, usually because another process does."""


class WebSocketWriter:
    """The `SocketWriter` of one daphne WebSocket."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    @property
    def buffered_bytes(self) -> int:
        """How many bytes were written that the kernel has not taken yet."""
        return buffered_bytes(self._protocol.transport)

    def write(self, frame: bytes) -> None:
        """Send one whole frame, if the socket is open."""
        protocol = self._protocol
        if protocol.state != protocol.STATE_OPEN:
            return
        if protocol.send_queue or self.buffered_bytes:
            protocol.sendData(frame)
        else:
            write_now(protocol.transport, frame)

    def abort(self) -> None:
        """Drop the connection at once."""
        self._protocol.transport.abortConnection()


class OrderChainerServer(Server):  # type: ignore[misc]  # daphne has no types
    """Daphne's server, which gives each WebSocket consumer a `SocketWriter` and reports a failed
    listen.
    """

    failed_to_listen: str = ""

    def protocol_connected(self, protocol: Any) -> None:
        """Register a new request or WebSocket, and leave its body to the application."""
        leave_body_unparsed(protocol)
        super().protocol_connected(protocol)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for one connection; put a writer into the `scope` of a WebSocket."""
        if scope["type"] == "websocket":
            extensions = scope.setdefault("extensions", {})
            extensions[SOCKET_EXTENSION] = WebSocketWriter(protocol)
        return super().create_application(protocol, scope)

    def before_shutdown(self, call: Callable[[], None]) -> None:
        """Run `call` when the server is told to stop, before it closes its connections."""
        reactor.addSystemEventTrigger("before", "shutdown", call)  # type: ignore[arg-type]  # an interface without self

    def listen_error(self, failure: Any) -> None:
        """Remember why listening failed. Daphne alone would log it and exit with status 0."""
        self.failed_to_listen = failure.getErrorMessage()
        self.stop()

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `stop`. Raises `ListenError` if it cannot listen."""
        super().run()
        if self.failed_to_listen:
            raise ListenError(self.failed_to_listen)


def endpoints_on(address: str, ports: list[int]) -> list[str]:
    """Return Twisted's endpoint descriptions for `ports` on `address`, each port once."""
    return [
        description
        for port in dict.fromkeys(ports)
        for description in build_endpoint_description_strings(host=address, port=port)
    ]
