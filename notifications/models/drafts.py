"""What members have begun to write and not sent yet."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from notifications.models.conversations import Conversation

# As long as a message of ours may be.
MAX_DRAFT_LENGTH = 20_000


class Draft(models.Model):
    """The text that a member has in a conversation's field for answers. Nobody else sees it."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    content = models.TextField()
    # The suggested reply that it began with.
    suggestion = models.UUIDField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "author"], name="draft_one_by_conversation_and_author"
            )
        ]

    def __str__(self) -> str:
        return f"draft in conversation {self.conversation_id}"
