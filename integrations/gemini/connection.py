"""HTTP for Google's library: no redirects, and bounds on the time and the size of an answer."""

from collections.abc import Iterator
from time import monotonic

import httpx2

# How long connecting may take. No handshake needs more.
MAX_CONNECT_SECONDS = 5.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
# Where a request notes when its answer must be complete.
_ENDS_AT = "orderchainer_ends_at"


def bounded_client() -> httpx2.Client:
    """Return a client whose answers are bounded, by the timeout that each request has.

    A read timeout starts again with each byte, so an answer that drips in could hold a thread for
    hours. Here it also bounds the whole answer.
    """
    return httpx2.Client(
        follow_redirects=False,
        timeout=None,
        event_hooks={"request": [_bound_connecting], "response": [_bound_reading]},
    )


def _bound_connecting(request: httpx2.Request) -> None:
    timeouts = request.extensions.get("timeout", {})
    if bound := timeouts.get("read"):
        timeouts["connect"] = min(bound, MAX_CONNECT_SECONDS)
        request.extensions[_ENDS_AT] = monotonic() + bound


def _bound_reading(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.SyncByteStream)
    response.stream = _BoundedStream(response.stream, response.request)


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, request: httpx2.Request) -> None:
        self._stream = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        ends_at = self._request.extensions.get(_ENDS_AT)
        for part in self._stream:
            read += len(part)
            if read > MAX_ANSWER_BYTES:
                raise httpx2.ReadError("The answer is too long", request=self._request)
            if ends_at is not None and monotonic() > ends_at:
                raise httpx2.ReadTimeout("The answer takes too long", request=self._request)
            yield part

    def close(self) -> None:
        """Let go of the connection."""
        self._stream.close()
