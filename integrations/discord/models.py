"""A user's webhook in Discord."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.timezone import now

from integrations.discord.webhook_url import masked_url
from orderchainer.core.encryption import EncryptedTextField
from orders.lifecycle import DONE, EventType, Status
from orders.stream.models import Event

DEFAULT_USERNAME = "OrderChainer"


class Toggle(models.TextChoices):
    """The kinds of news from which a user chooses."""

    CREATED = "order_created"
    UPDATED = "order_updated"
    COMPLETED = "order_completed"
    FAILED = "order_failed"


def toggle_of(event: Event) -> Toggle:
    """Return the toggle that decides about `event`.

    An event that is no creation, success or failure counts as an update.
    """
    if event.type == EventType.CREATED:
        return Toggle.CREATED
    if event.type == EventType.STATUS_CHANGED:
        if event.data["new_status"] in DONE:
            return Toggle.COMPLETED
        if event.data["new_status"] == Status.FAILED:
            return Toggle.FAILED
    return Toggle.UPDATED


class DiscordHost(models.Model):
    """A host that limited everything that we send to it, and how long we must send nothing."""

    host = models.CharField(max_length=255, primary_key=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    # How often in a row it asked us to wait. The pauses grow with it.
    throttles = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.host


class DiscordWebhookQuerySet(models.QuerySet["DiscordWebhook"]):
    """Webhooks of users."""

    def receiving(self) -> DiscordWebhookQuerySet:
        """Keep those that get messages."""
        return self.filter(is_active=True, user__is_active=True)

    def with_host(self) -> DiscordWebhookQuerySet:
        """Annotate until when the host is paused, and how often in a row it asked for that."""
        host = DiscordHost.objects.filter(host=OuterRef("host"))
        return self.annotate(
            host_pause=Subquery(host.values("paused_until")),
            host_refusals=Subquery(host.values("throttles")),
        )

    def locked(self) -> DiscordWebhookQuerySet:
        """Lock the rows against other writers until the transaction ends."""
        return self.select_for_update(no_key=True).order_by("pk")

    def unchanged(self, webhook: DiscordWebhook) -> DiscordWebhookQuerySet:
        """Keep `webhook` if its URL has not changed since it was read."""
        return self.filter(pk=webhook.pk, url_version=webhook.url_version)


class DiscordWebhook(models.Model):
    """A user's channel in Discord, and the outcome of the last message to it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="discord_webhook",
    )
    # Everybody who has the URL can post, so we store it like a password.
    url = EncryptedTextField()
    webhook_id = models.CharField(max_length=20, help_text="Discord's id.")
    # The host in the URL. Discord may limit all webhooks of a host together.
    host = models.CharField(max_length=255, editable=False)
    # Grows with each new URL, so that a late answer about an old URL cannot disable the new one.
    url_version = models.PositiveIntegerField(default=1, editable=False)
    username = models.CharField(max_length=80, default=DEFAULT_USERNAME)
    avatar_url = models.URLField(max_length=2048, blank=True)

    order_created = models.BooleanField(default=True)
    order_updated = models.BooleanField(default=True)
    order_completed = models.BooleanField(default=True)
    order_failed = models.BooleanField(default=True)

    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=500, blank=True)
    # Discord asked us to send nothing until then.
    paused_until = models.DateTimeField(null=True, blank=True)
    # How often in a row Discord asked us to wait. The pauses grow with it.
    throttles = models.PositiveIntegerField(default=0, editable=False)

    last_delivery_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="HTTP status; empty if no answer came."
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
        return f"webhook {self.masked_url}"

    @property
    def masked_url(self) -> str:
        """The URL without its secret, for people other than its owner."""
        return masked_url(self.webhook_id)

    @property
    def target(self) -> str:
        """What the stream calls the webhook as a target of deliveries."""
        return str(self.pk)

    def wants(self, event: Event) -> bool:
        """Tell whether the toggle that decides about `event` is on."""
        return bool(getattr(self, toggle_of(event)))

    def pause_seconds(self, moment: datetime) -> float:
        """Return for how many seconds after `moment` we must still send no message, or 0."""
        until = self.waits_until
        return max(0.0, (until - moment).total_seconds()) if until else 0

    @property
    def waits_until(self) -> datetime | None:
        """When the pause ends: that of the webhook or that of its host, whichever ends later.

        Needs `with_host` to know about the host's pause.
        """
        ends = [self.paused_until, vars(self).get("host_pause")]
        return max((end for end in ends if end), default=None)

    @property
    def host_was_throttled(self) -> bool:
        """Whether the host refused us the last time, as `with_host` read it."""
        return bool(vars(self).get("host_refusals"))
