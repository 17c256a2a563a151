"""What the members of a project want to hear of, and the e-mails that tell them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Membership, OutgoingEmail
from notifications.models.conversations import Conversation
from orders.models import Order


class NewsKind(models.TextChoices):
    """The kinds of news among which a member chooses."""

    INBOX = "inbox", "a customer wrote"
    ASSIGNED = "assigned", "conversations that are assigned to oneself"
    ORDERS = "orders", "orders that are new, or need somebody"


class NotificationPreference(models.Model):
    """A member's choice for one kind of news and one way to hear of it.

    Without a row, the way's own default applies. The row ends with the membership.
    """

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    kind = models.CharField(max_length=8, choices=NewsKind.choices)
    # One of `notifications.ways.WAYS`.
    way = models.CharField(max_length=16)
    is_on = models.BooleanField()
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership", "kind", "way"],
                name="notification_preference_unique_by_kind_and_way",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NewsKind.values), name="notification_preference_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.way}: {'on' if self.is_on else 'off'}"


class Digest(models.Model):
    """One e-mail that tells a member of several things.

    It takes entries until the e-mail is written. So however much happens, a member gets one e-mail
    in a while.
    """

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="digests")
    email = models.OneToOneField(
        OutgoingEmail, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When its e-mail was first written. From then on it takes no more entries.
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership"], condition=Q(closed_at=None), name="digest_one_open"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["membership", "-closed_at"], name="digest_by_member"),
            models.Index(fields=["created_at"], name="digest_by_age"),
        ]

    def __str__(self) -> str:
        return f"digest {self.pk}"


class DigestEntry(models.Model):
    """One event that a digest tells of. A member is told of an event by one digest only."""

    digest = models.ForeignKey(Digest, on_delete=models.CASCADE, related_name="entries")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    event_id = models.UUIDField()
    kind = models.CharField(max_length=8, choices=NewsKind.choices)
    event_type = models.CharField(max_length=32)
    # It may outlive what it is about, so these have no constraints.
    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
    )
    order = models.ForeignKey(
        Order,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    # The status that the order had then.
    order_status = models.CharField(max_length=9, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "digest entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership", "event_id"], name="digest_entry_once_by_member_and_event"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NewsKind.values), name="digest_entry_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(conversation=None, order__isnull=False)
                | Q(conversation__isnull=False, order=None),
                name="digest_entry_about_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} in digest {self.digest_id}"
