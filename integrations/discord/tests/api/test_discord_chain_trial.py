"""`/api/discord/test`: it posts a message and tells what Discord answered."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.factories import make_discord_webhook

pytestmark = pytest.mark.django_db


def test_the_test_posts_a_message(client: APIClient, user: User, channel: Channel) -> None:
    make_discord_webhook(user, channel, username="My Bot")
    answer = client.post("/api/discord/test")
    assert answer.status_code == 200
    assert answer.json() == {
        "ok": True,
        "status": 200,
        "message": "Discord accepted the message.",
        "discord": None,
    }
    (message,) = channel.messages
    assert message["author"]["username"] == "My Bot"
    assert message["embeds"][0]["title"] == "OrderChainer is connected"
    assert client.get("/api/discord/").json()["last_delivery"]["status"] == 200


def test_the_test_shows_discords_answer_and_calls_only_once(
    client: APIClient, user: User, channel: Channel
) -> None:
    make_discord_webhook(user, channel)
    channel.delete()
    answer = client.post("/api/discord/test")
    assert answer.json() == {
        "ok": False,
        "status": 404,
        "message": "Discord answered 404: Unknown Webhook.",
        "discord": {"code": 10015, "message": "Unknown Webhook"},
    }
    body = client.get("/api/discord/").json()
    assert body["is_active"] is False
    assert body["disabled_reason"] == (
        "Discord answered 404: Unknown Webhook. "
        "The webhook was deleted in Discord or its URL is wrong."
    )

    again = client.post("/api/discord/test").json()
    assert (again["ok"], again["status"], again["discord"]) == (False, None, None)
    assert again["message"].startswith("Discord answered 404: Unknown Webhook.")
    assert channel.discord.calls_to_unknown == 1


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ({"kind": "html", "status": 502}, 502, "Discord answered 502."),
        ({"kind": "hang"}, None, "Discord did not answer within 0.2 seconds."),
        (
            {"kind": "close"},
            None,
            "Discord could not be reached, or closed the connection.",
        ),
    ],
)
def test_the_test_reports_a_failing_discord(
    client: APIClient,
    user: User,
    channel: Channel,
    settings: Settings,
    fault: dict[str, Any],
    status: int | None,
    message: str,
) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.2
    make_discord_webhook(user, channel)
    channel.go_wrong(**fault)
    answer = client.post("/api/discord/test")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ok": False, "status": status, "message": message, "discord": None},
    )
    assert client.get("/api/discord/").json()["is_active"] is True


def test_the_test_does_not_call_while_discord_asked_to_wait(
    client: APIClient, user: User, channel: Channel
) -> None:
    make_discord_webhook(user, channel)
    channel.go_wrong(
        kind="status",
        status=429,
        headers={"Retry-After": "60"},
        body='{"message": "You are being rate limited.", "retry_after": 59.5, "global": false}',
    )
    first = client.post("/api/discord/test").json()
    assert (first["ok"], first["status"]) == (False, 429)
    second = client.post("/api/discord/test").json()
    assert (second["ok"], second["status"]) == (False, None)
    assert second["message"].startswith("Discord asked to wait for 59.")
    assert len(channel.calls) == 1
    assert "paused_until" in client.get("/api/discord/").json()


def test_the_test_does_not_call_a_host_that_is_no_longer_allowed(
    client: APIClient, user: User, channel: Channel, settings: Settings
) -> None:
    make_discord_webhook(user, channel)
    settings.DISCORD_WEBHOOK_HOSTS = ["discord.com"]
    answer = client.post("/api/discord/test").json()
    assert answer["message"] == (
        "The webhook's URL is no longer allowed. Its host must be discord.com."
    )
    assert channel.calls == []
