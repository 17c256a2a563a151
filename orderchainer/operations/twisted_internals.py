"""Everything that we use of Twisted and autobahn beyond their public interface, in one place.

Twisted has no public count of the bytes that wait in a transport, no public write that skips its
buffer, and daphne offers no way to configure how Twisted parses bodies.
`operations/tests/test_twisted_internals.py` fails if an upgrade changes one of these.
"""

from typing import Any


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

    It would do so on the event loop, although nobody reads the result, and answer a malformed form
    with an empty 400.
    """
    request._parsePOSTFormSubmission = False
