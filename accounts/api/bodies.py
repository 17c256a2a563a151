"""Request bodies that several surfaces share. A subclass gives one a surface's own name for it."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from accounts.api.fields import EmailTextField, PasswordField
from orderchainer.core.http.fields import StrictCharField, StrictSerializer, two_values

LOGGED_OUT = {"message": "Logged out successfully"}


class EmailAndPassword(StrictSerializer):
    """What a user signs in with."""

    email = EmailTextField()
    password = PasswordField()


class TwoNames(serializers.Serializer[Any]):
    """A body with one value, which has either of two `names`. The first is the usual one."""

    names: tuple[str, str]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Put the first name first, and explain the second."""
        fields = super().get_fields()
        first, second = self.names
        fields[second].required = False
        fields[second].help_text = f"Instead of `{first}`."
        return {first: fields.pop(first), second: fields.pop(second), **fields}

    @property
    def value(self) -> str:
        """The value under either name; an empty string if neither was sent."""
        data = self.validated_data
        return next((str(data[name]) for name in self.names if data.get(name)), "")


class EitherName(TwoNames):
    """A body that must have its value. The schema requires the first name."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Require the first name, or the second if only that one is sent."""
        fields = super().get_fields()
        first, second = self.names
        given = getattr(self, "initial_data", None)
        if isinstance(given, Mapping) and second in given:
            fields[first].required = False
            # An empty field of a form counts as missing, so its presence is not enough.
            fields[second].required = not given.get(first)
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two different values, because we could only use one."""
        first, second = self.names
        sent = {attrs[name] for name in self.names if attrs.get(name)}
        if len(sent) > 1:
            raise two_values(first, second)
        return attrs


class Refreshing(EitherName):
    """The refresh token under either of its two names."""

    names = ("refresh_token", "refresh")

    refresh_token = StrictCharField()
    refresh = StrictCharField()


class LoggingOut(TwoNames):
    """A refresh token under either of its two names, or none with an access token."""

    names = ("refresh_token", "refresh")

    refresh_token = StrictCharField(required=False, allow_blank=True)
    refresh = StrictCharField(required=False, allow_blank=True)
