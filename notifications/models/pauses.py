"""For how long lines are left alone whose provider does not answer."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from orderchainer.core.outbox import MAX_ERROR_LENGTH


class LinePause(models.Model):
    """A pause of a line: its provider could not be reached, or did not answer in time.

    When the pause is over, one call tries whether the provider answers again. The row stays until
    one does.
    """

    class Call(models.TextChoices):
        """Which calls rest. Files come from other hosts than the one that takes messages."""

        SEND = "send"
        FETCH = "fetch"

    line = models.UUIDField()
    call = models.CharField(max_length=5, choices=Call.choices)
    # How many times in a row there was no answer, and until when no call is made.
    failures = models.PositiveIntegerField(default=1)
    until = models.DateTimeField()
    # What people read about it.
    reason = models.CharField(max_length=MAX_ERROR_LENGTH)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "call"], name="line_pause_unique_by_call")
        ]

    def __str__(self) -> str:
        return f"pause of {self.line} ({self.call})"
