"""Users and what they sign in with, the projects that orders belong to, and what happened to both."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
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

from accounts.events import ActivityType


class UserManager(BaseUserManager["User"]):
    """The one door by which users come to be: each gets a profile and a personal project along."""

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
        if "created_at" not in fields:
            # The clock was asked twice, and documents show a new user's two moments alike.
            user.created_at = user.updated_at
            self.filter(pk=user.pk).update(created_at=user.created_at)
        Profile.objects.create(user=user)
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
    # The storefront's customers have one; nobody signs in with it.
    username = models.CharField(max_length=150, blank=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    address = models.TextField(max_length=1000, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    # Set where the account was deleted: the row stays for the orders, and nothing of the person is in it.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
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
            models.UniqueConstraint(
                Lower("username"),
                condition=~Q(username=""),
                name="user_username_unique_without_case",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def name(self) -> str:
        """Both name parts, or an empty string."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def role(self) -> str:
        """What the user is to the whole service: `user`, `staff` or `admin` (the hub's words)."""
        if self.is_superuser:
            return "admin"
        return "staff" if self.is_staff else "user"


def avatar_path(_profile: Profile, filename: str) -> str:
    """Return where an avatar is stored: a name that nobody guesses and no client chose."""
    return f"avatars/{uuid.uuid4().hex}{PurePosixPath(filename).suffix}"


class Profile(models.Model):
    """What a user shows of themselves, and how they like things."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    avatar = models.ImageField(upload_to=avatar_path, blank=True)
    preferences = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"


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
        DELETED = "deleted"
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


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """API tokens by whether they still count."""

    def in_force(self) -> ApiTokenQuerySet:
        """Keep those that are neither revoked nor expired, whether or not their user may come in."""
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now()), revoked_at=None
        )


class ApiToken(models.Model):
    """A key that a program signs in with, in its user's name and within its scopes.

    The token is `oc_<prefix>_<secret>`. It is found by its prefix and believed for its digest; the
    secret is shown once and kept nowhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the whole token."
    )
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    # To the minute: a token that is used all day costs a write per minute.
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        indexes: ClassVar = [
            models.Index(fields=["user", "created_at"], name="api_token_by_user")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="api_token_named")
        ]

    def __str__(self) -> str:
        return f"{self.name} (oc_{self.prefix}_…)"

    @property
    def is_open(self) -> bool:
        """Whether the token opens anything at this moment."""
        return (
            self.revoked_at is None
            and (self.expires_at is None or self.expires_at > now())
            and self.user.is_active
        )


class EmailCode(models.Model):
    """What proves that somebody reads the e-mails of an address: six digits, and a link beside them.

    There is one row for each user and purpose, so that the newest counts by itself. Both secrets are
    made as the e-mail is written and stand here as digests only.
    """

    class Purpose(models.TextChoices):
        """What the proof is for."""

        VERIFY_EMAIL = "verify_email"
        RESET_PASSWORD = "reset_password"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_codes")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    email = models.EmailField(
        max_length=254, help_text="The address that the code was sent to."
    )
    # Empty after too many wrong tries: guesses kill the digits, and never the link, so that whoever has
    # the mailbox gets in whatever others try.
    code_digest = models.CharField(max_length=64, blank=True, editable=False)
    link_digest = models.CharField(max_length=64, unique=True, editable=False)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    # Those of all codes of a day, however many were sent: they outlive their codes.
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
        indexes: ClassVar = [
            models.Index(fields=["link_expires_at"], name="email_code_by_expiry")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of user {self.user_id}"


class OutgoingEmail(models.Model):
    """An e-mail that is due, as a fact without its text: the text is made when it is sent.

    The row is the truth, the task a nudge. A worker claims a row by moving `next_attempt_at` past its
    lease, so that a crash gives it back by itself. Codes and links never stand here.
    """

    class Kind(models.TextChoices):
        """What the e-mail says."""

        VERIFY_EMAIL = "verify_email"
        RESET_PASSWORD = "reset_password"
        EMAIL_CHANGED = "email_changed"
        PASSWORD_CHANGED = "password_changed"
        INVITATION = "invitation"

    class State(models.TextChoices):
        """How it stands."""

        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    recipient = models.EmailField(max_length=254)
    data = models.JSONField(
        default=dict, blank=True, help_text="Ids and plain words for the text."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=now)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    # After this nobody would want it any more: a code that has expired on its way.
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sent", "failed", "dropped"]),
                name="outgoing_email_state_known",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="pending"),
                name="outgoing_email_due",
            ),
            # Is a code on its way to this address?
            models.Index(
                fields=["recipient", "kind"],
                condition=Q(state="pending"),
                name="outgoing_email_on_its_way",
            ),
            models.Index(fields=["created_at"], name="outgoing_email_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} e-mail {self.pk}"


class Project(models.Model):
    """A shop or a team: who handles an order."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255, validators=[MinLengthValidator(1)])
    description = models.TextField(max_length=5000, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    settings = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    is_storefront = models.BooleanField(
        default=False,
        editable=False,
        help_text="The project whose products the storefront sells.",
    )
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

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_storefront"],
                condition=Q(is_storefront=True),
                name="project_one_storefront",
            )
        ]

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
        # Without the e-mail: the admin writes this into its history, which outlives the account.
        return f"user {self.user_id} as {self.role} of {self.project}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations by how they stand."""

    def open(self) -> InvitationQuerySet:
        """Keep those that are neither accepted nor revoked; their time may be over."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """A seat in a project that is kept for whoever reads the e-mails of an address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Membership.Role.choices)
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Empty until the e-mail is written: the link is made then and stands here as a digest only.
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
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="invitation_by_expiry")
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.project}"


APPEND_ONLY = "activity is append-only: nothing changes a row"


class ActivityQuerySet(models.QuerySet["Activity"]):
    """What happened. It is read and forgotten, and never told otherwise."""

    def update(self, **fields: Any) -> int:
        """Refuse: what happened has happened."""
        raise TypeError(APPEND_ONLY)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        """Refuse: what happened has happened."""
        raise TypeError(APPEND_ONLY)


class Activity(models.Model):
    """Something that touched who gets in: written once by a service, read by those it concerns.

    It outlives what it tells of, hence the plain ids. Rows are never changed; `flush_expired` deletes
    them when their time is over.
    """

    # The surfaces show it: the number would tell how much happens to everybody else.
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=32, choices=ActivityType.choices)
    # Whose account it is about; empty where nobody has such an account.
    user_id = models.BigIntegerField(null=True)
    # Who did it; empty where nobody was signed in.
    actor_id = models.BigIntegerField(null=True)
    project_id = models.BigIntegerField(null=True)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=255, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now, editable=False)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activity"
        indexes: ClassVar = [
            models.Index(fields=["user_id", "id"], name="activity_by_user"),
            models.Index(fields=["project_id", "id"], name="activity_by_project"),
            models.Index(fields=["created_at"], name="activity_by_age"),
            # Who has tens of thousands of failed sign-ins is under attack, and asked for the others.
            models.Index(
                fields=["user_id", "created_at"],
                condition=Q(type=ActivityType.LOGIN_SUCCEEDED),
                name="activity_sign_ins_by_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} at {self.created_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises TypeError for one that is there already."""
        if not self._state.adding:
            raise TypeError(APPEND_ONLY)
        super().save(*args, **kwargs)


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
