"""What providers post to us, kept as it came until it is worked on, and for a while after."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from integrations.models.integrations import Integration
from orderchainer.core.outbox import FAILED, PENDING, Work, due_index, state_known

MAX_KEY_LENGTH = 255
MAX_TOPIC_LENGTH = 64
MAX_ABOUT_LENGTH = 64


class InboundState(models.TextChoices):
    """The state of a delivery."""

    RECEIVED = PENDING, "received"
    DONE = "done"
    FAILED = FAILED
    IGNORED = "ignored"


class InboundDelivery(Work):
    """One webhook call of a provider, verified for one integration and stored before the answer."""

    State = InboundState
    DONE: ClassVar = State.DONE
    DROPPED: ClassVar = State.IGNORED
    MAX_ATTEMPTS: ClassVar = 10
    # A request to forget a customer waits for a sync that began before, which can take seven days.
    MAX_DAYS: ClassVar = 8
    FIRST_DELAY_SECONDS: ClassVar = 5
    MAX_DELAY_SECONDS: ClassVar = 30 * 60

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="deliveries"
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.RECEIVED)
    topic = models.CharField(max_length=MAX_TOPIC_LENGTH, blank=True)
    # A call with either key of an earlier call is a repeat of it. The second key may be empty.
    key = models.CharField(max_length=MAX_KEY_LENGTH)
    second_key = models.CharField(max_length=MAX_KEY_LENGTH, blank=True)
    # What it is about at the provider, as its package says it, such as the id of an order. We
    # use it to find the bodies with the data of a customer who wants to be forgotten.
    about = models.CharField(max_length=MAX_ABOUT_LENGTH, blank=True)
    headers = models.JSONField(default=dict)
    # The bytes as they came, because the signature is for exactly these bytes.
    body = models.BinaryField()
    # When the body was erased because a customer or a shop asked for it.
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "inbound deliveries"
        constraints: ClassVar = [
            state_known("inbound_state_known", InboundState),
            models.UniqueConstraint(fields=["integration", "key"], name="inbound_unique_by_key"),
            models.UniqueConstraint(
                fields=["integration", "second_key"],
                condition=~Q(second_key=""),
                name="inbound_unique_by_second_key",
            ),
        ]
        indexes: ClassVar = [
            due_index("inbound_due"),
            models.Index(fields=["integration", "id"], name="inbound_by_integration"),
            models.Index(fields=["created_at"], name="inbound_by_age"),
            models.Index(
                fields=["integration", "about"],
                condition=~Q(about="") & Q(erased_at=None),
                name="inbound_by_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.uuid}"

    @property
    def word(self) -> str:
        """The state as people see it: received, done, failed or ignored."""
        return "received" if self.state == PENDING else str(self.state)
