"""Rules by which a project tells customers of their orders, and what became of each telling."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import OutgoingEmail, Project
from notifications.models.messages import Message
from orderchainer.core.db.ordering import NEWEST_FIRST
from orders.lifecycle import Status
from orders.models import Order

# What a rule can name besides the channels that providers have registered.
EMAIL = "email"
ANY_CHANNEL = "any"

# For how long something is news for customers, and what we say of older news.
NEWS_FOR = timedelta(hours=12)
TOO_LATE = "It happened too long ago."


class Occasion(models.TextChoices):
    """What happens to an order that a customer can be told of."""

    RECEIVED = "order_received"
    STATUS_REACHED = "status_reached"
    READY = "order_ready"
    BLOCKED = "order_blocked"


class NotificationRule(models.Model):
    """On this occasion, say this to the customer of the order, over this channel.

    A rule has a text, a template, or both. Then the template goes where a provider does not let us
    write freely. Texts have placeholders; see `notifications.placeholders`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="notification_rules", db_index=False
    )
    occasion = models.CharField(max_length=14, choices=Occasion.choices)
    status = models.CharField(
        max_length=10,
        choices=Status.choices,
        blank=True,
        help_text="The status that the order reaches, for the occasion status_reached.",
    )
    channel = models.CharField(
        max_length=16,
        default=ANY_CHANNEL,
        help_text="The name of a provider, email, or any: whichever the customer uses.",
    )
    # Which of our lines. Empty: the one on which we talk with the customer, or the only one.
    line = models.UUIDField(null=True, blank=True)
    content = models.TextField(max_length=4096, blank=True)
    # Of an e-mail. Empty: a subject with the number of the order.
    subject = models.CharField(max_length=200, blank=True)
    # The name, the language and the parameters of a template, or null.
    template = models.JSONField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            # A second one would always be skipped.
            models.UniqueConstraint(
                fields=["project", "occasion", "status", "channel"],
                name="notification_rule_unique_by_occasion_and_channel",
            ),
            models.CheckConstraint(
                condition=Q(occasion__in=Occasion.values), name="notification_rule_occasion_known"
            ),
            models.CheckConstraint(
                condition=Q(occasion=Occasion.STATUS_REACHED, status__in=Status.values)
                | (~Q(occasion=Occasion.STATUS_REACHED) & Q(status="")),
                name="notification_rule_status_fits_occasion",
            ),
            models.CheckConstraint(
                condition=~Q(content="") | Q(template__isnull=False),
                name="notification_rule_says_something",
            ),
            models.CheckConstraint(
                condition=~Q(channel=""), name="notification_rule_channel_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.status}".strip() + f" over {self.channel}"


class RuleOutcome(models.Model):
    """What became of one rule for one event. There is one row, so nobody is told twice.

    It outlives the rule and the order.
    """

    class State(models.TextChoices):
        """Whether the customer is told."""

        # The line cannot be used at the moment. We try again.
        WAITING = "waiting"
        # A message or an e-mail is queued. It says by itself how far it gets.
        QUEUED = "queued"
        SKIPPED = "skipped"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The rule's project, repeated here for the list.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="rule_outcomes", db_index=False
    )
    rule = models.ForeignKey(
        NotificationRule,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="outcomes",
    )
    # As the rule had them then.
    occasion = models.CharField(max_length=14, choices=Occasion.choices)
    status = models.CharField(max_length=10, choices=Status.choices, blank=True)
    # The `event_id` of the event.
    event_id = models.UUIDField()
    order = models.ForeignKey(
        Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="rule_outcomes"
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    # Why the customer is not told, or not yet.
    reason = models.CharField(max_length=500, blank=True)
    # Over which channel the customer is told.
    channel = models.CharField(max_length=16, blank=True)
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # E-mails are deleted after some days.
    email = models.ForeignKey(
        OutgoingEmail, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "event_id"], name="rule_outcome_once_for_event"
            ),
            models.UniqueConstraint(
                fields=["event_id", "channel"],
                condition=Q(state="queued"),
                name="rule_outcome_one_message_for_event",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at__isnull=True)
                | Q(state__in=["queued", "skipped"], settled_at__isnull=False),
                name="rule_outcome_settled_when_over",
            ),
            models.CheckConstraint(
                condition=Q(state="queued") & ~Q(channel="")
                | ~Q(state="queued") & ~Q(reason="") & Q(message=None, email=None),
                name="rule_outcome_says_why_nothing_was_sent",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("project"), NEWEST_FIRST, name="rule_outcome_newest"),
            # How many e-mails did the project send today?
            models.Index(
                fields=["project", "settled_at"],
                condition=Q(state="queued", channel="email"),
                name="rule_outcome_emails",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.status}".strip() + f": {self.state}"


class StoppedAddress(models.Model):
    """An e-mail address that wants no more e-mails of a project's rules.

    We keep only a digest, so that the wish outlives the erasing of the customer's data.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="stopped_addresses", db_index=False
    )
    digest = models.CharField(max_length=64)
    stopped_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "stopped addresses"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "digest"], name="stopped_address_unique")
        ]

    def __str__(self) -> str:
        return f"stopped address {self.pk}"
