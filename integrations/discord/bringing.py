"""Post one embed to a user's channel, and turn what Discord answers into an outcome."""

from typing import Any

from django.utils import timezone

from integrations.discord import services
from integrations.discord.client import Verdict
from integrations.discord.models import DiscordWebhook
from integrations.discord.webhook_url import (
    NotAWebhook,
    WebhookAddress,
    parse_webhook_url,
)
from orderchainer.core.encryption import Undecryptable
from orderchainer.core.outbox import GiveUp, TryAgain


def require_no_pause(webhook: DiscordWebhook) -> None:
    """Raise `TryAgain` if Discord asked us to send nothing for now."""
    pause = webhook.pause_seconds(timezone.now())
    if pause:
        raise TryAgain("Discord asked to wait.", after_seconds=pause, counts=False)


def bring(webhook: DiscordWebhook, embed: dict[str, Any]) -> None:
    """Post the embed. Returning means that it arrived. Raises `TryAgain` and `GiveUp`."""
    reply = services.post_to_discord(webhook, _address_of(webhook), embed)
    match reply.verdict:
        case Verdict.ACCEPTED:
            return
        case Verdict.THROTTLED:
            raise TryAgain(reply.summary, after_seconds=reply.wait_seconds, counts=False)
        case Verdict.UNCLEAR:
            raise TryAgain(reply.summary, timed_out=reply.timed_out)
        case Verdict.LOST | Verdict.REFUSED:
            raise GiveUp(reply.summary)


def _address_of(webhook: DiscordWebhook) -> WebhookAddress:
    try:
        return parse_webhook_url(webhook.url.reveal())
    except Undecryptable as exc:
        raise TryAgain(str(exc)) from exc
    except NotAWebhook as exc:
        # The URL was allowed when it was stored, so the configuration has changed since.
        reason = f"The webhook's URL is no longer allowed. {exc}"
        services.switch_off_unusable(webhook, reason)
        raise GiveUp(reason) from exc
