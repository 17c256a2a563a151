"""The demo account, connected to the pretend providers."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from integrations.discord.models import DiscordWebhook
from integrations.models import Integration
from integrations.services import disconnect_integration
from orderchainer.demo.loading import EMAIL, load_demo
from orderchainer.demo.sandbox import connect_sandbox
from orderchainer.demo.shop import NAME

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.SANDBOX = True
    settings.DISCORD_WEBHOOK_HOSTS = [settings.SANDBOX_HOST]


def load() -> Sequence[str]:
    """Load the demo, connect it, and return what people are told about it."""
    load_demo(as_staff=False)
    return connect_sandbox(User.objects.get(email=EMAIL))


def test_connects_the_pretend_shop_and_the_pretend_channel() -> None:
    said = load()

    integration, number, bot = Integration.objects.order_by("pk")
    assert (bot.provider, bot.account) == ("telegram", "7463218954")
    assert (number.provider, number.account) == ("whatsapp", "106540352242922")
    assert number.project == integration.project
    assert integration.project.name == NAME
    assert (integration.provider, integration.account) == ("shopify", "demo-shop.myshopify.com")
    assert integration.status == "connecting"
    webhook = DiscordWebhook.objects.get()
    assert (webhook.user.email, webhook.host) == (EMAIL, "127.0.0.1:8400")
    assert said == [
        f"{NAME} is connected to the pretend shop; order there: "
        "http://127.0.0.1:8400/_control/shopify/",
        "Its customers write on the pretend WhatsApp: http://127.0.0.1:8400/_control/whatsapp/",
        "And on the pretend Telegram: http://127.0.0.1:8400/_control/telegram/",
        "Its news is posted to the pretend Discord: http://127.0.0.1:8400/_control/discord/",
    ]


def test_syncs_with_the_shop_at_each_start_unless_the_user_disconnected_it() -> None:
    load()
    integration = Integration.objects.get(provider="shopify")
    assert integration.next_sync_at > timezone.now()
    load()
    assert (Integration.objects.count(), DiscordWebhook.objects.count()) == (3, 1)
    integration.refresh_from_db()
    assert {each.config_version for each in Integration.objects.all()} == {1}
    # A sync is due, and with it the upkeep of the webhook subscriptions.
    assert integration.next_sync_at <= timezone.now()

    disconnect_integration(integration=integration)
    load()
    integration.refresh_from_db()
    assert integration.status == "disconnected"
