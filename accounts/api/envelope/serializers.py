"""The envelope's request bodies for accounts, and the answers as the schema shows them."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.api.fields import (
    EmailTextField,
    NewPasswordField,
    PasswordField,
    SocketUserIdField,
)
from accounts.services.registration import email_problems
from orderchainer.core.http.envelope import EnvelopeChanges, EnvelopeInput, refusals
from orderchainer.core.http.fields import StrictCharField

MIN_CODE_LENGTH = 6
MAX_CODE_LENGTH = 64

# --- Requests ---------------------------------------------------------------------------------


class ValidEmailField(EmailTextField):
    """An e-mail address in a valid form, whether or not a user has it."""

    def __init__(self, **kwargs: Any) -> None:
        words = refusals("Email", invalid="Invalid email address")
        super().__init__(error_messages=words, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Read an address."""
        email = super().to_internal_value(data)
        if email_problems(email):
            self.fail("invalid")
        return email


class EnvelopeLogin(EnvelopeInput):
    """`POST /api/auth/login`."""

    email = ValidEmailField()
    password = PasswordField(error_messages=refusals("Password"))


class EnvelopeEmail(EnvelopeInput):
    """The address to send a code to."""

    email = ValidEmailField()


class EnvelopeCode(EnvelopeInput):
    """A code from an e-mail."""

    email = ValidEmailField()
    code = StrictCharField(
        min_length=MIN_CODE_LENGTH,
        max_length=MAX_CODE_LENGTH,
        error_messages=refusals("Code"),
    )


class EnvelopeNewPassword(EnvelopeCode):
    """`POST /api/auth/reset-password`."""

    newPassword = NewPasswordField(
        error_messages=refusals("New password"),
        help_text="At least 8 characters.",
    )


class EnvelopeConfirmation(EnvelopeInput):
    """`POST /api/auth/register-confirmation`."""

    uuid = StrictCharField(
        error_messages=refusals("Uuid"),
        help_text="The last part of the link in the e-mail.",
    )


class EnvelopeUserChanges(EnvelopeChanges):
    """`PATCH /api/user/{user_id}`. You may send the user back as you read it."""

    ignored: ClassVar = frozenset({"updatedAt"})
    fixed: ClassVar = frozenset({"userId", "createdAt"})

    email = ValidEmailField(required=False)
    password = NewPasswordField(
        required=False,
        error_messages=refusals("Password"),
        help_text="At least 8 characters.",
    )


# --- Answers ----------------------------------------------------------------------------------


class EnvelopeUserData(serializers.Serializer[Any]):
    """A user as in the envelope document."""

    userId = serializers.UUIDField()
    email = serializers.EmailField()
    createdAt = serializers.CharField(help_text="UTC, with milliseconds and `Z`.")
    updatedAt = serializers.CharField(help_text="UTC, with milliseconds and `Z`.")


class EnvelopeUserAnswer(serializers.Serializer[Any]):
    """A user in their envelope."""

    success = serializers.BooleanField(help_text="Always true.")
    # DRF removes declared fields from the class, so the property `data` still works.
    data = EnvelopeUserData()  # type: ignore[assignment]


class EnvelopeUserDone(EnvelopeUserAnswer):
    """A user in their envelope, with a message."""

    message = serializers.CharField()


class EnvelopeSignInData(EnvelopeUserData):
    """The user who has signed in, and their tokens."""

    accessToken = serializers.CharField(help_text="For the header `Authorization: Bearer …`.")
    refreshToken = serializers.CharField(help_text="Works for one `POST /api/auth/refresh`.")
    tokenType = serializers.CharField(help_text="Always `bearer`.")
    expiresIn = serializers.IntegerField(help_text="Lifetime of the access token in seconds.")
    user_id = SocketUserIdField()


class EnvelopeSignIn(serializers.Serializer[Any]):
    """A sign-in in its envelope."""

    success = serializers.BooleanField(help_text="Always true.")
    data = EnvelopeSignInData()  # type: ignore[assignment]
    message = serializers.CharField()


class EnvelopeExpiry(serializers.Serializer[Any]):
    """When a code expires."""

    expiresAt = serializers.CharField(help_text="UTC, with milliseconds and `Z`.")


class EnvelopeCodeSent(serializers.Serializer[Any]):
    """A message that an e-mail was sent."""

    success = serializers.BooleanField(help_text="Always true.")
    message = serializers.CharField()
    data = EnvelopeExpiry()  # type: ignore[assignment]
