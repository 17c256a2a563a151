"""Writing users as the envelope document does: camelCase, moments with milliseconds."""

from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.tokens import TokenPair
from orderchainer.core.http.moments import milliseconds


def shown_user(user: User) -> dict[str, Any]:
    """Write one user."""
    return {
        "userId": str(user.uuid),
        "email": user.email,
        "createdAt": milliseconds(user.created_at),
        "updatedAt": milliseconds(user.updated_at),
    }


def shown_sign_in(user: User, pair: TokenPair) -> dict[str, Any]:
    """Write the user who has signed in, and what they call with from now on."""
    return {
        **shown_user(user),
        "accessToken": pair.access,
        "refreshToken": pair.refresh,
        "tokenType": "bearer",
        "expiresIn": settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60,
    }
