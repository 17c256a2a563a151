"""One HTTP call whose time is bounded, from connecting to the last byte. Knows no provider.

A socket's timeout starts again with each byte, so an answer that drips in could hold a worker for
hours. Here an answer must be complete before the timeout has passed once.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse
from socket import socket
from ssl import SSLCertVerificationError
from time import monotonic
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as SomeTimeout

from integrations.connections import pools_of, session_of

# How long connecting may take, for each address of the host. No handshake needs more.
MAX_CONNECT_SECONDS = 5.0
CHUNK_BYTES = 64 * 1024


class CallFailed(Exception):
    """There is no answer, or only a part of one. The other side may have acted all the same.

    The message is the end of a sentence that begins with the name of the other side.
    """


class TooLate(CallFailed):
    """The answer did not come in time."""


class NotConnected(CallFailed):
    """No connection came about, so nothing was sent."""


@contextmanager
def call(
    method: str,
    url: str,
    *,
    timeout: float,
    headers: Mapping[str, str],
    data: bytes | None = None,
    bounds_whole: bool = True,
) -> Iterator[requests.Response]:
    """Make a call and yield its answer. Read the body with `parts_of`, inside the block.

    Raises `CallFailed`, also while the answer is read. Without `bounds_whole`, the timeout counts
    for each part of the answer.
    """
    try:
        with (
            session_of(_POOLS) if bounds_whole else requests.Session() as session,
            session.request(
                method,
                url,
                data=data,
                # Without compression, the body cannot become larger than what we read.
                headers={"Accept-Encoding": "identity", **headers},
                timeout=(min(timeout, MAX_CONNECT_SECONDS), timeout),
                # Never follow a redirect: what we send would go along to wherever it leads.
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            yield response
    except requests.ConnectTimeout as exc:
        raise NotConnected("could not be reached in time") from exc
    except (requests.Timeout, SomeTimeout) as exc:
        raise TooLate(f"did not answer within {timeout:g} seconds") from exc
    except requests.exceptions.SSLError as exc:
        failed = NotConnected if _is_unverified(exc) else CallFailed
        raise failed("offered no secure connection") from exc
    except (requests.ConnectionError, HTTPError) as exc:
        if _never_connected(exc):
            raise NotConnected("could not be reached") from exc
        raise CallFailed("could not be reached, or closed the connection") from exc
    except requests.RequestException as exc:
        raise CallFailed(f"could not be called: {type(exc).__name__}") from exc


def _never_connected(exc: Exception) -> bool:
    """Tell whether the host is unknown, or refused the connection."""
    return isinstance(_reason_of(exc), NewConnectionError)


def _is_unverified(exc: Exception) -> bool:
    """Tell whether we refused the host's certificate. That is before anything is sent."""
    reason = _reason_of(exc)
    causes = reason.args if isinstance(reason, HTTPError) else ()
    return any(isinstance(cause, SSLCertVerificationError) for cause in causes)


def _reason_of(exc: Exception) -> object:
    cause = exc.args[0] if exc.args else None
    return getattr(cause, "reason", cause)


def parts_of(response: requests.Response) -> Iterator[bytes]:
    """Read the body in parts, as they come."""
    # `read1` waits for the next packet; `read` would wait until a part is full.
    while part := response.raw.read1(CHUNK_BYTES, decode_content=False):
        yield part


# --- Answers with a bound ---------------------------------------------------------------------


class _TimedReader(io.RawIOBase):
    """Reads from a socket. The socket's timeout bounds all reads together, not each of them."""

    def __init__(self, sock: socket, raw: io.RawIOBase) -> None:
        self._socket = sock
        self._raw = raw
        self._ends_at = monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for as long as is left."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


_POOLS = pools_of(_Connection, _SecureConnection)
