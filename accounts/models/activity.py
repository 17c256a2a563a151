"""The activity log: what happened to accounts and projects."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.events import ActivityType

APPEND_ONLY = "activity is append-only: nothing changes a row"


class ActivityQuerySet(models.QuerySet["Activity"]):
    """What happened. It is read and forgotten, and never told otherwise."""

    def update(self, **fields: Any) -> int:
        """Refuse: what happened has happened."""
        raise TypeError(APPEND_ONLY)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        """Refuse: what happened has happened."""
        raise TypeError(APPEND_ONLY)


class Activity(models.Model):
    """Something that touched who gets in: written once by a service, read by those it concerns.

    It outlives what it tells of, hence the plain ids. Rows are never changed; `flush_expired` deletes
    them when their time is over.
    """

    # The surfaces show it: the number would tell how much happens to everybody else.
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=32, choices=ActivityType.choices)
    # Whose account it is about; empty where nobody has such an account.
    user_id = models.BigIntegerField(null=True)
    # Who did it; empty where nobody was signed in.
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
            models.Index(fields=["user_id", "id"], name="activity_by_user"),
            models.Index(fields=["project_id", "id"], name="activity_by_project"),
            models.Index(fields=["created_at"], name="activity_by_age"),
            # Who has tens of thousands of failed sign-ins is under attack, and asked for the others.
            models.Index(
                fields=["user_id", "created_at"],
                condition=Q(type=ActivityType.LOGIN_SUCCEEDED),
                name="activity_sign_ins_by_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} at {self.created_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises TypeError for one that is there already."""
        if not self._state.adding:
            raise TypeError(APPEND_ONLY)
        super().save(*args, **kwargs)
