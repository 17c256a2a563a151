"""One HTTP call to Discord, bounded in time and size, and a verdict on the outcome.

A webhook's URL is its password. The HTTP library's exceptions and debug lines contain the URL, so
this module never passes them on. It describes every failure in its own words.
"""

import logging
import re
import socket
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from http import HTTPStatus
from threading import Lock, Thread, local
from typing import Any

import orjson
import requests
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

from integrations.connections import pools_of, session_of
from integrations.discord.webhook_url import WebhookAddress

USER_AGENT_VERSION = "1.0"
# For connecting to one address of the host; each address gets this long. No handshake needs more.
MAX_CONNECT_SECONDS = 3.0
MAX_REPLY_BYTES = 64 * 1024
CHUNK_BYTES = 8 * 1024
# The longest delay that we accept. If a host names a longer one, we ask again after this time.
MAX_WAIT_SECONDS = 60 * 60.0
# How long a call may take to end after we cut its connection.
MOMENT_SECONDS = 0.25
MAX_SAID_LENGTH = 300

TOO_MANY_REQUESTS = HTTPStatus.TOO_MANY_REQUESTS
# Refusals after which another try may succeed (RFC 9110, 15.5.9; RFC 8470).
PASSING_REFUSALS = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
}
# Discord no longer knows the webhook or its token. It asks clients to stop calling in this case.
LOST = {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}


class Verdict(Enum):
    """The outcome of a call, which decides what happens next."""

    ACCEPTED = "accepted"
    # Discord asked us to wait. `wait_seconds` says how long, or is None if Discord did not.
    THROTTLED = "throttled"
    # The webhook is gone: no call to it will work again.
    LOST = "lost"
    # Discord will never accept this message.
    REFUSED = "refused"
    # The call failed. The message may have arrived all the same, and another try may work.
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Reply:
    """The outcome of a call. None of its texts contains a secret."""

    verdict: Verdict
    # A sentence for people.
    summary: str
    # The HTTP status, if there was an answer.
    status: int | None = None
    # Discord's own error code and message, if it sent them.
    code: int | None = None
    message: str = ""
    # How long Discord wants no calls to this webhook. It can say so when it accepts a call, too.
    wait_seconds: float | None = None
    # Whether the wait applies to everything that we send to this host, not only to this webhook.
    is_for_host: bool = False
    # Whether no answer came in time.
    timed_out: bool = False


def execute(address: WebhookAddress, message: Mapping[str, Any]) -> Reply:
    """Post `message` to a webhook and return the outcome. A failed call raises nothing.

    Asks Discord to answer only when the message is saved; otherwise it would not report a failure.
    Takes at most `DISCORD_WEBHOOK_TIMEOUT` and a moment, even if the answer arrives byte by byte.
    """
    timeout: float = settings.DISCORD_WEBHOOK_TIMEOUT
    # A socket's timeout starts again with each byte, so it cannot bound a whole call. We run it in
    # a separate thread. When its time is over, we cut its connection, which ends the thread.
    line = _Line()
    outcome: Future[Reply] = Future()
    Thread(target=_run, args=(outcome, line, address, message), name="discord", daemon=True).start()
    try:
        return outcome.result(timeout)
    except TimeoutError:
        line.cut()
    try:
        # If the status had come and only the body was missing, the status counts.
        return outcome.result(MOMENT_SECONDS)
    except TimeoutError:
        return _too_late(timeout)


def _run(
    outcome: "Future[Reply]",
    line: "_Line",
    address: WebhookAddress,
    message: Mapping[str, Any],
) -> None:
    _this_thread.line = line
    try:
        outcome.set_result(_post(line, address, message))
    except BaseException as exc:  # noqa: BLE001 (the caller that waits gets it)
        outcome.set_exception(exc)


