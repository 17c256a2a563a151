"""Replies that were suggested to members, until one is sent."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project
from notifications.models.messages import Message
from orders.models import Order


class SuggestedReply(models.Model):
    """That a reply was suggested. It does not hold the text: whoever asked for it has that.

    A message that is sent with it is marked as written with the assistant. It can be used once.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="suggested_replies")
    order = models.ForeignKey(
        Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    suggested_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    message = models.OneToOneField(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="suggestion"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "suggested replies"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(message=None) | Q(used_at__isnull=False),
                name="suggested_reply_with_message_is_used",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                condition=Q(used_at=None),
                name="suggested_reply_unused",
            )
        ]

    def __str__(self) -> str:
        return f"suggested reply {self.uuid}"
