"""The bodies of users and tokens on the chain surface."""

from django.conf import settings

from accounts.api.envelope.presentation import user_body
from accounts.models import User
from accounts.tokens import TokenPair
from orderchainer.core.http.surfaces import Body


def registered_body(user: User) -> Body:
    """Write `user` as `RegisteredUser`."""
    return {
        "email": user.email,
        "id": user.pk,
        "is_active": user.is_active,
        "success": True,
        "data": user_body(user),
        "message": "User created successfully",
    }


def tokens_body(pair: TokenPair) -> Body:
    """Write `pair` as `Tokens`."""
    return {
        "access_token": pair.access,
        "token_type": "bearer",
        "refresh_token": pair.refresh,
        "expires_in": settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60,
        "user_id": pair.user_id,
    }
