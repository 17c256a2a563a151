"""The emulator itself: its rules, its faults, and the command that starts it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.discord.tests.channel import Channel
from integrations.sandbox.discord import Bucket

ROOT = Path(__file__).resolve().parents[3]
HEADERS = {"User-Agent": "DiscordBot (http://localhost:8000, 1.0)"}


def call(
    channel: Channel,
    body: Any,
    *,
    method: str = "POST",
    path: str = "",
    query: str = "",
    headers: dict[str, str] | None = None,
) -> requests.Response:
    """Call the webhook as Discord's documentation says."""
    url = channel.url.replace("/api/", "/api/v10/") + path + query
    return requests.request(
        method, url, json=body, headers={**HEADERS, **(headers or {})}, timeout=5
    )


def test_waits_only_when_asked_to(channel: Channel) -> None:
    assert call(channel, {"content": "a"}).status_code == 204
    answer = call(channel, {"content": "b"}, query="?wait=true")
    assert answer.status_code == 200
    assert answer.json()["content"] == "b"
    assert [message["content"] for message in channel.messages] == ["a", "b"]


def test_shows_the_webhook(channel: Channel) -> None:
    answer = call(channel, None, method="GET")
    assert answer.status_code == 200
    assert answer.json()["id"] == channel.webhook.id
    assert answer.json()["application_id"] is None


def test_edits_a_message(channel: Channel) -> None:
    made = call(channel, {"content": "a"}, query="?wait=true").json()
    path = f"/messages/{made['id']}"
    edited = call(channel, {"content": "b"}, method="PATCH", path=path)
    assert edited.json()["content"] == "b"
    missing = call(channel, {"content": "b"}, method="PATCH", path="/messages/1")
    assert (missing.status_code, missing.json()["code"]) == (404, 10008)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"content": "x" * 2001}, ["content"]),
        ({"username": ""}, ["username"]),
        ({"username": "x" * 81}, ["username"]),
        ({"username": "Clyde"}, ["username"]),
        ({"avatar_url": "nowhere"}, ["avatar_url"]),
        ({"colour": 1}, ["colour"]),
        ({"allowed_mentions": {"everyone": True}}, ["allowed_mentions"]),
        ({"embeds": [{}] * 11}, ["embeds"]),
        ({"embeds": [7]}, ["embeds", "0"]),
        ({"embeds": [{"title": "x" * 257}]}, ["embeds", "0", "title"]),
        ({"embeds": [{"title": "😀" * 129}]}, ["embeds", "0", "title"]),
        ({"embeds": [{"title": 7}]}, ["embeds", "0", "title"]),
        ({"embeds": [{"description": "x" * 4097}]}, ["embeds", "0", "description"]),
        ({"embeds": [{"color": 0x1000000}]}, ["embeds", "0", "color"]),
        ({"embeds": [{"url": "nowhere"}]}, ["embeds", "0", "url"]),
        ({"embeds": [{"timestamp": "today"}]}, ["embeds", "0", "timestamp"]),
        ({"embeds": [{"timestamp": "2026-11-20"}]}, ["embeds", "0", "timestamp"]),
        ({"embeds": [{"footer": {"text": "x" * 2049}}]}, ["embeds", "0", "footer"]),
        ({"embeds": [{"footer": "x"}]}, ["embeds", "0", "footer"]),
        ({"embeds": [{"fields": [{"name": "x"}]}]}, ["embeds", "0", "fields", "0"]),
        (
            {"embeds": [{"fields": [{"name": " ", "value": "x"}]}]},
            ["embeds", "0", "fields", "0", "name"],
        ),
        (
            {"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]},
            ["embeds", "0", "fields", "0", "value"],
        ),
        (
            {"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]},
            ["embeds", "0", "fields"],
        ),
        ({"embeds": [{"description": "x" * 4000}] * 2}, ["embeds"]),
    ],
)
def test_refuses_what_discord_refuses(
    channel: Channel, body: dict[str, Any], place: list[str]
) -> None:
    answer = call(channel, body, query="?wait=true")
    assert answer.status_code == 400
    assert answer.json()["code"] == 50035
    errors = answer.json()["errors"]
    for step in place:
        errors = errors[step]
    assert channel.messages == []


