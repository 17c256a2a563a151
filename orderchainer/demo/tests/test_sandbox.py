"""The demo account, connected to the pretend providers."""

import io
from typing import Any

import pytest
from django.core.management import call_command

from integrations.discord.models import DiscordWebhook
from integrations.models import Integration
from integrations.services import disconnect_integration
from orderchainer.demo.loading import EMAIL
from orderchainer.demo.shop import NAME

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SANDBOX = True
    settings.DISCORD_WEBHOOK_HOSTS = [settings.SANDBOX_HOST]


def load() -> str:
    """Load the demo and return what it says."""
    said = io.StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


def test_connects_the_pretend_shop_and_the_pretend_channel() -> None:
    said = load()

    integration = Integration.objects.get()
    assert integration.project.name == NAME
    assert (integration.provider, integration.account) == ("shopify", "demo-shop.myshopify.com")
    assert integration.status == "connecting"
    webhook = DiscordWebhook.objects.get()
    assert (webhook.user.email, webhook.host) == (EMAIL, "127.0.0.1:8400")
    assert said.endswith(
        f"{NAME} is connected to the pretend shop; order there: "
        "http://127.0.0.1:8400/_control/shopify/\n"
        "Its news are posted to the pretend Discord: http://127.0.0.1:8400/_control/discord/\n"
    )


def test_asks_the_shop_again_at_each_start_unless_the_user_disconnected_it() -> None:
    load()
    integration = Integration.objects.get()
    errands = integration.errands.count()
    load()
    assert Integration.objects.count() == DiscordWebhook.objects.count() == 1
    integration.refresh_from_db()
    # The configuration is the same, so nothing but the check is new.
    assert integration.config_version == 1
    assert integration.errands.count() >= errands

    disconnect_integration(integration=integration)
    load()
    assert Integration.objects.get().status == "disconnected"
