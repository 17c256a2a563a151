"""Users for tests, signed in by the real services."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.events import ActivityType
from accounts.mail.proofs import LINK_LIFETIMES
from accounts.models import (
    Activity,
    ApiToken,
    EmailCode,
    Membership,
    OutgoingEmail,
    Profile,
    Project,
    User,
)
from accounts.services import create_api_token, open_session

PASSWORD = "correct horse"

_number = count(1)


def make_user(*, email: str = "", password: str = PASSWORD, **overrides: object) -> User:
    """Make a registered user with an e-mail of their own; `overrides` are fields set afterwards."""
    [user] = make_users([email or f"user{next(_number)}@example.com"], password)
    if overrides:
        for name, value in overrides.items():
            setattr(user, name, value)
        user.save(update_fields=list(overrides))
    return user


@transaction.atomic
def make_users(emails: Sequence[str], password: str = PASSWORD) -> list[User]:
    """Make registered users with these e-mails and this password.

    Nearly all tests begin with users. So it writes the rows of `register_user` with one statement
    for each table. A test compares both.
    """
    hashed = make_password(password)
    users = User.objects.bulk_create(
        [User(email=User.objects.normalize_email(email), password=hashed) for email in emails]
    )
    User.objects.filter(pk__in=[user.pk for user in users]).update(created_at=F("updated_at"))
    for user in users:
        user.created_at = user.updated_at
    Profile.objects.bulk_create([Profile(user=user) for user in users])
    projects = Project.objects.bulk_create(
        [Project(name=user.email, personal_owner=user) for user in users]
    )
    Membership.objects.bulk_create(
        [
            Membership(project=project, user=user, role=Membership.Role.OWNER)
            for project, user in zip(projects, users, strict=True)
        ]
    )
    Activity.objects.bulk_create(
        [
            Activity(type=ActivityType.USER_REGISTERED, user_id=user.pk, actor_id=user.pk)
            for user in users
        ]
    )
    now = timezone.now()
    OutgoingEmail.objects.bulk_create(
        [
            OutgoingEmail(
                kind=OutgoingEmail.Kind.VERIFY_EMAIL,
                recipient=user.email,
                data={"ip_address": ""},
                created_at=now,
                next_attempt_at=now,
                expires_at=now + LINK_LIFETIMES[EmailCode.Purpose.VERIFY_EMAIL],
            )
            for user in users
        ]
    )
    return users


def make_staff(*codenames: str) -> User:
    """Make a member of the staff with these permissions of the back office, and no others."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


def token_of(user: User) -> str:
    """Sign `user` in and return the access token."""
    return open_session(user=user).access


def make_api_token(
    user: User,
    *scopes: str,
    name: str = "A program",
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make an API token of `user`, by default for reading orders. Return it and its text."""
    return create_api_token(
        user=user, name=name, scopes=scopes or ("orders:read",), expires_at=expires_at
    )


def client_with(text: str) -> APIClient:
    """Return a client that shows this token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def client_of(user: User) -> APIClient:
    """Return a client that `user` is signed in with, by a real bearer token."""
    return client_with(token_of(user))
