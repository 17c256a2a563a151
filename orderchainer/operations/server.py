"""The daphne server of `manage.py serve`: HTTP and WebSocket, on one port or on two."""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

# First: importing daphne installs Twisted's asyncio reactor, which has to happen before anything
# uses one.
from daphne.server import Server  # isort: skip
from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.web import http

from orderchainer.core.http.bodies import max_body_bytes
from orderchainer.core.sockets import SOCKET_EXTENSION
from orderchainer.operations.twisted_internals import (
    bound_body,
    buffered_bytes,
    close_after_answer,
    leave_body_unparsed,
    say_going_away,
    time_out,
    write_now,
)

# Twisted lacks the newer statuses, and would call a 422 or a 429 an "Unknown Status".
for _status in HTTPStatus:
    http.RESPONSES.setdefault(_status.value, _status.phrase.encode())


# How long a client may take to send a whole request. Its answer may then take as long again.
MAX_RECEIVE_SECONDS = 120.0
# How long requests in flight may go on after the server is told to stop.
MAX_FINISH_SECONDS = 10.0
_LOOK_SECONDS = 0.05


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
    """Daphne's server, with bounded bodies and a graceful end.

    It also gives each WebSocket consumer a `SocketWriter` and reports a failed listen.
    """

    def __init__(
        self,
        *args: Any,
        max_body_bytes: Callable[[str, str], int] = max_body_bytes,
        max_receive_seconds: float = MAX_RECEIVE_SECONDS,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.failed_to_listen = ""
        self._max_body_bytes = max_body_bytes
        self._max_receive_seconds = max_receive_seconds
        self._listening: list[Any] = []
        self._is_stopping = False

    def protocol_connected(self, protocol: Any) -> None:
        """Register a new request or WebSocket. Leave a body to the application, but bound it."""
        if isinstance(protocol, WebRequest):
            leave_body_unparsed(protocol)
            bound_body(protocol, self._max_body_bytes)
        super().protocol_connected(protocol)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for one connection. The `scope` of a WebSocket gets a writer."""
        if self._is_stopping and isinstance(protocol, WebRequest):
            close_after_answer(protocol)
        if scope["type"] == "websocket":
            extensions = scope.setdefault("extensions", {})
            extensions[SOCKET_EXTENSION] = WebSocketWriter(protocol)
        return super().create_application(protocol, scope)

    def timeout_checker(self) -> None:
        """Drop requests that take too long to arrive. Daphne bounds only the time of the answer."""
        oldest = time.time() - self._max_receive_seconds
        for protocol, details in list(self.connections.items()):
            if (
                isinstance(protocol, WebRequest)
                and details["connected"] < oldest
                and "disconnected" not in details
                and not hasattr(protocol, "request_start")
            ):
                time_out(protocol)
        super().timeout_checker()

    def stop_soon(self) -> None:
        """Stop as on SIGTERM; may be called from any thread."""
        reactor.callFromThread(self.stop)

    def before_shutdown(self, call: Callable[[], None]) -> None:
        """Run `call` when the server is told to stop, before it closes its connections."""
        reactor.addSystemEventTrigger("before", "shutdown", call)  # type: ignore[arg-type]  # an interface without self

    def kill_all_applications(self) -> "Deferred[None]":
        """Finish what is in flight; daphne calls this when the server is told to stop.

        Close sockets with 1001 and take no more connections. After `MAX_FINISH_SECONDS`, cancel
        the applications that still run, as daphne would do at once.
        """
        return Deferred.fromFuture(asyncio.ensure_future(self._finish()))

    async def _finish(self) -> None:
        self._is_stopping = True
        for port in self._listening:
            port.stopListening()
        deadline = time.monotonic() + MAX_FINISH_SECONDS
        for protocol in self._open_connections():
            if isinstance(protocol, WebRequest):
                close_after_answer(protocol)
        while self._open_connections() and time.monotonic() < deadline:
            # Repeat this: a socket that was still in its handshake may be open by now.
            for protocol in self._open_connections():
                if isinstance(protocol, WebSocketProtocol):
                    say_going_away(protocol)
            await asyncio.sleep(_LOOK_SECONDS)
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        for application in running:
            application.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _open_connections(self) -> list[Any]:
        """Return the requests and WebSockets that are not over."""
        return [
            protocol
            for protocol, details in self.connections.items()
            if "disconnected" not in details
        ]

    def listen_success(self, port: Any) -> None:
        """Remember the port, to close it first when the server stops."""
        self._listening.append(port)
        super().listen_success(port)

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