def test_refuses_calls_that_discord_refuses(channel: Channel) -> None:
    def code(answer: requests.Response) -> tuple[int, int]:
        return answer.status_code, answer.json()["code"]

    message = {"content": "a"}
    assert code(call(channel, {})) == (400, 50006)
    assert code(call(channel, message, query="?wit=true")) == (400, 50035)
    assert code(call(channel, message, query="?thread_id=9")) == (404, 10003)
    assert code(call(channel, message, headers={"User-Agent": "curl"})) == (403, 40333)
    plain = {"Content-Type": "text/plain"}
    assert code(call(channel, message, headers=plain)) == (400, 50109)
    assert code(call(channel, [])) == (400, 50035)
    unversioned = requests.post(channel.url, json=message, headers=HEADERS, timeout=5)
    assert unversioned.status_code == 404
    channel.delete()
    assert code(call(channel, message)) == (404, 10015)
    assert channel.discord.calls_to_unknown == 1


def test_limits_the_rate_of_a_webhook(channel: Channel) -> None:
    now = [100.0]
    channel.discord.bucket = Bucket(limit=2, seconds=3)
    channel.discord.clock = lambda: now[0]
    first, second, third = (call(channel, {"content": "a"}) for _ in range(3))
    assert first.headers["X-RateLimit-Remaining"] == "1"
    assert second.headers["X-RateLimit-Remaining"] == "0"
    assert second.headers["X-RateLimit-Reset-After"] == "3.000"
    assert third.status_code == 429
    assert third.json()["retry_after"] == 3.0
    assert third.headers["Retry-After"] == "4"
    now[0] += 3
    assert call(channel, {"content": "a"}).status_code == 204


def test_is_controlled_over_http(channel: Channel) -> None:
    control = f"http://{channel.sandbox.host}/_control"

    made = requests.post(f"{control}/discord/webhooks", json={"threads": ["7"]}, timeout=5)
    assert made.status_code == 201
    path = made.json()["path"].replace("/api/", "/api/v10/")
    fault = {"kind": "status", "status": 503, "match": made.json()["id"]}
    assert requests.post(f"{control}/faults", json=fault, timeout=5).status_code == 204

    assert call(channel, {"content": "a"}).status_code == 204
    url = f"http://{channel.sandbox.host}{path}"
    body = {"content": "b"}
    statuses = [
        requests.post(url, json=body, headers=HEADERS, timeout=5).status_code for _ in range(2)
    ]
    assert statuses == [503, 204]

    seen = requests.get(f"{control}/requests", timeout=5).json()
    assert [request["path"] for request in seen][1:] == [path, path]
    assert seen[1]["body"] == '{"content": "b"}'
    messages = requests.get(f"{control}/discord/messages", timeout=5).json()
    assert [message["content"] for message in messages] == ["a", "b"]

    gone = f"{control}/discord/webhooks/{made.json()['id']}"
    assert requests.delete(gone, timeout=5).status_code == 204
    assert requests.delete(gone, timeout=5).status_code == 400
    wrong = {"kind": "explode"}
    assert requests.post(f"{control}/faults", json=wrong, timeout=5).status_code == 400
    assert requests.get(f"{control}/nowhere", timeout=5).status_code == 404
    assert requests.post(f"{control}/reset", timeout=5).status_code == 204
    assert requests.get(f"{control}/requests", timeout=5).json() == []


def test_shows_the_channel_as_a_page_without_scripts(channel: Channel) -> None:
    page = f"http://{channel.sandbox.host}/_control/discord/"
    assert "Nothing has been posted yet" in requests.get(page, timeout=5).text
    embed = {
        "title": "<script>alert(1)</script>",
        "url": 'https://example.com/?a=1&b="><script>',
        "description": "**\\*bold\\*** \\<b>",
        "color": 255,
        "fields": [{"name": "Order", "value": "#1"}],
    }
    assert call(channel, {"embeds": [embed]}).status_code == 204
    text = requests.get(page, timeout=5).text
    assert "<script>" not in text
    assert "<strong>*bold*</strong> &lt;b&gt;" in text
    assert "border-color: #0000ff" in text


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "integrations.sandbox", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.processes
def test_runs_as_a_command_and_names_the_same_webhook_at_each_start(
    process: "subprocess.Popen[str]",
) -> None:
    assert process.stdout is not None
    first, settings, webhook, posted = (process.stdout.readline().split() for _ in range(4))
    sandbox, url, page = first[-1], webhook[-1], posted[-1]
    assert "DISCORD_WEBHOOK_HOSTS=" + sandbox.removeprefix("http://") in settings
    assert url.startswith(f"{sandbox}/api/webhooks/1440867575402594304/")
    answer = requests.post(
        url.replace("/api/", "/api/v10/"),
        json={"content": "a"},
        headers=HEADERS,
        timeout=5,
    )
    assert answer.status_code == 204
    assert answer.headers["X-RateLimit-Remaining"] == "4"
    assert "<p>a</p>" in requests.get(page, timeout=5).text
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
