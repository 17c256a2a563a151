"""A project's customers, and where each can be reached."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project
from orders.models import Order

MAX_PROVIDER_ID_LENGTH = 191


class Contact(models.Model):
    """A person who writes to a project, or to whom it writes.

    We never merge two contacts because their names are equal. A member merges them, or an
    invitation or a change of number shows that both are the same person.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=255, blank=True)
    language = models.CharField(
        max_length=35, blank=True, help_text="A BCP 47 tag, for example en or pt-BR."
    )
    notes = models.TextField(max_length=5000, blank=True)
    is_blocked = models.BooleanField(
        default=False, help_text="Messages of a blocked contact are kept and shown to nobody."
    )
    # Since when the contact wants no messages that rules send.
    stopped_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], name="contact_by_project"),
            # There are few. Their messages are in no inbox and in no figure.
            models.Index(fields=["project"], condition=Q(is_blocked=True), name="contact_blocked"),
        ]

    def __str__(self) -> str:
        return f"contact {self.uuid}"


class MergedContact(models.Model):
    """A contact that another one has taken in. Links that name it lead to the other one."""

    former_id = models.BigIntegerField(unique=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    merged_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"contact {self.former_id}, now {self.contact_id}"


class ContactAddress(models.Model):
    """Where a contact can be reached: an account at a channel, as seen from one of our lines.

    A line is our own end of a channel, such as one number of the project. We know it by the UUID
    of what an app above calls an integration.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses")
    channel = models.CharField(max_length=16)
    line = models.UUIDField()
    # The provider's own key of the person. Some people have none yet: then the number tells them
    # apart.
    provider_id = models.CharField(max_length=MAX_PROVIDER_ID_LENGTH, blank=True)
    # The number as the provider writes it. Answers go to it. Some people have none.
    number = models.CharField(max_length=32, blank=True)
    # The same number in E.164, to compare it with those in orders.
    phone = models.CharField(max_length=16, blank=True)
    # Since when the number is theirs, if they had another one before. Whoever wrote with it before
    # that is somebody else.
    number_since = models.DateTimeField(null=True, blank=True)
    username = models.CharField(max_length=64, blank=True)
    # Until when the channel lets us write to it freely. Empty if the channel has no such limit, or
    # if nobody has written from it.
    window_until = models.DateTimeField(null=True, blank=True)
    # The person blocked us, or the account is gone, since then.
    unreachable_since = models.DateTimeField(null=True, blank=True)
    # The moment of the last that we heard about it. What is older comes late, and changes nothing.
    reachable_told_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "contact addresses"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line", "provider_id"],
                condition=~Q(provider_id=""),
                name="address_unique_by_provider_id",
            ),
            models.UniqueConstraint(
                fields=["line", "number"],
                condition=~Q(number=""),
                name="address_unique_by_number",
            ),
            models.CheckConstraint(
                condition=~Q(provider_id="", number=""), name="address_leads_somewhere"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["line", "phone"], name="address_by_phone")]

    def __str__(self) -> str:
        return f"{self.channel} of contact {self.contact_id}"

    def got_number_after(self, at: datetime) -> bool:
        """Tell whether somebody else may have had the number at that moment."""
        return self.number_since is not None and self.number_since > at


class ChatInvitation(models.Model):
    """An invitation that a customer has followed: a link that opens the chat and names them.

    The signed link itself says whom and which order it is about. We make the row when somebody uses
    the link, so that it works only once, and so that we know which order they came to write about.
    """

    digest = models.CharField(max_length=64, unique=True)
    line = models.UUIDField()
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="chat_invitations")
    order = models.ForeignKey(
        Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Who followed it. It outlives the address only at another address of the same person, because
    # without the row the link would work again.
    address = models.ForeignKey(ContactAddress, on_delete=models.RESTRICT, related_name="+")
    used_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"chat invitation of contact {self.contact_id}"
