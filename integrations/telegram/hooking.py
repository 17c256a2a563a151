"""Has Telegram send a bot's updates to us.

A bot has one address, and ours names the integration. So each update comes to one integration,
even if two have the same bot.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from integrations.failures import Failed
from integrations.models import Integration
from integrations.providers import WEBHOOKS
from integrations.services import report_health, report_trouble
from integrations.telegram import client
from integrations.telegram.troubles import outcome_of
from orderchainer.core.outbox import Drop, GiveUp

# Telegram calls no other ports.
PORTS = {None, 443, 80, 88, 8443}
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

TAKEN = "Another project here has connected this bot, and gets its messages."


def receiver(integration: Integration) -> str:
    """Return the address at which we take its updates; empty if Telegram cannot reach it."""
    public = urlsplit(settings.PUBLIC_URL)
    is_played = urlsplit(client.base()).scheme == "http"
    if not is_played and (public.scheme != "https" or public.port not in PORTS):
        return ""
    return f"{settings.PUBLIC_URL}/{WEBHOOKS}telegram/{integration.uuid}"


def hook(integration: Integration, url: str) -> None:
    """Have Telegram send the updates there. Raises `Failed`."""
    config = integration.configuration()
    client.set_webhook(
        config["bot_token"],
        url=url,
        secret_token=config["secret_token"],
        allowed=UPDATES,
    )


def maintain(integration: Integration) -> None:
    """Restore the address if it is gone. A bot that another project took stays with it.

    If the address is right in the end, earlier trouble is over: the token works, or the other
    project has disconnected.
    """
    called_at = timezone.now()
    url = receiver(integration)
    if not url:
        raise Drop("Telegram cannot reach this service.")
    try:
        info = client.webhook_info(integration.configuration()["bot_token"])
        if is_anothers(integration, info.url):
            report_trouble(integration=integration, reason=TAKEN)
            raise GiveUp(TAKEN)
        if info.url != url or info.allowed_updates != frozenset(UPDATES):
            hook(integration, url)
    except Failed as exc:
        failure = outcome_of(exc)
        if isinstance(exc, client.Refused) and exc.is_broken:
            report_trouble(integration=integration, reason=str(failure))
    else:
        report_health(integration=integration, called_at=called_at)
        return
    raise failure


def disconnect(integration: Integration, secrets: Mapping[str, str]) -> None:
    """Have Telegram send nothing more here. If the address is not ours, it stays as it is."""
    try:
        info = client.webhook_info(secrets["bot_token"])
        if info.url.endswith(f"/{integration.uuid}"):
            client.delete_webhook(secrets["bot_token"])
    except Failed as exc:
        failure = outcome_of(exc)
    else:
        return
    raise failure


def is_anothers(integration: Integration, url: str) -> bool:
    """Tell whether the address names another integration of the bot that is connected."""
    others = Integration.objects.open().filter(
        provider=integration.provider, account=integration.account
    )
    return any(url.endswith(f"/{each.uuid}") for each in others.exclude(pk=integration.pk))
