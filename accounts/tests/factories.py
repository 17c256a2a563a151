"""Users for tests, made and signed in by the real services."""

from datetime import datetime
from itertools import count

from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.services import create_api_token, open_session, register_user

PASSWORD = "correct horse"

_number = count(1)


def make_user(*, email: str = "", password: str = PASSWORD, **overrides: object) -> User:
    """Register a user with an e-mail of their own; `overrides` are fields set afterwards."""
    user = register_user(email=email or f"user{next(_number)}@example.com", password=password)
    if overrides:
        for name, value in overrides.items():
            setattr(user, name, value)
        user.save(update_fields=list(overrides))
    return user


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
