"""The internals of Twisted, autobahn and daphne that we use still exist."""

import inspect
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from autobahn.twisted.websocket import WebSocketServerProtocol
from daphne.server import Server
from twisted.internet.tcp import Connection
from twisted.web.http import HTTPChannel, Request, _ChunkedTransferDecoder

from orderchainer.operations.twisted_internals import buffered_bytes, write_now


class Reactor:
    """A reactor that watches nothing, so that written data stays in the transport's buffer."""

    def addWriter(self, transport: Any) -> None:
        """Ignore the request to write later."""


@pytest.fixture
def transport() -> Iterator[Any]:
    """Twisted's TCP transport over one end of a socket pair; nothing reads the other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        connection: Any = Connection(ours, cast(Any, None), cast(Any, Reactor()))
        connection.connected = True
        yield connection


def test_counts_all_bytes_that_the_kernel_has_not_taken(transport: Any) -> None:
    transport.write(b"x" * 1000)
    assert buffered_bytes(transport) == 1000

    # Larger than the socket's buffer: Twisted moves it to the buffer that it sends from.
    transport.write(b"x" * 10_000_000)
    transport.doWrite()

    assert 0 < buffered_bytes(transport) < 10_001_000
    assert len(transport.dataBuffer) > 0


def test_writes_to_the_kernel_at_once_and_buffers_the_rest(
    transport: Any,
) -> None:
    write_now(transport, b"x" * 1000)
    assert buffered_bytes(transport) == 0

    write_now(transport, b"x" * 10_000_000)
    assert 0 < buffered_bytes(transport) < 10_000_000


def test_twisted_asks_each_request_whether_to_parse_its_form() -> None:
    # `test_a_body_reaches_the_application_as_it_came` shows that it works. If it stops working,
    # this test names the reason.
    assert "self._parsePOSTFormSubmission" in inspect.getsource(Request)


def test_twisted_has_the_hooks_that_bound_a_body() -> None:
    # `test_bodies.py` shows that it works. If it stops working, this test names the reason.
    channel = inspect.getsource(HTTPChannel)

    for name in (
        "self.allHeadersReceived()\n            if self.length == 0:",
        "req.gotLength(self.length)",
        "self.requests[-1].handleContentChunk",
        "def allContentReceived",
        "self._networkProducer",
        "self._path = request",
        "self.persistent",
    ):
        assert name in channel
    for name in ("self._buffer", "self.finishCallback", "while goOn and self._buffer"):
        assert name in inspect.getsource(_ChunkedTransferDecoder)


def test_autobahn_and_daphne_have_what_the_writer_needs() -> None:
    source = "".join(map(inspect.getsource, WebSocketServerProtocol.__mro__[:-1]))

    for name in (
        "STATE_OPEN",
        "self.state",
        "self.send_queue",
        "def sendData",
        "def sendCloseFrame",
    ):
        assert name in source
    for hook in (
        *("protocol_connected", "create_application", "listen_error"),
        *("listen_success", "kill_all_applications", "timeout_checker"),
    ):
        assert callable(getattr(Server, hook))
