"""The bodies of users and tokens on the shop surface."""

from django.conf import settings
from django.core.files.storage import default_storage

from accounts.models import User
from accounts.tokens import TokenPair
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds

REGISTERED = "User registered successfully"
REGISTERED_UNVERIFIED = (
    "User registered successfully. We have sent you an e-mail: verify your address with it, then "
    "sign in."
)


def user_body(user: User) -> Body:
    """Write `user` as `ShopUser`."""
    profile = user.profile
    return {
        "id": user.pk,
        "email": user.email,
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone": user.phone,
        "address": user.address,
        "profile": {
            "avatar": avatar_url(user),
            "preferences": profile.preferences,
            "created_at": seconds(profile.created_at),
            "updated_at": seconds(profile.updated_at),
        },
    }


def avatar_url(user: User) -> str:
    """Return the absolute URL of the user's picture, or an empty string."""
    name = user.profile.avatar.name
    return f"{settings.PUBLIC_URL}{default_storage.url(name)}" if name else ""


def tokens_body(pair: TokenPair) -> Body:
    """Write `pair` as `ShopTokens`."""
    return {"refresh": pair.refresh, "access": pair.access, "user_id": pair.user_id}


def registered_body(user: User, pair: TokenPair | None) -> Body:
    """Write a new user as `ShopRegistered`."""
    return {
        "user": user_body(user),
        "refresh": pair.refresh if pair else "",
        "access": pair.access if pair else "",
        "message": REGISTERED if pair else REGISTERED_UNVERIFIED,
    }
