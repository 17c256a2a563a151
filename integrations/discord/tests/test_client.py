"""One call to Discord and its outcome, over real HTTP to a strict emulator."""

import json
import logging
import socket
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


@pytest.mark.parametrize(
    ("headers", "body", "seconds", "is_global"),
    [
        (
            {"Retry-After": "65", "X-RateLimit-Scope": "user"},
            {"message": "You are being rate limited.", "retry_after": 64.57},
            64.57,
            False,
        ),
        ({"Retry-After": "65"}, {"retry_after": 0.5, "global": True}, 0.5, True),
        ({"Retry-After": "65"}, {"message": "slow down"}, 65, False),
        (
            {"X-RateLimit-Reset-After": "0.3", "Retry-After": "1"},
            {"code": 0},
            0.3,
            False,
        ),
        ({}, {"message": "slow down"}, 5, False),
        ({"Retry-After": "soon"}, {"retry_after": "later"}, 5, False),
        ({"Retry-After": "nan"}, {"retry_after": -1}, 5, False),
        ({"Retry-After": "inf"}, {"retry_after": None}, 86400, False),
        ({}, {"retry_after": True}, 5, False),
        ({}, {"retry_after": 10**30}, 86400, False),
    ],
)
def test_waits_as_long_as_discord_says(
    channel: Channel,
    headers: dict[str, str],
    body: dict[str, Any],
    seconds: float,
    is_global: bool,
) -> None:
    channel.go_wrong(kind="status", status=429, headers=headers, body=json.dumps(body))
    reply = post(channel)
    assert (reply.verdict, reply.wait_seconds, reply.is_global, reply.status) == (
        Verdict.THROTTLED,
        seconds,
        is_global,
        429,
    )


def test_reads_the_header_of_a_429_in_html(
    channel: Channel,
) -> None:
    channel.go_wrong(kind="html", status=429, headers={"Retry-After": "600"})
    reply = post(channel)
    assert (reply.verdict, reply.wait_seconds, reply.is_global) == (
        Verdict.THROTTLED,
        600,
        True,
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
        "Discord answered 400: Invalid Form Body "
        "(embeds.0.title: Must be 256 or fewer in length).",
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


def test_a_host_that_does_not_listen_is_unclear(
    channel: Channel, settings: Settings
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        settings.DISCORD_WEBHOOK_HOSTS = [host]
        reply = execute(
            parse_webhook_url(f"http://{host}{channel.webhook.path}"), MESSAGE
        )
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
