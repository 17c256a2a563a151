"""Everything that we use of Twisted and autobahn beyond their public interface, in one place.

Twisted has no public count of the bytes that wait in a transport, no public write that skips its
buffer, and no bound on a body. Daphne offers no way to configure how Twisted parses bodies, and
autobahn lets no application close a socket with 1001.
`operations/tests/test_twisted_internals.py` fails if an upgrade changes one of these.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

# After a refusal we go on reading what the client sends, for this long, and drop it. If we closed
# at once, the kernel would reset the connection and the client might never read the answer.
LINGER_SECONDS = 10.0


def buffered_bytes(transport: Any) -> int:
    """Return how many bytes were written to a TCP transport and the kernel has not taken yet."""
    partly_sent: int = len(transport.dataBuffer) - transport.offset
    queued: int = transport._tempDataLen
    return partly_sent + queued


def write_now(transport: Any, data: bytes) -> None:
    """Write to a TCP transport whose buffer is empty: hand `data` to the kernel at once, buffer the
    rest.

    Through the buffer, each frame would cost a turn of the reactor and two more system calls.
    """
    sent = transport.writeSomeData(data)
    if not isinstance(sent, int):
        # The connection broke. The buffered write below meets the same error and closes it
        # properly.
        sent = 0
    if sent < len(data):
        transport.write(data[sent:])


def leave_body_unparsed(request: Any) -> None:
    """Keep Twisted from parsing the form in a request's body.

    It would do so on the event loop, although we do not use the result, and answer a malformed form
    with an empty 400.
    """
    request._parsePOSTFormSubmission = False


def bound_body(request: Any, limit_of: Callable[[str, str], int]) -> None:
    """Limit the body of a new `request` to the bytes that `limit_of` allows.

    `limit_of` gets the request's path and its content type.

    Twisted would write the whole body to a file and only then start the application. Here the
    application starts at once: with no body if its declared length is too large, or with one byte
    more than the limit if a chunked body grows too large. Both tell the application to refuse it.
    The connection takes no further request and closes after the answer.
    """
    take_length, take_bytes = request.gotLength, request.handleContentChunk

    def got_length(length: int | None) -> None:
        take_length(length)
        if length is not None and length > limit():
            _refuse_what_follows(request)
            # The channel then starts the application without waiting for the body.
            request.channel.length = 0

    def got_bytes(data: bytes) -> None:
        room = limit() + 1 - request.content.tell()
        take_bytes(data[:room])
        if len(data) < room:
            return
        channel = request.channel
        decoder = channel._transferDecoder
        # After this call the decoder goes on with its buffer and its callback: neutralise both.
        decoder._buffer = bytearray()
        decoder.finishCallback = lambda _: None
        _refuse_what_follows(request)
        channel.allContentReceived()

    def limit() -> int:
        values = request.requestHeaders.getRawHeaders(b"content-type", [])
        # The request itself learns its path only with the whole body.
        path = request.channel._path.partition(b"?")[0]
        return limit_of(unquote(path.decode("latin-1")), b",".join(values).decode("latin-1"))

    request.gotLength, request.handleContentChunk = got_length, got_bytes


def _refuse_what_follows(request: Any) -> None:
    """Drop everything that the client still sends, and close the connection after the answer."""
    channel = request.channel
    request.requestHeaders.removeHeader(b"expect")
    # A WebSocket's handshake has no body, so this request is not one.
    request.requestHeaders.removeHeader(b"upgrade")
    close_after_answer(request)
    channel.dataReceived = lambda _: None
    channel.rawDataReceived = lambda _: None
    channel.loseConnection = lambda: _linger(channel)


def _linger(channel: Any) -> None:
    channel._networkProducer.unregisterProducer()
    transport = channel.transport
    transport.resumeProducing()
    transport.loseWriteConnection()
    closing = channel.callLater(LINGER_SECONDS, transport.abortConnection)
    lost = channel.connectionLost

    def connection_lost(reason: Any) -> None:
        if closing.active():
            closing.cancel()
        lost(reason)

    channel.connectionLost = connection_lost


def close_after_answer(request: Any) -> None:
    """Take no further request on the connection of `request`, and tell the client so."""
    request.channel.persistent = False
    if not request.startedWriting:
        request.responseHeaders.setRawHeaders(b"connection", [b"close"])


def time_out(request: Any) -> None:
    """Answer a request that has not arrived completely with a 408, and close the connection."""
    transport = request.channel.transport
    transport.write(
        b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    request.channel.loseConnection()


def say_going_away(socket: Any) -> None:
    """Start to close an open WebSocket with 1001: the server goes down."""
    if socket.state == socket.STATE_OPEN:
        socket.sendCloseFrame(code=1001)
