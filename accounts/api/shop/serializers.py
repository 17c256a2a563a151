"""The request bodies of `/auth/api/`, and the answers as the schema shows them."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import orjson
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.bodies import EmailAndPassword, LoggingOut, Refreshing
from accounts.api.fields import EmailTextField, PasswordField, SocketUserIdField
from accounts.api.shop.presentation import avatar_url
from accounts.models import User
from accounts.services.profiles import ProfileChanges
from accounts.tokens import TokenPair
from orderchainer.core.http.fields import StrictCharField, StrictSerializer
from orderchainer.core.http.uploads import PictureField

# --- Requests ---------------------------------------------------------------------------------


class OptionalTextField(StrictCharField):
    """A text that may be missing or empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, **kwargs)


class AboutOneself(StrictSerializer):
    """The fields of a profile."""

    username = OptionalTextField(
        max_length=150,
        help_text="Letters, digits and `@.+-_`. Unique, regardless of case.",
    )
    first_name = OptionalTextField(max_length=150)
    last_name = OptionalTextField(max_length=150)
    phone = OptionalTextField(max_length=32)
    address = OptionalTextField(max_length=1000)


class ShopRegistration(AboutOneself, EmailAndPassword):
    """`POST /auth/api/register/`."""

    password_confirm = PasswordField(help_text="The same password again.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the service's arguments. Raises ValidationError if the passwords differ."""
        if attrs.pop("password_confirm") != attrs["password"]:
            raise serializers.ValidationError(
                {"password_confirm": ["The two passwords do not match."]}
            )
        return attrs


class ShopCredentials(EmailAndPassword):
    """`POST /auth/api/token/`."""


class ShopRefreshing(Refreshing):
    """`POST /auth/api/token/refresh/`: the token under either of its two names."""

    names = ("refresh", "refresh_token")


class ShopLoggingOut(LoggingOut):
    """`POST /auth/api/logout/`: a refresh token, or none with an access token."""

    names = ("refresh", "refresh_token")


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.Field[Any, Any, Any, Any]):
    """A JSON object; in a form, its text. The service limits its size."""

    default_error_messages: ClassVar = {"invalid": "Must be an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        # A form has only text.
        if isinstance(data, str) and isinstance(self.root.initial_data, QueryDict):
            try:
                data = orjson.loads(data)
            except orjson.JSONDecodeError:
                self.fail("invalid")
        if not isinstance(data, dict):
            self.fail("invalid")
        return data


class ShopProfileChange(AboutOneself):
    """`PATCH /auth/api/profile/`: the fields to change. You may send back all others."""

    # All of these are within `profile`, except the id.
    ignored: ClassVar = frozenset({"created_at", "updated_at"})
    fixed: ClassVar = frozenset({"id"})

    email = EmailTextField(
        required=False, help_text="You may send it back, but you cannot change it here."
    )
    preferences = ObjectField(
        required=False,
        help_text="Replaced as a whole; at most 16 KiB, 8 levels deep. In a form, as JSON.",
    )
    avatar = PictureField(
        required=False,
        help_text="A PNG, JPEG, WebP or GIF file, in a form; null or empty removes the picture.",
    )

    def to_internal_value(self, data: Any) -> Any:
        """Read `data`. A client may send back `profile` and the avatar's URL as it read them."""
        if isinstance(data, Mapping) and not isinstance(data, QueryDict):
            inner = data.get("profile")
            if isinstance(inner, Mapping):
                outer = {name: data[name] for name in data if name != "profile"}
                data = {**inner, **outer}
            if data.get("avatar") and data["avatar"] == avatar_url(self._user):
                data = {name: data[name] for name in data if name != "avatar"}
        return super().to_internal_value(data)

    def validate_email(self, email: str) -> str:
        """Accept the e-mail only if it is unchanged."""
        if email.lower() != self._user.email.lower():
            raise serializers.ValidationError("The e-mail cannot be changed here.")
        return email

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Leave out the e-mail, which is unchanged."""
        attrs.pop("email", None)
        return attrs

    @property
    def changes(self) -> ProfileChanges:
        """The changes, by the field's name."""
        return cast(ProfileChanges, self.validated_data)

    @property
    def _user(self) -> User:
        return cast(User, self.instance)


# --- Answers ----------------------------------------------------------------------------------


class ShopProfile(serializers.Serializer[Any]):
    """The profile of a user."""

    avatar = serializers.CharField(help_text="The picture's URL; empty without one.")
    preferences = serializers.DictField(child=serializers.JSONField())
    created_at = serializers.CharField(help_text="As `2025-01-08T10:00:00Z`.")
    updated_at = serializers.CharField(help_text="As `2025-01-08T10:00:00Z`.")


class ShopUser(serializers.Serializer[User]):
    """A user as in the shop document."""

    id = serializers.IntegerField()
    email = serializers.EmailField()
    username = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()
    profile = ShopProfile()


class ShopTokens(serializers.Serializer[TokenPair]):
    """The tokens of a sign-in."""

    refresh = serializers.CharField(help_text="Works for one refresh.")
    access = serializers.CharField()
    user_id = SocketUserIdField()


class ShopRegistered(serializers.Serializer[Any]):
    """A new user, signed in."""

    user = ShopUser()
    refresh = serializers.CharField(
        help_text="Empty if the e-mail must be verified before a login."
    )
    access = serializers.CharField(help_text="Empty if `refresh` is empty.")
    message = serializers.CharField()


class ShopMessage(serializers.Serializer[Any]):
    """A sentence that says what was done."""

    message = serializers.CharField()