def _post(line: "_Line", address: WebhookAddress, message: Mapping[str, Any]) -> Reply:
    query = {"wait": "true"}
    if address.thread_id:
        query["thread_id"] = address.thread_id
    timeout = settings.DISCORD_WEBHOOK_TIMEOUT
    try:
        with (
            session_of(_POOLS) as session,
            session.post(
                address.endpoint,
                params=query,
                data=orjson.dumps(message),
                headers=_headers(),
                timeout=(min(timeout, MAX_CONNECT_SECONDS), timeout),
                # Never follow a redirect: an answer must not choose another address for us to call.
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if line.is_cut:
                # If the headers break off, the library treats them as complete.
                return _too_late(timeout)
            body = _read(response)
            return _judge(address, response.status_code, response.headers, body)
    except requests.ConnectTimeout:
        return _unclear("Discord could not be reached in time.", timed_out=True)
    except requests.Timeout:
        return _too_late(timeout)
    except requests.RequestException as exc:
        return _too_late(timeout) if line.is_cut else _failed(exc)


def _failed(exc: requests.RequestException) -> Reply:
    if isinstance(exc, requests.exceptions.SSLError):
        return _unclear("No secure connection to Discord could be made.")
    if isinstance(exc, requests.ConnectionError):
        return _unclear("Discord could not be reached, or closed the connection.")
    return _unclear(f"The call to Discord failed: {type(exc).__name__}.")


def _too_late(timeout: float) -> Reply:
    return _unclear(f"Discord did not answer within {timeout:g} seconds.", timed_out=True)


# --- A connection that can be cut -------------------------------------------------------------


class _Line:
    """The connections of one call. Another thread can cut them."""

    def __init__(self) -> None:
        self._connections: list[HTTPConnection] = []
        self._lock = Lock()
        self.is_cut = False

    def add(self, connection: HTTPConnection) -> None:
        """Remember a connection that is about to be made."""
        with self._lock:
            self._connections.append(connection)

    def cut(self) -> None:
        """End every read and write on the connections at once."""
        with self._lock:
            self.is_cut = True
            for connection in self._connections:
                if connection.sock is not None:
                    with suppress(OSError):
                        # The plain socket's method: that of a TLS socket would take away what the
                        # reading thread is using.
                        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


class _ThisThread(local):
    line: _Line | None = None


_this_thread = _ThisThread()


def _join_line(connection: HTTPConnection) -> None:
    if _this_thread.line is not None:
        _this_thread.line.add(connection)


def _leave_if_cut(connection: HTTPConnection) -> None:
    """Close a connection that was made too late, before anything is sent over it."""
    if _this_thread.line is not None and _this_thread.line.is_cut:
        connection.close()
        raise ConnectTimeoutError(connection, "The time for the call is over.")


class _Connection(HTTPConnection):
    def connect(self) -> None:
        _join_line(self)
        super().connect()
        _leave_if_cut(self)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        _join_line(self)
        super().connect()
        _leave_if_cut(self)


_POOLS = pools_of(_Connection, _SecureConnection)


# --- What we send and read --------------------------------------------------------------------


def _headers() -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        # The form that Discord asks for. The proxy in front of Discord may refuse any other.
        "User-Agent": f"DiscordBot ({settings.PUBLIC_URL}, {USER_AGENT_VERSION}) OrderChainer",
        "Accept": "application/json",
        # Without compression, the body cannot become larger than what we read.
        "Accept-Encoding": "identity",
    }


def _read(response: requests.Response) -> bytes:
    """Read the start of the answer. If it breaks off, return nothing: the status still counts."""
    body = b""
    try:
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) >= MAX_REPLY_BYTES:
                break
    except requests.RequestException:
        return b""
    return body


