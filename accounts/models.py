"""Users, their sessions, and the projects that orders belong to."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MinLengthValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now


class UserManager(BaseUserManager["User"]):
    """The one door by which users come to be: each gets a personal project in the same breath."""

    @transaction.atomic
    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """Create a user with an own project. A missing password lets nobody log in.

        Raises IntegrityError where the e-mail is taken, in whatever case.
        """
        # Hashed first: it takes a tenth of a second, and a user is as old as their row.
        fields["password"] = make_password(password)
        user = self.model(email=self.normalize_email(email).strip(), **fields)
        user.save(using=self._db)
        project = Project.objects.create(name=user.email, personal_owner=user)
        Membership.objects.create(
            project=project, user=user, role=Membership.Role.OWNER
        )
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """Create a user with every permission, for `manage.py createsuperuser`."""
        return self.create_user(
            email, password, **{**fields, "is_staff": True, "is_superuser": True}
        )

    def get_by_natural_key(self, email: str | None) -> User:
        """Find a user by e-mail without regard to case, by the index on its lower form."""
        return self.annotate(email_key=Lower("email")).get(
            email_key=(email or "").lower()
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. The e-mail is the login."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Unique as written for Django's own check (auth.E003); the constraint below is the one that counts.
    email = models.EmailField(max_length=254, unique=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    address = models.TextField(max_length=1000, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique_without_case"
            ),
            models.CheckConstraint(condition=~Q(email=""), name="user_email_not_empty"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def name(self) -> str:
        """Both name parts, or an empty string."""
        return f"{self.first_name} {self.last_name}".strip()


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions, and how to hold them still."""

    def locked(self) -> SessionQuerySet:
        """Lock these rows until the transaction ends: none is refreshed and ended at once.

        The user's row stays free, since every sign-in writes to it.
        """
        return self.select_for_update(of=("self",), no_key=True)


class Session(models.Model):
    """One sign-in: every token of it dies when it ends.

    Access tokens name their session in the claim `sid`; the session is read at every request, so that
    a logout, a changed password or a deactivated user takes effect at once.
    """

    class EndReason(models.TextChoices):
        """Why a session ended."""

        LOGGED_OUT = "logged_out"
        PASSWORD_CHANGED = "password_changed"
        DEACTIVATED = "deactivated"
        TOKEN_REUSED = "token_reused"
        REVOKED = "revoked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    # HMAC of the password hash at sign-in: a password changed by any door ends the session.
    password_fingerprint = models.CharField(max_length=128, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=20, choices=EndReason.choices, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["user"], condition=Q(ended_at=None), name="session_open_by_user"
            ),
            models.Index(fields=["expires_at"], name="session_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"session {self.id} of user {self.user_id}"

    @property
    def has_current_password(self) -> bool:
        """Whether the user's password is still the one that this session was opened with."""
        return constant_time_compare(
            self.password_fingerprint, self.user.get_session_auth_hash()
        )

    @property
    def is_open(self) -> bool:
        """Whether a token of this session opens anything at this moment."""
        return (
            self.ended_at is None
            and self.expires_at > now()
            and self.user.is_active
            and self.has_current_password
        )


class Project(models.Model):
    """A shop or a team: who handles an order."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255, validators=[MinLengthValidator(1)])
    description = models.TextField(max_length=5000, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    settings = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    personal_owner = models.OneToOneField(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="personal_project",
        help_text="Set on the project that a user has from registration on.",
    )
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    members = models.ManyToManyField(
        User, through="Membership", related_name="projects"
    )

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a user may do in a project."""

    class Role(models.TextChoices):
        """From everything down to reading."""

        OWNER = "owner"
        MANAGER = "manager"
        AGENT = "agent"
        VIEWER = "viewer"

    # The roles that may create and change a project's orders.
    HANDLES_ORDERS: ClassVar = (Role.OWNER, Role.MANAGER, Role.AGENT)

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
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
        return f"{self.user} as {self.role} of {self.project}"


class IdempotencyRecord(models.Model):
    """The first answer to a request that carried an `Idempotency-Key`, for its repeats.

    It is inserted before the work and in its transaction: a repeat that comes while the first still
    runs waits on the unique key, and a crash takes both away.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 of method, path and body."
    )
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(
        blank=True, help_text="JSON as it was sent: a repeat is the same to the letter."
    )
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "key"], name="idempotency_key_unique_by_user"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="idempotency_by_age")
        ]

    def __str__(self) -> str:
        return f"{self.key} of user {self.user_id}"
