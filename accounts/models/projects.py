"""Projects, their members and their invitations.

Foreign keys name the user model by a string, because `users` imports this module: each user gets a
project.
"""

from __future__ import annotations

import uuid
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from orderchainer.core.money import DEFAULT_CURRENCY, IS_CODE
from orderchainer.core.zones import zone_named


class Project(models.Model):
    """A shop or a team that handles orders."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255, validators=[MinLengthValidator(1)])
    description = models.TextField(max_length=5000, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(
        max_length=3,
        default=DEFAULT_CURRENCY,
        help_text="ISO 4217. New products and orders start with it.",
    )
    settings = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    is_storefront = models.BooleanField(
        default=False,
        editable=False,
        help_text="The project whose products the storefront sells.",
    )
    personal_owner = models.OneToOneField(
        "accounts.User",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="personal_project",
        help_text="Set on the project that a user has from registration on.",
    )
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    members = models.ManyToManyField("accounts.User", through="Membership", related_name="projects")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_storefront"],
                condition=Q(is_storefront=True),
                name="project_one_storefront",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=IS_CODE), name="project_currency_is_a_code"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that cuts its days."""
        return zone_named(self.timezone)


class Membership(models.Model):
    """A user's role in a project."""

    class Role(models.TextChoices):
        """From most to fewest rights."""

        OWNER = "owner"
        MANAGER = "manager"
        AGENT = "agent"
        VIEWER = "viewer"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "user"], name="membership_unique_by_project_and_user"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "manager", "agent", "viewer"]),
                name="membership_role_known",
            ),
        ]

    def __str__(self) -> str:
        # No e-mail here: the admin writes this text into its history, which outlives the account.
        return f"user {self.user_id} as {self.role} of {self.project}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, filtered by state."""

    def open(self) -> InvitationQuerySet:
        """Keep those that are neither accepted nor revoked; they may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """A place in a project, kept for the reader of an address's e-mails."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Membership.Role.choices)
    invited_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Empty until the e-mail is written. The link is made then, and only its digest is stored here.
    link_digest = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "project",
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once_by_project_and_email",
            ),
            models.UniqueConstraint(
                fields=["link_digest"],
                condition=~Q(link_digest=""),
                name="invitation_link_unique",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "manager", "agent", "viewer"]),
                name="invitation_role_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="invitation_by_expiry")]

    def __str__(self) -> str:
        return f"{self.role} of {self.project}"
