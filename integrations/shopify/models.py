"""What we keep of a shop besides its integration: the access token, and lines of a bulk import."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from integrations.models.integrations import Integration
from integrations.models.runs import SyncRun
from orderchainer.core.encryption import EncryptedTextField

MAX_GID_LENGTH = 128


class ShopifyToken(models.Model):
    """The access token for a shop, which we got for the app's credentials. It ends within a day."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, related_name="shopify_token"
    )
    token = EncryptedTextField()
    # From then on we ask for a new token. Until the old one expires, we can still use it.
    renew_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The configuration that it was got for; see `Integration.config_version`.
    config_version = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"token of {self.integration_id}"

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether we use it without asking for a new one."""
        return now < self.renew_at


class ShopifyLine(models.Model):
    """A line from the file of a bulk operation, until the order that it belongs to is stored.

    The lines of one order can stand anywhere in the file. Here we find them together without
    holding the file in memory, and a worker that takes over finds what is left.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    # Shopify's id of the object, and that of its order if the object is an item.
    gid = models.CharField(max_length=MAX_GID_LENGTH)
    parent = models.CharField(max_length=MAX_GID_LENGTH, blank=True)
    body = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "gid"], name="shopify_line_unique"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "parent", "id"], name="shopify_line_by_parent"),
        ]

    def __str__(self) -> str:
        return self.gid
