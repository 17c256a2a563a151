"""The receipts of the assistant: one row for each time that somebody asked it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project

# Ten decimals hold the price of a single token exactly.
COST_DECIMALS = 10


class AssistantCall(models.Model):
    """What one answer took: who asked, what the model did, and what it costs.

    The row is made before a model is asked, and then holds the largest cost that the call may have
    as `reserved`. When the call ends, `cost` says what it was.
    """

    class Kind(models.TextChoices):
        """What was asked for."""

        QUERY = "query"
        REPLY = "reply"
        SENTIMENT = "sentiment"

    class Outcome(models.TextChoices):
        """How the call ended."""

        RUNNING = "running"
        ANSWERED = "answered"
        # What the model said cannot be used: see `Finish` in the contracts.
        BLOCKED = "blocked"
        CUT = "cut"
        MALFORMED = "malformed"
        EMPTY = "empty"
        # Our own bounds ended it.
        TOO_LONG = "too_long"
        TOO_LATE = "too_late"
        # The service did not answer, or refused us.
        BUSY = "busy"
        UNAVAILABLE = "unavailable"
        REFUSED = "refused"
        # The client went away.
        LEFT = "left"
        # A defect of ours.
        FAILED = "failed"
        # The process that worked on it died.
        LOST = "lost"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="assistant_calls", db_index=False
    )
    # Who asked; empty if a task did.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    outcome = models.CharField(max_length=11, choices=Outcome.choices, default=Outcome.RUNNING)
    # The model that was asked, and the one that answered last.
    provider = models.CharField(max_length=32)
    model_asked = models.CharField(max_length=100)
    model = models.CharField(max_length=100, blank=True)
    # How often the model was asked for this answer.
    rounds = models.PositiveSmallIntegerField(default=0)
    # In order: {"name", "result_status", "duration_ms"}, and "parameters" if texts are kept.
    tool_calls = models.JSONField(default=list, blank=True)
    # `prompt_tokens` includes `cached_tokens`. What the model did not tell counts as 0.
    prompt_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    thought_tokens = models.PositiveIntegerField(default=0)
    answer_tokens = models.PositiveIntegerField(default=0)
    total_tokens = models.PositiveIntegerField(default=0)
    # The prices that were used, each {"model", "since", "prompt", "answer", "cached"}, as texts in
    # USD for a million tokens. Later prices change nothing here.
    prices = models.JSONField(default=list, blank=True)
    cost = models.DecimalField(
        max_digits=20,
        decimal_places=COST_DECIMALS,
        null=True,
        blank=True,
        help_text="In USD; empty if the model has no price or did not say what it used.",
    )
    known_cost = models.DecimalField(
        max_digits=20,
        decimal_places=COST_DECIMALS,
        default=0,
        help_text="In USD: the cost of the rounds whose cost is known.",
    )
    reserved = models.DecimalField(max_digits=20, decimal_places=COST_DECIMALS, default=0)
    # The model's own word for why it stopped last, and what went wrong in a word of ours.
    finish_reason = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=200, blank=True)
    # Empty unless the project keeps texts, and after the time for which they are kept.
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="running") | Q(reserved=0),
                name="assistant_call_reserves_while_it_runs",
            ),
        ]
        indexes: ClassVar = [
            # Budgets and usage.
            models.Index(fields=["project", "created_at"], name="assistant_call_by_project"),
            models.Index(fields=["created_at"], name="assistant_call_by_day"),
            models.Index(
                fields=["created_at"],
                condition=Q(outcome="running"),
                name="assistant_call_running",
            ),
            models.Index(
                fields=["created_at"],
                condition=~Q(question="") | ~Q(answer=""),
                name="assistant_call_with_texts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"
