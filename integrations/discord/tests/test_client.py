"""One call to Discord and its outcome, over real HTTP to a strict emulator."""

import itertools
import json
import logging
import socket
import threading
import time
from typing import Any

import pytest
from pytest_django import Settings

from integrations.discord.client import Reply, Verdict, execute
from integrations.discord.tests.channel import Channel
from integrations.discord.webhook_url import parse_webhook_url

MESSAGE = {
    "username": "OrderChainer",
    "embeds": [{"title": "Hello"}],
    "allowed_mentions": {"parse": []},
}


def post(channel: Channel, message: dict[str, Any] = MESSAGE) -> Reply:
    return execute(parse_webhook_url(channel.url), message)


# --- Accepted ---------------------------------------------------------------------------------


def test_posts_and_waits_until_the_message_is_saved(channel: Channel) -> None:
    reply = post(channel)

    assert reply == Reply(Verdict.ACCEPTED, "Discord accepted the message.", 200)
    (message,) = channel.messages
    assert message["author"]["username"] == "OrderChainer"
    assert message["embeds"] == [{"type": "rich", "title": "Hello"}]
    (call,) = channel.calls
    assert call.path == f"/api/v10/webhooks/{channel.webhook.id}/{channel.token}"
    assert call.query == {"wait": ["true"]}
    assert call.headers["content-type"] == "application/json"
    assert call.headers["user-agent"].startswith("DiscordBot (http")


def test_posts_into_a_thread(channel: Channel) -> None:
    channel.webhook.threads.append("42")
    address = parse_webhook_url(f"{channel.url}?thread_id=42")
    assert execute(address, MESSAGE).verdict is Verdict.ACCEPTED
    assert channel.messages[0]["channel_id"] == "42"


def test_accepts_an_answer_without_a_body(channel: Channel) -> None:
    channel.go_wrong(kind="status", status=204)
    assert post(channel).verdict is Verdict.ACCEPTED


def test_the_status_counts_even_if_the_body_is_lost(channel: Channel) -> None:
    channel.go_wrong(kind="truncate")
    assert post(channel).verdict is Verdict.ACCEPTED
    assert len(channel.messages) == 1


def test_reports_that_the_limit_is_used_up(channel: Channel) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.25"}
    channel.go_wrong(kind="status", status=200, headers=headers, body="{}")
    reply = post(channel)
    assert (reply.verdict, reply.wait_seconds) == (Verdict.ACCEPTED, 1.25)


# --- Throttled --------------------------------------------------------------------------------


USER = {"X-RateLimit-Scope": "user"}


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "65", **USER}, {"retry_after": 64.57}, 64.57),
        ({"Retry-After": "65"}, {"message": "slow down"}, 65),
        ({"X-RateLimit-Reset-After": "0.3", "Retry-After": "1"}, {"code": 0}, 0.3),
        ({}, {"message": "slow down"}, None),
        ({"Retry-After": "soon"}, {"retry_after": "later"}, None),
        ({"Retry-After": "nan"}, {"retry_after": -1}, None),
        ({"Retry-After": "inf"}, {"retry_after": None}, 3600),
        ({}, {"retry_after": True}, None),
        ({}, {"retry_after": 10**30}, 3600),
        ({"Retry-After": "86400"}, {"message": "tomorrow"}, 3600),
    ],
)
def test_waits_as_long_as_discord_says_and_never_longer_than_an_hour(
    channel: Channel,
    headers: dict[str, str],
    body: dict[str, Any],
    seconds: float | None,
) -> None:
    channel.go_wrong(kind="status", status=429, headers=headers, body=json.dumps(body))

    reply = post(channel)

    assert (reply.verdict, reply.wait_seconds, reply.status) == (
        Verdict.THROTTLED,
        seconds,
        429,
    )


@pytest.mark.parametrize(
    ("headers", "body", "is_for_host"),
    [
        (USER, {"retry_after": 1}, False),
        ({"X-RateLimit-Scope": "shared"}, {"retry_after": 1}, False),
        ({"X-RateLimit-Scope": "global"}, {"retry_after": 1}, True),
        ({"X-RateLimit-Global": "true"}, {"retry_after": 1}, True),
        ({"X-RateLimit-Global": "true", **USER}, {"retry_after": 1}, True),
        # The headers decide.
        (USER, {"retry_after": 1, "global": True}, False),
        (USER, None, False),
        ({"X-RateLimit-Reset-After": "1"}, None, False),
        ({}, {"retry_after": 1, "global": True}, True),
        ({}, {"retry_after": 1, "global": False}, False),
        ({}, {"retry_after": 1}, False),
        # The proxy in front of Discord blocks our address.
        ({}, None, True),
        ({"Retry-After": "600"}, None, True),
    ],
)
def test_a_429_counts_for_the_scope_that_its_headers_name(
    channel: Channel,
    headers: dict[str, str],
    body: dict[str, Any] | None,
    is_for_host: bool,
) -> None:
    text = "" if body is None else json.dumps(body)
    channel.go_wrong(kind="status", status=429, headers=headers, body=text)

    assert post(channel).is_for_host is is_for_host


