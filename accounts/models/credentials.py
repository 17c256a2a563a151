"""What people and programs sign in with: sessions and API tokens."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now

from accounts.models.users import User


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions, with a way to lock them."""

    def locked(self) -> SessionQuerySet:
        """Lock these rows until the transaction ends.

        So no request refreshes a session while another request ends it. The user's row stays
        unlocked, because every sign-in writes to it.
        """
        return self.select_for_update(of=("self",), no_key=True)


class Session(models.Model):
    """One sign-in. When it ends, all its tokens and its cookie stop working.

    Access tokens name their session in the claim `sid`, and the cookie of the pages names its
    session as well. We read the session on every request, so that a logout, a changed password or a
    deactivated user takes effect at once.
    """

    class Door(models.TextChoices):
        """How somebody signed in, and so what the session has: tokens or a cookie."""

        API = "api", "API"
        BROWSER = "browser", "Browser"

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
    door = models.CharField(max_length=7, choices=Door.choices, default=Door.API, editable=False)
    # HMAC of the password hash at sign-in: any change of the password ends the session.
    password_fingerprint = models.CharField(max_length=128, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=20, choices=EndReason.choices, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(door__in=["api", "browser"]), name="session_door_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(ended_at=None), name="session_open_by_user"),
            models.Index(fields=["expires_at"], name="session_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"session {self.id} of user {self.user_id}"

    @property
    def has_current_password(self) -> bool:
        """Whether the user still has the password that this session was opened with."""
        return constant_time_compare(self.password_fingerprint, self.user.get_session_auth_hash())

    @property
    def is_open(self) -> bool:
        """Whether the tokens or the cookie of this session work now."""
        return (
            self.ended_at is None
            and self.expires_at > now()
            and self.user.is_active
            and self.has_current_password
        )


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """API tokens, filtered by whether they are valid."""

    def in_force(self) -> ApiTokenQuerySet:
        """Keep those that are neither revoked nor expired, even if their user is deactivated."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now()), revoked_at=None)


class ApiToken(models.Model):
    """A key with which a program acts for its user, within the key's scopes.

    The token is `oc_<prefix>_<secret>`. We find it by its prefix and check it by its digest. We
    show the secret once and do not store it.
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
    # Updated once a minute at most, so that a busy token costs one write a minute.
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        indexes: ClassVar = [models.Index(fields=["user", "created_at"], name="api_token_by_user")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="api_token_named")
        ]

    def __str__(self) -> str:
        return f"{self.name} (oc_{self.prefix}_…)"

    @property
    def is_open(self) -> bool:
        """Whether the token works now."""
        return (
            self.revoked_at is None
            and (self.expires_at is None or self.expires_at > now())
            and self.user.is_active
        )
