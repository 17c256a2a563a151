"""The demo account's connections to the pretend providers of the sandbox (`SANDBOX=on`)."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils import timezone

from accounts.models import Membership, Project, User
from integrations.discord.models import DiscordWebhook
from integrations.discord.services import create_discord_webhook
from integrations.discord.webhook_url import parse_webhook_url
from integrations.models import Integration
from integrations.sandbox.discord import discord_for_people
from integrations.sandbox.shopify import shopify_for_people
from integrations.sandbox.telegram import telegram_for_people
from integrations.sandbox.whatsapp import config_of, whatsapp_for_people
from integrations.services import connect_integration
from orderchainer.demo.shop import NAME

# The same at each start, so that connecting again changes nothing. Only the sandbox knows it.
TELEGRAM_SECRET = "secret-token-of-the-sandbox"


def connect_sandbox(user: User) -> Sequence[str]:
    """Connect `user` to the sandbox's Discord, and the demo's shop to all else that it plays.

    Return a sentence about each connection. What the user disconnected stays disconnected.
    """
    return [
        *_connect_shopify(user),
        *_connect_whatsapp(user),
        *_connect_telegram(user),
        *_connect_discord(user),
    ]


def _connect_shopify(user: User) -> Sequence[str]:
    # The emulator makes the same shop with the same secrets at each start.
    shop = shopify_for_people().shop
    config = {
        "api_key": shop.client_id,
        "api_secret": shop.client_secret,
        "shop_url": shop.domain,
    }
    project = _shop_of(user)
    if not _connect(user, project, "shopify", shop.domain, config):
        return []
    page = f"http://{settings.SANDBOX_HOST}/_control/shopify/"
    return [f"{project.name} is connected to the pretend shop; order there: {page}"]


def _connect_whatsapp(user: User) -> Sequence[str]:
    # The emulator makes the same number with the same secrets at each start.
    number = whatsapp_for_people().number
    project = _shop_of(user)
    if not _connect(user, project, "whatsapp", number.id, config_of(number)):
        return []
    page = f"http://{settings.SANDBOX_HOST}/_control/whatsapp/"
    return [f"Its customers write on the pretend WhatsApp: {page}"]


def _connect_telegram(user: User) -> Sequence[str]:
    # The emulator makes the same bot with the same token at each start.
    bot = telegram_for_people().bot
    config = {"bot_token": bot.token, "secret_token": TELEGRAM_SECRET}
    if not _connect(user, _shop_of(user), "telegram", str(bot.id), config):
        return []
    page = f"http://{settings.SANDBOX_HOST}/_control/telegram/"
    return [f"And on the pretend Telegram: {page}"]


def _connect(
    user: User, project: Project, provider: str, account: str, config: Mapping[str, str]
) -> bool:
    """Connect a project to an account; False if people have disconnected it."""
    known = Integration.objects.filter(project=project, provider=provider, account=account)
    if known.filter(status=Integration.Status.DISCONNECTED).exists():
        return False
    # The schedule then restores the webhook subscriptions, which ended with the last sandbox.
    known.update(next_sync_at=timezone.now())
    connect_integration(project=project, provider=provider, config=config, by=user)
    return True


def _shop_of(user: User) -> Project:
    """Return the demo's shop, or another project of the user if its name was changed."""
    owned = Project.objects.filter(
        memberships__user=user, memberships__role=Membership.Role.OWNER
    ).order_by("pk")
    return owned.filter(name=NAME).first() or owned[0]


def _connect_discord(user: User) -> Sequence[str]:
    (webhook,) = discord_for_people().webhooks.values()
    if not DiscordWebhook.objects.filter(user=user).exists():
        url = f"http://{settings.SANDBOX_HOST}{webhook.path}"
        create_discord_webhook(user=user, address=parse_webhook_url(url), fields={})
    page = f"http://{settings.SANDBOX_HOST}/_control/discord/"
    return [f"Its news is posted to the pretend Discord: {page}"]