@pytest.mark.parametrize(
    ("scope", "is_for_host"),
    [("user", False), ("shared", False), ("global", True), ("cloudflare", True)],
)
def test_reads_each_429_of_the_emulator(channel: Channel, scope: str, is_for_host: bool) -> None:
    channel.throttle(scope, seconds=7)

    reply = post(channel)

    assert (reply.verdict, reply.wait_seconds, reply.is_for_host) == (
        Verdict.THROTTLED,
        7,
        is_for_host,
    )


# --- Refused ----------------------------------------------------------------------------------


def test_a_deleted_webhook_is_lost(channel: Channel) -> None:
    channel.delete()
    assert post(channel) == Reply(
        Verdict.LOST,
        "Discord answered 404: Unknown Webhook.",
        404,
        10015,
        "Unknown Webhook",
    )


def test_a_wrong_token_is_lost(channel: Channel) -> None:
    address = parse_webhook_url(channel.url[:-1] + "-")
    assert execute(address, MESSAGE) == Reply(
        Verdict.LOST,
        "Discord answered 401: Invalid Webhook Token.",
        401,
        50027,
        "Invalid Webhook Token",
    )


def test_the_refusal_of_an_invalid_message_names_the_field(
    channel: Channel,
) -> None:
    reply = post(channel, {"embeds": [{"title": "x" * 257}]})
    assert reply == Reply(
        Verdict.REFUSED,
        "Discord answered 400: Invalid Form Body (embeds.0.title: Must be 256 or fewer in length).",
        400,
        50035,
        "Invalid Form Body (embeds.0.title: Must be 256 or fewer in length)",
    )
    assert channel.messages == []


def test_an_empty_message_is_refused(channel: Channel) -> None:
    reply = post(channel, {"username": "x"})
    assert (reply.verdict, reply.code) == (Verdict.REFUSED, 50006)


def test_a_403_is_final_with_json_and_temporary_with_html(
    channel: Channel,
) -> None:
    body = json.dumps({"code": 50013, "message": "Missing Permissions"})
    channel.go_wrong(kind="status", status=403, body=body)
    assert post(channel).verdict is Verdict.REFUSED
    channel.go_wrong(kind="html", status=403)
    assert post(channel).verdict is Verdict.UNCLEAR


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_follows_no_redirect(channel: Channel, status: int) -> None:
    target = f"http://{channel.sandbox.host}/api/v10/elsewhere"
    channel.go_wrong(kind="status", status=status, headers={"Location": target})
    assert post(channel).verdict is Verdict.REFUSED
    assert len(channel.calls) == 1


# --- Unclear ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504, 522])
def test_temporary_failures_are_tried_again(channel: Channel, status: int) -> None:
    channel.go_wrong(kind="html", status=status)
    reply = post(channel)
    assert reply == Reply(Verdict.UNCLEAR, f"Discord answered {status}.", status)


def test_stops_waiting_after_the_timeout(channel: Channel, settings: Settings) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.2
    channel.go_wrong(kind="hang")
    started = time.monotonic()
    reply = post(channel)
    assert reply == Reply(
        Verdict.UNCLEAR, "Discord did not answer within 0.2 seconds.", timed_out=True
    )
    assert time.monotonic() - started < 2


# --- A server that drips -----------------------------------------------------------------------


