"""The request bodies of `/api/auth/`, and the answers as the schema shows them."""

from typing import Any

from rest_framework import serializers

from accounts.api.bodies import EitherName
from accounts.api.envelope.serializers import EnvelopeUserData
from accounts.api.fields import EmailTextField, PasswordField, SocketUserIdField
from accounts.models import User
from accounts.tokens import TokenPair
from orderchainer.core.http.fields import ListedChoiceField, StrictCharField

# --- Requests ---------------------------------------------------------------------------------


def _is_required(name: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "blank", "null"), f"{name} is required")


class Registration(serializers.Serializer[User]):
    """`POST /api/auth/register`."""

    email = EmailTextField(error_messages=_is_required("Email"))
    password = PasswordField(error_messages=_is_required("Password"))


class Credentials(EitherName):
    """`POST /api/auth/token`: the e-mail as `username`, as OAuth2 names it, or as `email`."""

    names = ("username", "email")

    username = StrictCharField(help_text="The e-mail.")
    email = EmailTextField()
    password = PasswordField()
    grant_type = ListedChoiceField(
        ["password"],
        required=False,
        allow_blank=True,
        help_text="OAuth2 clients send it (RFC 6749, 4.3.2).",
    )


# --- Answers ----------------------------------------------------------------------------------


class RegisteredUser(serializers.Serializer[User]):
    """The answer to a registration. It has the fields of both documents."""

    email = serializers.EmailField()
    id = serializers.IntegerField()
    is_active = serializers.BooleanField()
    success = serializers.BooleanField(help_text="Always true.")
    # DRF removes declared fields from the class, so the property `data` still works.
    data = EnvelopeUserData()  # type: ignore[assignment]
    message = serializers.CharField()


class Tokens(serializers.Serializer[TokenPair]):
    """The chain document's answer to a sign-in, with a refresh token."""

    access_token = serializers.CharField()
    token_type = serializers.CharField(help_text="Always `bearer`.")
    refresh_token = serializers.CharField(help_text="Works for one refresh.")
    expires_in = serializers.IntegerField(help_text="Lifetime of the access token in seconds.")
    user_id = SocketUserIdField()


class Message(serializers.Serializer[Any]):
    """A sentence that says what was done."""

    message = serializers.CharField()
