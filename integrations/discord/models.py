"""What users connect to the outside."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from integrations.discord.webhook_url import masked_url
from orderchainer.core.encryption import EncryptedTextField
from orders.lifecycle import DONE, EventType, Status
from orders.stream.models import Event

DEFAULT_USERNAME = "OrderChainer"


class Toggle(models.TextChoices):
    """What a user can be told of in Discord, each on or off."""

    CREATED = "order_created"
    UPDATED = "order_updated"
    COMPLETED = "order_completed"
    FAILED = "order_failed"


def toggle_of(event: Event) -> Toggle:
    """Return the one toggle that decides about `event`: what is no birth, success or failure is an update."""
    if event.type == EventType.CREATED:
        return Toggle.CREATED
    if event.type == EventType.STATUS_CHANGED:
        if event.data["new_status"] in DONE:
            return Toggle.COMPLETED
        if event.data["new_status"] == Status.FAILED:
            return Toggle.FAILED
    return Toggle.UPDATED


class DiscordWebhookQuerySet(models.QuerySet["DiscordWebhook"]):
    """Webhooks of users."""

    def receiving(self) -> DiscordWebhookQuerySet:
        """Keep those that messages go to."""
        return self.filter(is_active=True, user__is_active=True)

    def locked(self) -> DiscordWebhookQuerySet:
        """Lock the rows against other writers until the transaction ends."""
        return self.select_for_update(no_key=True).order_by("pk")

    def unchanged(self, webhook: DiscordWebhook) -> DiscordWebhookQuerySet:
        """Keep `webhook` if it still has the URL that it had when it was read."""
        return self.filter(pk=webhook.pk, url_version=webhook.url_version)


class DiscordWebhook(models.Model):
    """A user's channel in Discord, and how the last message to it went."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="discord_webhook",
    )
    # Whoever has the URL can post: it is kept as the password that it is.
    url = EncryptedTextField()
    webhook_id = models.CharField(max_length=20, help_text="Discord's id.")
    # Counts the URLs, so that word of an old one does not strike a new one.
    url_version = models.PositiveIntegerField(default=1, editable=False)
    username = models.CharField(max_length=80, default=DEFAULT_USERNAME)
    avatar_url = models.URLField(max_length=2048, blank=True)

    order_created = models.BooleanField(default=True)
    order_updated = models.BooleanField(default=True)
    order_completed = models.BooleanField(default=True)
    order_failed = models.BooleanField(default=True)

    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=500, blank=True)
    # Discord's wish to hear nothing until then.
    paused_until = models.DateTimeField(null=True, blank=True)

    last_delivery_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="HTTP status; empty where no answer came."
    )
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects = DiscordWebhookQuerySet.as_manager()

    class Meta:
        verbose_name = "Discord integration"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_active=True, disabled_reason="")
                | (Q(is_active=False) & ~Q(disabled_reason="")),
                name="discord_webhook_off_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(username=""), name="discord_webhook_username_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.masked_url

    @property
    def masked_url(self) -> str:
        """The URL without its secret, for people other than its owner."""
        return masked_url(self.webhook_id)

    def wants(self, event: Event) -> bool:
        """Tell whether the toggle that decides about `event` is on."""
        return bool(getattr(self, toggle_of(event)))

    def pause_seconds(self, moment: datetime) -> float:
        """Return for how long from `moment` on Discord wants to hear nothing, 0 if it listens."""
        if self.paused_until is None:
            return 0
        return max(0.0, (self.paused_until - moment).total_seconds())
