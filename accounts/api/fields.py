"""Fields of accounts that are the same on every surface."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from accounts.services.passwords import password_problems
from orderchainer.core.http.fields import StrictCharField


@extend_schema_field(OpenApiTypes.EMAIL)
class EmailTextField(StrictCharField):
    """An e-mail address in text. The service checks its form, together with the password."""

    default_error_messages: ClassVar = {"invalid": "Invalid email address"}

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and "\x00" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.PASSWORD)
class PasswordField(StrictCharField):
    """A password. Spaces at its ends are kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, write_only=True, **kwargs)


class SocketUserIdField(serializers.IntegerField):
    """The signed-in user's number, which the URL of their WebSocket contains."""

    def __init__(self) -> None:
        super().__init__(
            help_text="The user's number, for the WebSocket at `/ws/notifications/{user_id}/`."
        )


class NewPasswordField(PasswordField):
    """A new password. We refuse one that breaks the rules before we look for its user.

    The service checks it again, together with the user's own data.
    """

    def to_internal_value(self, data: Any) -> str:
        """Read a password. Raises ValidationError in the service's words."""
        password = super().to_internal_value(data)
        if problems := password_problems(password, User()):
            raise serializers.ValidationError(problems)
        return password
