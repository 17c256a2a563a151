"""The activity log: what happened to accounts and projects."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from accounts.events import ActivityType
from orderchainer.core.db.ordering import NEWEST_FIRST

APPEND_ONLY = "activity is append-only: nothing changes a row"


class ActivityQuerySet(models.QuerySet["Activity"]):
    """Activity rows. They can be read and deleted but never changed."""

    def update(self, **fields: Any) -> int:
        """Refuse to change rows."""
        raise TypeError(APPEND_ONLY)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        """Refuse to change rows."""
        raise TypeError(APPEND_ONLY)


class Activity(models.Model):
    """A security-relevant event. A service writes it once; the people concerned can read it.

    It outlives the rows it is about, so it holds plain ids and no foreign keys. Rows are never
    changed; `flush_expired` deletes them after the retention time.
    """

    # The surfaces show this instead of the primary key, which would reveal how much happens in
    # total.
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=32, choices=ActivityType.choices)
    # The user it is about; empty if no account is concerned.
    user_id = models.BigIntegerField(null=True)
    # The user who did it; empty if nobody was signed in.
    actor_id = models.BigIntegerField(null=True)
    project_id = models.BigIntegerField(null=True)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=255, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now, editable=False)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activity"
        indexes: ClassVar = [
            models.Index(F("user_id"), NEWEST_FIRST, name="activity_newest_by_user"),
            models.Index(F("project_id"), NEWEST_FIRST, name="activity_newest_by_project"),
            models.Index(fields=["created_at"], name="activity_by_age"),
            # An account under attack has tens of thousands of failed sign-ins; this finds the
            # successful ones among them.
            models.Index(
                fields=["user_id", "created_at"],
                condition=Q(type=ActivityType.LOGIN_SUCCEEDED),
                name="activity_sign_ins_by_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} at {self.created_at:%Y-%m-%d %H:%M} UTC"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises TypeError if it is already stored."""
        if not self._state.adding:
            raise TypeError(APPEND_ONLY)
        super().save(*args, **kwargs)