class Dripping:
    """A server that sends `opening` at once, and then one byte of `rest` at a time, for ever."""

    def __init__(self, opening: bytes, rest: bytes, seconds: float = 0.05) -> None:
        self._opening, self._rest, self._seconds = opening, rest, seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_hung_up = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            try:
                connection.sendall(self._opening)
                for byte in itertools.cycle(self._rest):
                    connection.sendall(bytes([byte]))
                    time.sleep(self._seconds)
            except OSError:
                self.is_hung_up.set()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("opening", "rest", "verdict"),
    [
        (b"", b"HTTP/1.1 200 OK", Verdict.UNCLEAR),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", Verdict.UNCLEAR),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"b", Verdict.UNCLEAR),
        # The status has come, and it counts.
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
            b"x",
            Verdict.ACCEPTED,
        ),
    ],
)
def test_a_call_ends_in_time_however_slowly_the_answer_drips(
    scheme: str, opening: bytes, rest: bytes, verdict: Verdict, settings: Settings
) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.4
    server = Dripping(opening, rest)
    settings.DISCORD_WEBHOOK_HOSTS = [server.host]
    settings.DISCORD_API_BASE = ""
    address = parse_webhook_url(f"{scheme}://{server.host}/api/webhooks/1/t0ken")
    started = time.monotonic()

    reply = execute(address, MESSAGE)

    assert time.monotonic() - started < 1
    if scheme == "http":
        assert reply.verdict is verdict
        assert reply.timed_out is (verdict is Verdict.UNCLEAR)
    else:
        # The server's bytes are not a TLS handshake.
        assert reply.verdict is Verdict.UNCLEAR
    # The connection is closed, so that no thread is left reading from it.
    assert server.is_hung_up.wait(2)


def test_a_handshake_that_drips_ends_in_time(settings: Settings) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.4
    # The head of a TLS record of 16 KiB, byte by byte.
    server = Dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03")
    settings.DISCORD_WEBHOOK_HOSTS = [server.host]
    address = parse_webhook_url(f"https://{server.host}/api/webhooks/1/t0ken")
    started = time.monotonic()

    reply = execute(address, MESSAGE)

    assert time.monotonic() - started < 1
    assert (reply.verdict, reply.timed_out) == (Verdict.UNCLEAR, True)
    assert server.is_hung_up.wait(2)


def test_a_slow_answer_within_the_timeout_counts(channel: Channel) -> None:
    channel.go_wrong(kind="delay", seconds=0.2)
    assert post(channel).verdict is Verdict.ACCEPTED


def test_a_message_that_is_stored_without_an_answer_is_unclear(
    channel: Channel, settings: Settings
) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.2
    channel.go_wrong(kind="store_then_hang")
    assert post(channel).verdict is Verdict.UNCLEAR
    assert len(channel.messages) == 1


def test_a_connection_that_closes_before_the_answer_is_unclear(
    channel: Channel,
) -> None:
    channel.go_wrong(kind="close")
    assert post(channel) == Reply(
        Verdict.UNCLEAR, "Discord could not be reached, or closed the connection."
    )


def test_a_host_that_does_not_listen_is_unclear(channel: Channel, settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        settings.DISCORD_WEBHOOK_HOSTS = [host]
        reply = execute(parse_webhook_url(f"http://{host}{channel.webhook.path}"), MESSAGE)
    assert reply.verdict is Verdict.UNCLEAR


def test_https_to_a_host_without_tls_is_unclear(channel: Channel) -> None:
    address = parse_webhook_url(channel.url.replace("http://", "https://"))
    reply = execute(address, MESSAGE)
    assert (reply.verdict, reply.summary) == (
        Verdict.UNCLEAR,
        "No secure connection to Discord could be made.",
    )


def test_an_endless_answer_is_read_up_to_a_bound(channel: Channel) -> None:
    body = json.dumps({"message": "x" * 5_000_000})
    channel.go_wrong(kind="status", status=400, body=body)
    reply = post(channel)
    assert reply == Reply(Verdict.REFUSED, "Discord answered 400.", 400)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        '"text"',
        '{"code": "x", "message": 7}',
        '{"errors": []}',
        '{"errors": {"a": {"_errors": []}}}',
        "[" * 10_000,
        '{"a":' * 10_000,
    ],
)
def test_answers_in_any_shape_are_read(channel: Channel, body: str) -> None:
    channel.go_wrong(kind="status", status=400, body=body)
    reply = post(channel)
    assert reply == Reply(Verdict.REFUSED, "Discord answered 400.", 400)


# --- Secrets ----------------------------------------------------------------------------------


def test_never_reveals_the_token(
    channel: Channel, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.2
    echo = json.dumps({"message": f"cannot POST {channel.url}\nbye", "code": 1})
    channel.go_wrong(kind="status", status=400, body=echo)
    channel.go_wrong(kind="hang")
    channel.go_wrong(kind="close")
    channel.go_wrong(kind="html", status=500)
    with caplog.at_level(logging.DEBUG, logger="urllib3"):
        replies = [post(channel) for _ in range(5)]

    assert [reply.status for reply in replies] == [400, None, None, 500, 200]
    assert channel.token not in repr(replies)
    assert "cannot POST" in replies[0].summary
    assert "\n" not in replies[0].summary
    # The HTTP library does log paths, which is why we have the filter.
    assert f"/webhooks/{channel.webhook.id}/…" in caplog.text
    assert channel.token not in caplog.text
