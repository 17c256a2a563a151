"""Answers that are kept for repeated requests."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from accounts.models.users import User


class IdempotencyRecord(models.Model):
    """The first answer to a request with an `Idempotency-Key`, kept for repeats of it.

    We insert it before the work and in the same transaction. A repeat that arrives while the first
    still runs waits on the unique key, and a crash rolls back both the work and the record.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request.")
    answer = models.TextField(
        blank=True,
        help_text="JSON text as it was first sent: a repeat gets the same bytes.",
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_unique_by_user")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return f"{self.key} of user {self.user_id}"
