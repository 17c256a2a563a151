"""What is said between a contact and a project on one line."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project
from notifications.models.contacts import Contact, ContactAddress


class Conversation(models.Model):
    """The thread with one contact on one line. It stays the same when it closes and reopens."""

    class Status(models.TextChoices):
        """Whether somebody has to look at it."""

        OPEN = "open"
        SNOOZED = "snoozed"
        CLOSED = "closed"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    # Where answers go: normally the address from which the contact wrote last.
    address = models.ForeignKey(ContactAddress, on_delete=models.RESTRICT, related_name="+")
    channel = models.CharField(max_length=16)
    line = models.UUIDField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.OPEN)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    # When the last message arrived or was written here, whatever its provider says.
    last_activity_at = models.DateTimeField(default=timezone.now)
    # Since when the contact waits for an answer of a person. Empty if they do not, or if somebody
    # has closed the conversation. Only changed under the lock of the conversation.
    waiting_since = models.DateTimeField(null=True, blank=True)
    # Inbound messages that nobody has read. Only changed under the lock of the conversation.
    unread = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line", "contact"], name="conversation_one_by_line_and_contact"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "snoozed", "closed"]),
                name="conversation_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="snoozed", snoozed_until__isnull=False)
                | (~Q(status="snoozed") & Q(snoozed_until__isnull=True)),
                name="conversation_snoozed_until_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["project", "-last_activity_at", "-id"], name="conversation_by_activity"
            ),
            models.Index(
                fields=["project", "status", "-last_activity_at", "-id"],
                name="conversation_by_status",
            ),
            models.Index(
                fields=["project", "waiting_since", "-last_activity_at", "-id"],
                name="conversation_by_waiting",
            ),
            # How many are unread? Nearly none of them, at any time.
            models.Index(
                fields=["project", "status"],
                condition=Q(unread__gt=0),
                name="conversation_unread",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(status="snoozed"),
                name="conversation_to_wake",
            ),
        ]

    def __str__(self) -> str:
        return f"conversation {self.uuid}"
