"""Users for tests, made and signed in by the services that make and sign in everybody."""

from itertools import count

from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import open_session, register_user

PASSWORD = "correct horse"

_number = count(1)


def make_user(
    *, email: str = "", password: str = PASSWORD, **overrides: object
) -> User:
    """Register a user with an e-mail of their own; `overrides` are fields set afterwards."""
    user = register_user(
        email=email or f"user{next(_number)}@example.com", password=password
    )
    if overrides:
        for name, value in overrides.items():
            setattr(user, name, value)
        user.save(update_fields=list(overrides))
    return user


def token_of(user: User) -> str:
    """Sign `user` in and return the access token."""
    return open_session(user=user).access


def client_of(user: User) -> APIClient:
    """Return a client that `user` is signed in with, by a real bearer token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_of(user)}")
    return client
