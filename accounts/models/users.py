"""Users and their profiles."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from accounts.models.projects import Membership, Project


class UserManager(BaseUserManager["User"]):
    """Creates users, each with a profile and a personal project. All users are created here."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user with a profile and a project. Without a password there is no login.

        Raises IntegrityError if the e-mail is taken, in any mix of upper and lower case.
        """
        # Hash first, because it takes a tenth of a second and nobody else should wait for it.
        return self.create_hashed(email, make_password(password), **fields)

    @transaction.atomic
    def create_hashed(self, email: str, hashed: str, **fields: Any) -> User:
        """Do the same with a password that is hashed already."""
        user = self.model(email=self.normalize_email(email).strip(), password=hashed, **fields)
        user.save(using=self._db)
        if "created_at" not in fields:
            # The two defaults read the clock one after the other, but the documents show the same
            # moment for both in a new user.
            user.created_at = user.updated_at
            self.filter(pk=user.pk).update(created_at=user.created_at)
        Profile.objects.create(user=user)
        project = Project.objects.create(name=user.email, personal_owner=user)
        Membership.objects.create(project=project, user=user, role=Membership.Role.OWNER)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user with every permission, for `manage.py createsuperuser`."""
        return self.create_user(
            email, password, **{**fields, "is_staff": True, "is_superuser": True}
        )

    def get_by_natural_key(self, email: str | None) -> User:
        """Find a user by e-mail, ignoring case. Uses the index on the lower-case form."""
        return self.annotate(email_key=Lower("email")).get(email_key=(email or "").lower())

    def with_email(self, email: str) -> User | None:
        """Return the user that `get_by_natural_key` finds, or None."""
        try:
            return self.get_by_natural_key(email)
        except self.model.DoesNotExist:
            return None


# Far more characters than anybody types. Without a bound, a client could have a megabyte hashed.
MAX_PASSWORD_LENGTH = 1024


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in, with their e-mail as the login."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Django's own check (auth.E003) wants this unique. The constraint below is the one that
    # matters.
    email = models.EmailField(max_length=254, unique=True)
    # Customers of the storefront have one. Nobody signs in with it.
    username = models.CharField(max_length=150, blank=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    address = models.TextField(max_length=1000, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    # When the password was first reset through an e-mail to this address. That ended all access
    # from before; later resets end nothing.
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Set when the account is deleted. The row stays for the orders but holds nothing about the
    # person.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_without_case"),
            models.CheckConstraint(condition=~Q(email=""), name="user_email_not_empty"),
            models.UniqueConstraint(
                Lower("username"),
                condition=~Q(username=""),
                name="user_username_unique_without_case",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def check_password(self, raw_password: str | None) -> bool:
        """Tell whether this is the user's password. One over the limit is not even hashed."""
        if raw_password is not None and len(raw_password) > MAX_PASSWORD_LENGTH:
            return False
        return super().check_password(raw_password)

    @property
    def name(self) -> str:
        """First and last name, or an empty string."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def role(self) -> str:
        """The user's role in the whole service: `user`, `staff` or `admin` (the hub's words)."""
        if self.is_superuser:
            return "admin"
        return "staff" if self.is_staff else "user"


def avatar_path(_profile: Profile, filename: str) -> str:
    """Return where to store an avatar: under a random name that no client chose."""
    return f"avatars/{uuid.uuid4().hex}{PurePosixPath(filename).suffix}"


class Profile(models.Model):
    """A user's avatar and preferences, and how they like the pages."""

    class Theme(models.TextChoices):
        """The colours of the pages. `system` follows the device."""

        SYSTEM = "system", "Like the device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        """How much space rows have."""

        COMFORTABLE = "comfortable", "Comfortable"
        COMPACT = "compact", "Compact"

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    avatar = models.ImageField(upload_to=avatar_path, blank=True)
    # Belongs to the clients of the API, which replace it as a whole.
    preferences = models.JSONField(default=dict, blank=True)
    theme = models.CharField(max_length=6, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(max_length=11, choices=Density.choices, default=Density.COMFORTABLE)
    # Whether single keys do something on the pages. People who dictate switch this off.
    has_single_keys = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(theme__in=["system", "light", "dark"]), name="profile_theme_known"
            ),
            models.CheckConstraint(
                condition=Q(density__in=["comfortable", "compact"]), name="profile_density_known"
            ),
        ]

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"
