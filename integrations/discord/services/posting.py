"""Posts to Discord and saves the outcome with the integration."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from integrations.discord import client, embeds
from integrations.discord.client import Reply, Verdict
from integrations.discord.models import DiscordWebhook
from integrations.discord.queries import discord_webhook_of
from integrations.discord.services.connecting import url_of
from integrations.discord.webhook_url import (
    NotAWebhook,
    WebhookAddress,
    parse_webhook_url,
)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Trial:
    """The outcome of a test message. `reply` is None if we did not call Discord."""

    summary: str
    reply: Reply | None = None

    @property
    def is_ok(self) -> bool:
        """Whether the message arrived in the channel."""
        return self.reply is not None and self.reply.verdict is Verdict.ACCEPTED


def try_discord_webhook(*, user: User) -> Trial:
    """Post a test message and return what Discord answered.

    The user waits for the answer, for at most about twice `DISCORD_WEBHOOK_TIMEOUT`. The outcome is
    saved as after any message. Raises `WebhookNotFound` and `WebhookUnreadable`.
    """
    webhook = discord_webhook_of(user)
    if not webhook.is_active:
        # Discord asks clients to stop calling a webhook that it does not know.
        return Trial(
            f"{webhook.disabled_reason} Send a new URL, or set is_active to true, and try again."
        )
    now = timezone.now()
    pause = webhook.pause_seconds(now)
    if pause:
        return Trial(f"Discord asked to wait for {pause:.1f} more seconds.")
    try:
        address = parse_webhook_url(url_of(webhook))
    except NotAWebhook as exc:
        return Trial(f"The webhook's URL is not allowed any more. {exc}")
    embed = embeds.trial_embed(user.name or user.email, now)
    reply = post_to_discord(webhook, address, embed)
    return Trial(reply.summary, reply)


def post_to_discord(
    webhook: DiscordWebhook, address: WebhookAddress, embed: dict[str, Any]
) -> Reply:
    """Post one embed and save the outcome. Never call this within a transaction."""
    message = embeds.message_of(
        embed, username=webhook.username, avatar_url=webhook.avatar_url
    )
    reply = client.execute(address, message)
    _keep(webhook, reply, timezone.now())
    return reply


def switch_off_unusable(webhook: DiscordWebhook, reason: str) -> None:
    """Switch `webhook` off for `reason`, unless its URL has changed since it was read."""
    switched = (
        DiscordWebhook.objects.unchanged(webhook)
        .filter(is_active=True)
        .update(is_active=False, disabled_reason=reason[:500])
    )
    if switched:
        logger.warning("discord_switched_off", integration=webhook.pk, reason=reason)


def _keep(webhook: DiscordWebhook, reply: Reply, now: datetime) -> None:
    accepted = reply.verdict is Verdict.ACCEPTED
    DiscordWebhook.objects.unchanged(webhook).update(
        last_delivery_at=now,
        last_status=reply.status,
        last_error="" if accepted else reply.summary,
    )
    if reply.wait_seconds:
        _pause(webhook, reply, until=now + timedelta(seconds=reply.wait_seconds))
    if reply.verdict is Verdict.LOST:
        switch_off_unusable(
            webhook,
            f"{reply.summary} The webhook was deleted in Discord or its URL is wrong.",
        )
    log = logger.info if accepted else logger.warning
    log(
        "discord_answered",
        integration=webhook.pk,
        verdict=reply.verdict.value,
        status=reply.status,
        code=reply.code,
        wait_seconds=reply.wait_seconds,
        summary=reply.summary,
    )


def _pause(webhook: DiscordWebhook, reply: Reply, *, until: datetime) -> None:
    """Pause this webhook until then, or every webhook if Discord limits all that we send."""
    addressed = (
        DiscordWebhook.objects.all()
        if reply.is_global
        else DiscordWebhook.objects.unchanged(webhook)
    )
    # A shorter wait that arrives later must not shorten a longer one.
    addressed.filter(Q(paused_until=None) | Q(paused_until__lt=until)).update(
        paused_until=until
    )
