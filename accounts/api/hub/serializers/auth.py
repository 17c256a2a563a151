"""Bodies and answers of `/api/v1/auth/`."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.api.bodies import EmailAndPassword, LoggingOut, Refreshing
from accounts.api.fields import EmailTextField, PasswordField, SocketUserIdField
from accounts.models import User
from accounts.tokens import TokenPair
from orderchainer.core.http.fields import StrictCharField, StrictSerializer

MAX_PART_OF_NAME = 150

# --- Requests ---------------------------------------------------------------------------------


class NameField(StrictCharField):
    """A person's full name, split at the first space into first and last name."""

    default_error_messages: ClassVar = {
        "too_long": "First and last name may each have {most} characters."
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_blank", True)
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the two parts as `first_name` and `last_name`."""
        first, _, last = " ".join(super().run_validation(data).split()).partition(" ")
        if max(len(first), len(last)) > MAX_PART_OF_NAME:
            self.fail("too_long", most=MAX_PART_OF_NAME)
        return {"first_name": first, "last_name": last}


class HubRegistration(EmailAndPassword):
    """`POST /api/v1/auth/register`."""

    name = NameField(required=False, help_text="As `John Doe`.")


class HubLogin(EmailAndPassword):
    """`POST /api/v1/auth/login`."""


class HubRefreshing(Refreshing):
    """`POST /api/v1/auth/refresh`: the token under either of its two names."""


class HubLoggingOut(LoggingOut):
    """`POST /api/v1/auth/logout`: a refresh token, or none with an access token."""


class AccountChanges(StrictSerializer):
    """`PATCH /api/v1/auth/me`: a field that you leave out keeps its value."""

    ignored: ClassVar = frozenset({"email_verified"})
    fixed: ClassVar = frozenset({"id", "role", "is_active", "created_at"})

    name = NameField(required=False, help_text="As `John Doe`.")
    phone = StrictCharField(required=False, allow_blank=True, max_length=32)
    address = StrictCharField(required=False, allow_blank=True, max_length=1000)
    email = EmailTextField(required=False, help_text="A new one needs `current_password`.")
    password = PasswordField(
        required=False,
        help_text="A new one needs `current_password`, and ends every session, including this one.",
    )
    current_password = PasswordField(required=False)


# --- Answers ----------------------------------------------------------------------------------


class HubUser(serializers.Serializer[User]):
    """The hub document's user."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=["user", "staff", "admin"])
    is_active = serializers.BooleanField()
    created_at = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")


class HubAccount(HubUser):
    """The hub document's user, with more fields that they can change."""

    phone = serializers.CharField()
    address = serializers.CharField()
    email_verified = serializers.BooleanField(
        help_text="Whether they have proved that the address is theirs."
    )


class HubTokens(serializers.Serializer[TokenPair]):
    """The hub document's answer to a sign-in."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField(help_text="Works for one refresh.")
    token_type = serializers.CharField(help_text="Always `bearer`.")
    expires_in = serializers.IntegerField(help_text="Lifetime of the access token in seconds.")
    user_id = SocketUserIdField()
