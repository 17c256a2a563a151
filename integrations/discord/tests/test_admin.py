"""The back office of Discord integrations."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.discord.models import DiscordWebhook
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.factories import make_discord_webhook

pytestmark = pytest.mark.django_db

LIST = "admin:integrations_discordwebhook_changelist"
PAGE = "admin:integrations_discordwebhook_change"


@pytest.fixture
def admin() -> User:
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def run(client: Client, action: str, *rows: DiscordWebhook) -> str:
    """Run a list action on rows and return the text of the page that follows."""
    response = client.post(
        reverse(LIST),
        {"action": action, "_selected_action": [row.pk for row in rows]},
        follow=True,
    )
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def test_shows_their_state_and_never_the_secret(
    client: Client, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = make_discord_webhook(make_user(email="ada@example.com"), channel)
    DiscordWebhook.objects.update(
        is_active=False, disabled_reason="Gone for good.", last_status=404
    )

    def reveal(_: object) -> str:
        raise AssertionError("the back office decrypts nothing")

    monkeypatch.setattr("orderchainer.core.encryption.Secret.reveal", reveal)
    for path in (reverse(LIST), reverse(PAGE, args=[webhook.pk])):
        page = client.get(path).content.decode()
        assert "ada@example.com" in page
        assert f"https://discord.com/api/webhooks/{channel.webhook.id}/…" in page
        assert "Gone for good." in page
        assert channel.token not in page
        assert webhook.url.sealed not in page


def test_the_list_needs_no_more_queries_for_more_rows(client: Client, channel: Channel) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            make_discord_webhook(make_user(), channel)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(LIST), {"q": "example.com"}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_switches_off_and_on_through_the_service(client: Client, channel: Channel) -> None:
    webhook = make_discord_webhook(make_user(), channel)
    assert "Switched off: 1." in run(client, "switch_off", webhook)
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.disabled_reason) == (
        False,
        "Switched off by an administrator.",
    )
    assert "Switched on: 1." in run(client, "switch_on", webhook)
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.disabled_reason) == (True, "")


def test_sends_a_test_message_and_shows_the_answer(client: Client, channel: Channel) -> None:
    webhook = make_discord_webhook(make_user(email="ada@example.com"), channel)
    page = run(client, "try_it", webhook)
    assert "ada@example.com: Discord accepted the message." in page
    assert len(channel.messages) == 1
    channel.delete()
    page = run(client, "try_it", webhook)
    assert "ada@example.com: Discord answered 404: Unknown Webhook." in page


def test_sends_only_a_few_test_messages_at_once(client: Client, channel: Channel) -> None:
    webhooks = [make_discord_webhook(make_user(), channel) for _ in range(6)]
    assert "At most 5 can be tried at once." in run(client, "try_it", *webhooks)
    assert channel.calls == []


@pytest.mark.parametrize("path", ["add", "delete"])
def test_staff_cannot_add_or_delete_integrations(
    client: Client, channel: Channel, path: str
) -> None:
    webhook = make_discord_webhook(make_user(), channel)
    args = [] if path == "add" else [webhook.pk]
    url = reverse(f"admin:integrations_discordwebhook_{path}", args=args)
    assert client.post(url, {"post": "yes"}).status_code == 403
    assert client.post(reverse(PAGE, args=[webhook.pk]), {}).status_code == 403
    assert DiscordWebhook.objects.count() == 1


def test_staff_without_permission_see_and_change_nothing(channel: Channel) -> None:
    make_discord_webhook(make_user(), channel)
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403
