"""Posts to Discord and saves the outcome with the integration."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from integrations.discord import client, embeds
from integrations.discord.client import MAX_WAIT_SECONDS, Reply, Verdict
from integrations.discord.models import DiscordHost, DiscordWebhook
from integrations.discord.queries import discord_webhook_of
from integrations.discord.services.connecting import url_of
from integrations.discord.text import name_of
from integrations.discord.webhook_url import (
    NotAWebhook,
    WebhookAddress,
    parse_webhook_url,
)
from orderchainer.core.outbox import growing_seconds

logger = structlog.get_logger(__name__)

# How long we wait after a 429 that names no delay. It doubles each time, up to an hour.
FIRST_PAUSE_SECONDS = 5.0


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

    The user waits for the answer, for at most `DISCORD_WEBHOOK_TIMEOUT`. The outcome is
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
        return Trial(f"The webhook's URL is no longer allowed. {exc}")
    embed = embeds.trial_embed(name_of(user), now)
    reply = post_to_discord(webhook, address, embed)
    return Trial(reply.summary, reply)


def post_to_discord(
    webhook: DiscordWebhook, address: WebhookAddress, embed: dict[str, Any]
) -> Reply:
    """Post one embed and save the outcome. Never call this within a transaction.

    If Discord asked us to wait, the reply says how long we do.
    """
    message = embeds.message_of(embed, username=webhook.username, avatar_url=webhook.avatar_url)
    called_at = timezone.now()
    reply = client.execute(address, message)
    now = timezone.now()
    if reply.verdict is Verdict.THROTTLED:
        reply = replace(
            reply,
            wait_seconds=_pause_host(webhook.host, reply, called_at, now)
            if reply.is_for_host
            else _pause_webhook(webhook, reply, now),
        )
    _keep(webhook, reply, now)
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
    outcome: dict[str, Any] = {
        "last_delivery_at": now,
        "last_status": reply.status,
        "last_error": "" if accepted else reply.summary,
    }
    if accepted:
        outcome["throttles"] = 0
    DiscordWebhook.objects.unchanged(webhook).update(**outcome)
    if accepted and webhook.host_was_throttled:
        DiscordHost.objects.filter(host=webhook.host).update(throttles=0)
    if accepted and reply.wait_seconds:
        # The message was accepted, but it used up the limit.
        _pause_until(webhook, now + timedelta(seconds=reply.wait_seconds))
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


# --- Pauses -----------------------------------------------------------------------------------


def _pause_webhook(webhook: DiscordWebhook, reply: Reply, now: datetime) -> float:
    """Pause this webhook after a 429, and return for how many seconds."""
    times = webhook.throttles + 1
    seconds = _pause_seconds(reply.wait_seconds, times)
    DiscordWebhook.objects.unchanged(webhook).update(throttles=times)
    _pause_until(webhook, now + timedelta(seconds=seconds))
    return seconds


@transaction.atomic
def _pause_host(host: str, reply: Reply, called_at: datetime, now: datetime) -> float:
    """Pause everything that we send to `host` after a 429, and return for how many seconds.

    Several workers may be refused at once. Only the first of them counts; otherwise the pause would
    grow with the number of workers.
    """
    row, _ = DiscordHost.objects.select_for_update(no_key=True).get_or_create(host=host)
    if row.paused_until is None or row.paused_until <= called_at:
        row.throttles += 1
        seconds = _pause_seconds(reply.wait_seconds, row.throttles)
        until = now + timedelta(seconds=seconds)
    else:
        named = timedelta(seconds=reply.wait_seconds or 0)
        until = max(row.paused_until, now + named)
    row.paused_until = until
    row.save()
    return max(0.0, (until - now).total_seconds())


def _pause_seconds(named: float | None, times: int) -> float:
    """Return how long to wait after a 429, which is number `times` in a row.

    The first time we wait as long as Discord says. If it says nothing, or refuses us again after
    the wait, the pauses grow.
    """
    if named is None:
        return _grown_seconds(times)
    return named if times == 1 else max(named, _grown_seconds(times - 1))


def _grown_seconds(times: int) -> float:
    return growing_seconds(times, first=FIRST_PAUSE_SECONDS, longest=MAX_WAIT_SECONDS)


def _pause_until(webhook: DiscordWebhook, until: datetime) -> None:
    # A shorter wait that arrives later must not shorten a longer one.
    DiscordWebhook.objects.unchanged(webhook).filter(
        Q(paused_until=None) | Q(paused_until__lt=until)
    ).update(paused_until=until)