def _judge(address: WebhookAddress, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    data = _json_object(body)
    code, message = _error_in(data)
    message = _without_secrets(message, address)
    said = f"Discord answered {status}" + (f": {message}" if message else "") + "."

    def reply(verdict: Verdict) -> Reply:
        return Reply(verdict, said, status, code, message)

    if 200 <= status < 300:
        return Reply(
            Verdict.ACCEPTED,
            "Discord accepted the message.",
            status,
            wait_seconds=_rest_of_window(headers),
        )
    if status == TOO_MANY_REQUESTS:
        return replace(
            reply(Verdict.THROTTLED),
            wait_seconds=_wait_seconds(data, headers),
            is_for_host=_is_for_host(data, headers),
        )
    if status in LOST:
        return reply(Verdict.LOST)
    if status in PASSING_REFUSALS or status >= 500:
        return reply(Verdict.UNCLEAR)
    if status == HTTPStatus.FORBIDDEN and not data:
        # The proxy in front of Discord blocks us for a while. It says nothing about this webhook.
        return reply(Verdict.UNCLEAR)
    return reply(Verdict.REFUSED)


def _unclear(summary: str, *, timed_out: bool = False) -> Reply:
    return Reply(Verdict.UNCLEAR, summary, timed_out=timed_out)


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}


def _error_in(data: Mapping[str, Any]) -> tuple[int | None, str]:
    """Return Discord's code and message. If fields are wrong, name the first one and its path."""
    code = data.get("code")
    message = data.get("message")
    words = message if isinstance(message, str) else ""
    detail = _first_detail(data.get("errors"), [])
    if detail:
        words = f"{words} ({detail})" if words else detail
    return code if isinstance(code, int) else None, words


def _first_detail(errors: Any, place: list[str]) -> str:
    if not isinstance(errors, dict) or len(place) > 10:
        return ""
    for key, value in errors.items():
        if key == "_errors" and isinstance(value, list) and value:
            first = value[0]
            words = str(first.get("message") if isinstance(first, dict) else first)
            return ": ".join(filter(None, [".".join(place), words.rstrip(".")]))
        detail = _first_detail(value, [*place, str(key)])
        if detail:
            return detail
    return ""


def _without_secrets(text: str, address: WebhookAddress) -> str:
    """Return `text` fit to keep and show: without the token, on one line and shortened."""
    text = " ".join(text.replace(address.token, "…").split()).rstrip(".")
    text = "".join(character for character in text if character.isprintable())
    return text if len(text) <= MAX_SAID_LENGTH else text[: MAX_SAID_LENGTH - 1] + "…"


def _is_for_host(data: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Tell whether a 429 counts for everything that we send to its host.

    The headers decide, and the body if they are silent. A 429 with neither comes from the proxy in
    front of Discord, which blocks our IP address as a whole.
    """
    scope = headers.get("X-RateLimit-Scope", "").strip().lower()
    if headers.get("X-RateLimit-Global", "").strip().lower() == "true":
        return True
    if scope:
        return scope == "global"
    if data:
        return data.get("global") is True
    return not any(name.lower().startswith("x-ratelimit-") for name in headers)


def _wait_seconds(data: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """Return the delay that a 429 asks for, or None if it names none.

    The body is more precise, but the proxy in front of Discord sends only the header.
    """
    for value in (
        data.get("retry_after"),
        headers.get("X-RateLimit-Reset-After"),
        headers.get("Retry-After"),
    ):
        seconds = _seconds(value)
        if seconds is not None:
            return seconds
    return None


def _rest_of_window(headers: Mapping[str, str]) -> float | None:
    """Return how long the rate limit is used up after an accepted call, or None if it is not."""
    if headers.get("X-RateLimit-Remaining") != "0":
        return None
    return _seconds(headers.get("X-RateLimit-Reset-After"))


def _seconds(value: object) -> float | None:
    """Read a delay, at most an hour. The comparison also refuses NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return min(seconds, MAX_WAIT_SECONDS) if seconds >= 0 else None


class WebhookTokenFilter(logging.Filter):
    """Remove webhook tokens from the HTTP library's log lines."""

    _token = re.compile(r"(/webhooks/[0-9]+/)[A-Za-z0-9._-]+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record and always keep it."""
        record.msg, record.args = self._token.sub(r"\1…", record.getMessage()), ()
        return True


# At DEBUG, urllib3 logs the path of every request.
logging.getLogger("urllib3.connectionpool").addFilter(WebhookTokenFilter())
