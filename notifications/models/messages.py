"""The messages of a conversation, how each one travels, and what people do with it afterwards."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH, ContactAddress
from notifications.models.conversations import Conversation
from orderchainer.core.outbox import FAILED, PENDING, Work, due_index, state_known
from orders.models import Order

# The indexes of providers' ids leave out empty ones. A search for an id must do so too, or SQLite
# would not use the index.
HAS_PROVIDER_ID = ~Q(provider_id="")


class Direction(models.TextChoices):
    """Who wrote it: the contact, or somebody here."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ContentType(models.TextChoices):
    """What a message is. A kind that we do not know is kept and shown as unsupported."""

    TEXT = "text"
    TEMPLATE = "template"
    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"
    VIDEO = "video"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    BUTTON = "button"
    SYSTEM = "system"
    UNSUPPORTED = "unsupported"


class MessageStatus(models.TextChoices):
    """How far a message got. `received` is for inbound ones, all others are for outbound ones."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    # It was sent, but no answer came: it may or may not have arrived.
    UNCERTAIN = "uncertain"


class Sentiment(models.TextChoices):
    """How a customer feels in a message."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    MIXED = "mixed"


class Urgency(models.TextChoices):
    """How soon somebody should answer a message."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Message(models.Model):
    """One message of a conversation, in either direction."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The conversation's project, repeated here for the inbox.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    # The contact's address: where an inbound message came from, or where an outbound one goes.
    address = models.ForeignKey(ContactAddress, on_delete=models.RESTRICT, related_name="+")
    direction = models.CharField(max_length=8, choices=Direction.choices)
    channel = models.CharField(max_length=16)
    line = models.UUIDField()
    content_type = models.CharField(max_length=11, choices=ContentType.choices)
    # The text that people read. For a button it is the title, for a picture the caption.
    content = models.TextField(blank=True)
    # More that only its kind has: a template's name and parameters, a location's coordinates.
    details = models.JSONField(default=dict, blank=True)
    order = models.ForeignKey(
        Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages"
    )
    # The message that it answers.
    reply_to = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Who wrote an outbound message; empty if a rule of the project did.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    ai_generated = models.BooleanField(default=False)
    is_read = models.BooleanField(default=False, help_text="Counts for inbound messages only.")
    read_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=9, choices=MessageStatus.choices)
    # Why it failed, or why it still waits: the provider's code if there is one, and a sentence for
    # people.
    error_code = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=500, blank=True)
    # How an inbound message sounds; empty unless somebody has judged it.
    sentiment = models.CharField(max_length=8, choices=Sentiment.choices, blank=True)
    urgency = models.CharField(max_length=6, choices=Urgency.choices, blank=True)
    # The provider's id for it, unique on the line. Empty until the provider has told us.
    provider_id = models.CharField(max_length=MAX_PROVIDER_ID_LENGTH, blank=True)
    # When it was written, as its provider says. The order of messages follows it.
    written_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    # Its writer deleted it then. We keep what it said.
    deleted_at = models.DateTimeField(null=True, blank=True)
    # When it arrived here or was written here.
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line", "provider_id"],
                condition=HAS_PROVIDER_ID,
                name="message_unique_by_provider_id",
            ),
            models.CheckConstraint(
                condition=Q(direction="inbound", status="received")
                | (Q(direction="outbound") & ~Q(status="received")),
                name="message_status_fits_direction",
            ),
        ]
        indexes: ClassVar = [
            # A thread, and its newest message.
            models.Index(
                fields=["conversation", "written_at", "id"], name="message_by_conversation"
            ),
            # The inbox: the first index finds all messages, the second the unread ones. With the
            # first, PostgreSQL also counts messages, and finds the last one of a direction or a
            # channel, without reading the table.
            models.Index(
                fields=["project", "-created_at", "-id", "conversation", "direction", "channel"],
                name="message_by_project",
            ),
            models.Index(
                fields=["project", "-created_at", "-id"],
                condition=Q(direction="inbound", is_read=False),
                name="message_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} message {self.uuid}"


class MessageVersion(models.Model):
    """What a message said before its writer changed or deleted it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="versions")
    content = models.TextField(blank=True)
    replaced_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"earlier version of message {self.message_id}"


class Reaction(models.Model):
    """An emoji that the contact set on a message. Setting another one replaces it.

    `emoji` is empty if the contact removed it.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="reaction")
    emoji = models.CharField(max_length=64, blank=True)
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"reaction to message {self.message_id}"


class StatusReport(models.Model):
    """What a provider reported about an outbound message: one step of its delivery."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reports")
    # The round of sending that it is about; see `MessageSend.round`.
    round = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=9, choices=MessageStatus.choices)
    reported_at = models.DateTimeField(help_text="The provider's moment.")
    error_code = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["message", "round", "status"],
                name="status_report_unique_by_message_and_status",
            )
        ]

    def __str__(self) -> str:
        return f"{self.status} of message {self.message_id}"


class ParkedStatus(models.Model):
    """A report that waits until we know its message, usually because our call is still running."""

    line = models.UUIDField()
    provider_id = models.CharField(max_length=MAX_PROVIDER_ID_LENGTH)
    # Our own UUID of the message, if the provider echoes it.
    message_uuid = models.UUIDField(null=True, blank=True)
    status = models.CharField(max_length=9, choices=MessageStatus.choices)
    reported_at = models.DateTimeField()
    error_code = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=500, blank=True)
    # When the sweep looks again whether we know the message. Each pause is as long as the report
    # has waited, so it looks about 15 times in a week.
    look_at = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "parked statuses"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line", "provider_id", "status"], name="parked_status_unique"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="parked_status_by_age"),
            models.Index(fields=["look_at"], name="parked_status_to_look_at"),
            models.Index(
                fields=["message_uuid"],
                condition=Q(message_uuid__isnull=False),
                name="parked_status_by_message",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.provider_id}"


class SendState(models.TextChoices):
    """The state of a part on its way out."""

    PENDING = PENDING
    SENT = "sent"
    FAILED = FAILED
    DROPPED = "dropped"
    # The call got no answer in time. A late answer, a report or a person decides what comes next.
    UNCERTAIN = "uncertain"


class MessageSend(Work):
    """One part of an outbound message on its way to the provider; most messages are one part.

    The parts of a conversation go out one after the other, in the order of their ids.
    """

    State = SendState
    DONE: ClassVar = State.SENT
    DROPPED: ClassVar = State.DROPPED
    # These take an hour and a half. What is no failed attempt, such as an outage of the network or
    # a pause of the line, does not count: the message then waits for up to a day.
    MAX_ATTEMPTS: ClassVar = 20
    FIRST_DELAY_SECONDS: ClassVar = 3
    MAX_DELAY_SECONDS: ClassVar = 10 * 60

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="sends")
    # The message's conversation, repeated here. It is the lane in which parts wait for each other.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    part = models.PositiveSmallIntegerField(default=1)
    # The first round is 1. When a person sends the message again, we make new rows with the next
    # round. The earlier rows stay, because they have the provider's earlier ids.
    round = models.PositiveSmallIntegerField(default=1)
    text = models.TextField(blank=True)
    provider_id = models.CharField(max_length=MAX_PROVIDER_ID_LENGTH, blank=True)
    # The provider's code of the last failure.
    error_code = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [
            state_known("message_send_state_known", SendState),
            models.UniqueConstraint(
                fields=["message", "round", "part"], name="message_send_unique_by_part"
            ),
        ]
        indexes: ClassVar = [
            due_index("message_send_due"),
            models.Index(
                fields=["conversation", "id"],
                condition=Q(state="pending"),
                name="message_send_lane",
            ),
            models.Index(
                fields=["provider_id"],
                condition=HAS_PROVIDER_ID,
                name="message_send_by_provider_id",
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.part} of message {self.message_id}"


class FileState(models.TextChoices):
    """The state of a file."""

    PENDING = PENDING
    STORED = "stored"
    FAILED = FAILED
    DROPPED = "dropped"


class Attachment(Work):
    """A file of a message. An inbound one is fetched by a task and kept privately."""

    State = FileState
    DONE: ClassVar = State.STORED
    DROPPED: ClassVar = State.DROPPED
    # WhatsApp keeps a file for a week at least, and Telegram longer. The attempts take as long.
    MAX_DAYS: ClassVar = 7
    MAX_ATTEMPTS: ClassVar = 50
    FIRST_DELAY_SECONDS: ClassVar = 3
    MAX_DELAY_SECONDS: ClassVar = 6 * 60 * 60
    # If so many attempts were cut off, the file probably kills its worker.
    MAX_CUT_OFF: ClassVar = 8

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    # How many attempts never ended, because something stopped the worker.
    cut_off = models.PositiveSmallIntegerField(default=0)
    # The provider's id of the file, or an https link that a member sent instead of a file.
    provider_id = models.CharField(max_length=512, blank=True)
    link = models.URLField(max_length=2048, blank=True)
    # As the sender calls it. We never use it as a path.
    filename = models.CharField(max_length=255, blank=True)
    # The type that we found from its content, not the one that its sender claims.
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    # The name of the stored file in the private storage.
    file = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints: ClassVar = [state_known("attachment_state_known", FileState)]
        indexes: ClassVar = [due_index("attachment_due")]

    def __str__(self) -> str:
        return f"attachment {self.uuid}"

    @property
    def is_worn_out(self) -> bool:
        """Whether it has been tried, or cut off, too often."""
        return super().is_worn_out or self.cut_off >= self.MAX_CUT_OFF
