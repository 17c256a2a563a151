"""A project's connection to an account at a provider."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, TypedDict

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project
from orderchainer.core.encryption import OptionalEncryptedTextField, Secret
from orderchainer.core.outbox import MAX_ERROR_LENGTH

MAX_ACCOUNT_LENGTH = 255
MAX_NAME_LENGTH = 100


class IntegrationQuerySet(models.QuerySet["Integration"]):
    """Integrations, filtered by their state or account."""

    def open(self) -> IntegrationQuerySet:
        """Keep those that are not disconnected, in projects that are open."""
        return self.exclude(status=Integration.Status.DISCONNECTED).filter(project__is_active=True)

    def closed(self) -> IntegrationQuerySet:
        """Keep those that are not disconnected, in projects that are deleted."""
        return self.exclude(status=Integration.Status.DISCONNECTED).filter(project__is_active=False)

    def at_work(self) -> IntegrationQuerySet:
        """Keep those that exchange data with their provider: open and not paused."""
        return self.open().filter(is_paused=False)

    def of_account(self, provider: str, accounts: Sequence[str]) -> IntegrationQuerySet:
        """Keep the connections to these accounts, in whatever project."""
        return self.filter(provider=provider, account__in=accounts)


class Integration(models.Model):
    """A project's connection to an account at a provider, for example to a Shopify shop.

    The same account can be connected to several projects. If somebody connects it with secrets that
    are not the account's own, they get only calls that these secrets sign, and the account's owner
    can still connect it.
    """

    class Status(models.TextChoices):
        """The status of the connection."""

        CONNECTING = "connecting"
        CONNECTED = "connected"
        ERROR = "error"
        DISCONNECTED = "disconnected"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="integrations")
    # The name of a provider in the registry.
    provider = models.CharField(max_length=16, editable=False)
    account = models.CharField(
        max_length=MAX_ACCOUNT_LENGTH,
        editable=False,
        help_text="The account's own key at the provider, for example the domain of a shop.",
    )
    # What people call the account, as the last check found it. Empty if nobody knows another name.
    account_name = models.CharField(max_length=MAX_NAME_LENGTH, blank=True, editable=False)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.CONNECTING, editable=False
    )
    is_paused = models.BooleanField(
        default=False, help_text="A paused integration neither syncs nor takes webhooks."
    )
    status_since = models.DateTimeField(default=timezone.now, editable=False)
    # What people should know although nothing is wrong, a sentence each.
    notes = models.JSONField(default=list, blank=True, editable=False)
    last_error = models.CharField(max_length=MAX_ERROR_LENGTH, blank=True, editable=False)
    # Up to this moment, everything that changed at the provider is stored here.
    last_sync = models.DateTimeField(null=True, blank=True, editable=False)
    # When the schedule next asks the provider what has changed.
    next_sync_at = models.DateTimeField(default=timezone.now, editable=False)

    # The configuration as people may see it, by key: open values whole, masked ones as their mask.
    # `configuration` returns the values.
    config = models.JSONField(default=dict, blank=True, editable=False)
    # The masked and the secret values, as one JSON object. Empty once it is disconnected.
    secrets = OptionalEncryptedTextField(null=True)
    # Earlier secrets, which a provider can go on using for a while: a JSON list of `OldSecrets`.
    old_secrets = OptionalEncryptedTextField(null=True)
    # When the last of them expires.
    old_secrets_until = models.DateTimeField(null=True, editable=False)
    # Grows with each change of the configuration, so that we recognise an answer about an old one.
    config_version = models.PositiveIntegerField(default=1, editable=False)

    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = IntegrationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "provider", "account"],
                name="integration_unique_by_account",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["connecting", "connected", "error", "disconnected"]),
                name="integration_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="disconnected", secrets__isnull=True, old_secrets__isnull=True)
                | (~Q(status="disconnected") & Q(secrets__isnull=False)),
                name="integration_has_secrets_until_disconnected",
            ),
        ]
        indexes: ClassVar = [
            # Finds the integrations that a webhook is for.
            models.Index(fields=["provider", "account"], name="integration_by_account"),
            models.Index(
                fields=["next_sync_at"],
                condition=~Q(status="disconnected"),
                name="integration_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.account}"

    @property
    def version(self) -> str:
        """The version of what people set. Syncs and checks do not change it."""
        return f"{self.config_version}{'-paused' if self.is_paused else ''}"

    def reveal(self) -> dict[str, str]:
        """Return the masked and secret values of the configuration. Raises `Undecryptable`."""
        return opened(self.secrets)

    def configuration(self) -> dict[str, str]:
        """Return the whole configuration in clear, by key. Raises `Undecryptable`."""
        return {**self.config, **self.reveal()}

    def reveal_versions(self, now: datetime) -> list[Mapping[str, str]]:
        """Return the secrets in force, the newest first: earlier ones count for a while.

        Raises `Undecryptable`.
        """
        earlier = [each["secrets"] for each in self.earlier_secrets(now)]
        return [self.reveal(), *earlier]

    def earlier_secrets(self, now: datetime) -> list[OldSecrets]:
        """Return the earlier secrets in force, the newest first. Raises `Undecryptable`."""
        if self.old_secrets is None:
            return []
        kept: list[OldSecrets] = json.loads(self.old_secrets.reveal())
        return [each for each in kept if datetime.fromisoformat(each["until"]) > now]


class OldSecrets(TypedDict):
    """Secrets of an integration that were replaced, and until when they count (ISO 8601)."""

    secrets: dict[str, str]
    until: str


def sealed(secrets: Mapping[str, str]) -> Secret:
    """Encrypt the secret values of a configuration as one text."""
    return Secret.of(json.dumps(dict(secrets), sort_keys=True))


def sealed_earlier(earlier: Sequence[OldSecrets]) -> Secret:
    """Encrypt the earlier secrets of an integration as one text."""
    return Secret.of(json.dumps(list(earlier), sort_keys=True))


def opened(secret: Secret | None) -> dict[str, str]:
    """Return the values that `sealed` encrypted. Raises `Undecryptable`."""
    values: dict[str, str] = json.loads(secret.reveal()) if secret else {}
    return values
