"""Connects a user to a channel in Discord, changes the connection and ends it."""

from typing import TypedDict

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.locks import lock_caller
from accounts.models import User
from integrations.discord.errors import (
    WebhookExists,
    WebhookNotFound,
    WebhookUnreadable,
)
from integrations.discord.models import DiscordWebhook
from integrations.discord.webhook_url import WebhookAddress
from orderchainer.core.encryption import Secret, Undecryptable
from orders.stream import deliveries

logger = structlog.get_logger(__name__)

# The name under which Discord subscribes to events.
SUBSCRIBER = "discord"
BY_OWNER = "Switched off by its owner."
BY_ADMINISTRATOR = "Switched off by an administrator."


class WebhookFields(TypedDict, total=False):
    """What the owner sets besides the URL. A missing field keeps its value or its default."""

    username: str
    avatar_url: str
    order_created: bool
    order_updated: bool
    order_completed: bool
    order_failed: bool


def create_discord_webhook(
    *, user: User, address: WebhookAddress, fields: WebhookFields
) -> DiscordWebhook:
    """Connect `user` to a channel.

    Raises `WebhookExists`, since each user has at most one, and `TokenRefused` if `user` has
    another password by now.
    """
    try:
        with transaction.atomic():
            lock_caller(user)
            webhook = DiscordWebhook.objects.create(
                user=user,
                url=Secret.of(address.url),
                webhook_id=address.webhook_id,
                host=address.service,
                **fields,
            )
    except IntegrityError as exc:
        # If we asked first, another request could come between. The unique key leaves no gap.
        raise WebhookExists from exc
    logger.info("discord_connected", user_id=user.pk, integration=webhook.pk)
    return webhook


@transaction.atomic
def update_discord_webhook(
    *,
    user: User,
    address: WebhookAddress | None = None,
    is_active: bool | None = None,
    fields: WebhookFields,
) -> DiscordWebhook:
    """Change the given fields only. Raises `WebhookNotFound` and `WebhookUnreadable`.

    Setting equal values is no change.

    A new URL always switches the integration on, whatever `is_active` says: a client that sends
    back what it read also sends the old state.
    """
    webhook = DiscordWebhook.objects.locked().filter(user=user).first()
    if webhook is None:
        raise WebhookNotFound
    before = _settings_of(webhook)
    for name, value in fields.items():
        setattr(webhook, name, value)
    if address is not None and address.url != _url_if_readable(webhook):
        _set_address(webhook, address)
    elif is_active is not None:
        _switch(webhook, on=is_active, reason=BY_OWNER)
    # The answer shows the URL. If we cannot read it, refuse before anything changes.
    url_of(webhook)
    if _settings_of(webhook) != before:
        webhook.updated_at = timezone.now()
        webhook.save()
    return webhook


def _settings_of(webhook: DiscordWebhook) -> tuple[object, ...]:
    """Return what an update can change, to compare."""
    named = (getattr(webhook, name) for name in WebhookFields.__optional_keys__)
    return (*named, webhook.is_active, webhook.disabled_reason, webhook.url_version)


@transaction.atomic
def delete_discord_webhook(*, user: User) -> None:
    """Disconnect `user` and drop the pending messages. Raises `WebhookNotFound`."""
    webhook = DiscordWebhook.objects.locked().filter(user=user).first()
    if webhook is None:
        raise WebhookNotFound
    dropped = deliveries.drop_pending(
        subscriber=SUBSCRIBER,
        target=webhook.target,
        reason="The Discord integration was deleted.",
    )
    webhook.delete()
    logger.info("discord_disconnected", user_id=user.pk, dropped=dropped)


@transaction.atomic
def switch_discord_webhook(*, webhook_id: int, on: bool, reason: str) -> DiscordWebhook:
    """Switch an integration on, or off for `reason`. Raises `WebhookNotFound`."""
    webhook = DiscordWebhook.objects.locked().filter(pk=webhook_id).first()
    if webhook is None:
        raise WebhookNotFound
    _switch(webhook, on=on, reason=reason)
    webhook.updated_at = timezone.now()
    webhook.save()
    return webhook


# --- The URL ----------------------------------------------------------------------------------


def url_of(webhook: DiscordWebhook) -> str:
    """Return the URL as its owner wrote it. Raises `WebhookUnreadable`."""
    try:
        return webhook.url.reveal()
    except Undecryptable as exc:
        raise WebhookUnreadable from exc


def _url_if_readable(webhook: DiscordWebhook) -> str | None:
    try:
        return webhook.url.reveal()
    except Undecryptable:
        return None


def _set_address(webhook: DiscordWebhook, address: WebhookAddress) -> None:
    """Set a new URL and forget everything about the old one."""
    webhook.url = Secret.of(address.url)
    webhook.webhook_id = address.webhook_id
    webhook.host = address.service
    webhook.url_version += 1
    webhook.paused_until = None
    webhook.throttles = 0
    webhook.last_delivery_at = None
    webhook.last_status = None
    webhook.last_error = ""
    deliveries.forget_timeouts(subscriber=SUBSCRIBER, target=webhook.target)
    _switch(webhook, on=True, reason="")


def _switch(webhook: DiscordWebhook, *, on: bool, reason: str) -> None:
    if on:
        webhook.is_active, webhook.disabled_reason = True, ""
    elif webhook.is_active:
        # Keep the first reason.
        webhook.is_active, webhook.disabled_reason = False, reason
