"""The bodies of users on the envelope surface: camelCase."""

from django.conf import settings

from accounts.models import User
from accounts.tokens import TokenPair
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import milliseconds

RESET_CODE_SENT = "Reset code sent to email"
VERIFICATION_CODE_SENT = "Verification code sent to email"
CONFIRMATION_SENT = "Confirmation email sent"


def user_body(user: User) -> Body:
    """Write one user."""
    return {
        "userId": str(user.uuid),
        "email": user.email,
        "createdAt": milliseconds(user.created_at),
        "updatedAt": milliseconds(user.updated_at),
    }


def sign_in_body(user: User, pair: TokenPair) -> Body:
    """Write the user who has signed in, and their tokens."""
    return {
        **user_body(user),
        "accessToken": pair.access,
        "refreshToken": pair.refresh,
        "tokenType": "bearer",
        "expiresIn": settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60,
        "user_id": pair.user_id,
    }
