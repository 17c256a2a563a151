"""Users, and what they show of themselves."""

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
