"""Outgoing e-mails, and the codes that they carry."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models.users import User
from orderchainer.core.outbox import Outgoing, TryAgain, due_index, state_known


class EmailCode(models.Model):
    """Proof that somebody reads the e-mails of an address: six digits, and a link beside them.

    There is one row for each user and purpose, so only the newest code is valid. Both secrets are
    made when the e-mail is written, and only their digests are stored here.
    """

    class Purpose(models.TextChoices):
        """What the proof is for."""

        VERIFY_EMAIL = "verify_email"
        RESET_PASSWORD = "reset_password"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_codes")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    email = models.EmailField(max_length=254, help_text="The address that the code was sent to.")
    # Empty after too many wrong tries. Wrong tries invalidate the digits but never the link, so
    # that the owner of the mailbox can always get in.
    code_digest = models.CharField(max_length=64, blank=True, editable=False)
    link_digest = models.CharField(max_length=64, unique=True, editable=False)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    # Wrong tries of one day over all codes, however many were sent. They outlive their codes.
    guesses = models.PositiveSmallIntegerField(default=0, editable=False)
    guesses_since = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    link_expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "purpose"], name="email_code_one_by_user_and_purpose"
            ),
            models.CheckConstraint(
                condition=Q(wrong_tries__lte=5), name="email_code_tries_bounded"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["link_expires_at"], name="email_code_by_expiry")]

    def __str__(self) -> str:
        return f"{self.purpose} of user {self.user_id}"


class OutgoingEmail(Outgoing):
    """An e-mail to be sent, stored without its text: the text is made when it is sent.

    Codes and links are never stored here.
    """

    class Kind(models.TextChoices):
        """What an e-mail about an account says. Apps above have kinds of their own."""

        VERIFY_EMAIL = "verify_email"
        RESET_PASSWORD = "reset_password"
        EMAIL_CHANGED = "email_changed"
        PASSWORD_CHANGED = "password_changed"
        INVITATION = "invitation"

    # An e-mail that lives for a day is tried about thirty times. More attempts than these happen
    # only if each one kills its worker.
    MAX_ATTEMPTS: ClassVar = 50
    FIRST_DELAY_SECONDS: ClassVar = 10
    MAX_DELAY_SECONDS: ClassVar = 60 * 60

    # One of `accounts.mail.letters.KINDS`.
    kind = models.CharField(max_length=16)
    recipient = models.EmailField(max_length=254)
    data = models.JSONField(default=dict, blank=True, help_text="Ids and plain words for the text.")
    # After this the e-mail is useless, for example because its code has expired.
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [state_known("outgoing_email_state_known")]
        indexes: ClassVar = [
            due_index("outgoing_email_due"),
            # To find a code that is on its way to this address.
            models.Index(
                fields=["recipient", "kind"],
                condition=Q(state="pending"),
                name="outgoing_email_on_its_way",
            ),
            models.Index(fields=["created_at"], name="outgoing_email_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} e-mail {self.pk}"

    def reason_to_give_up(self, why: TryAgain, now: datetime) -> str | None:
        """Return None: an e-mail ends at `expires_at`, which we check before each attempt."""
        return None
