"""Request bodies that several surfaces share, some under different field names."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

LOGGED_OUT = {"message": "Logged out successfully"}


class EitherName(serializers.Serializer[Any]):
    """A body that may have one value under either of two names. The schema requires the first."""

    names: tuple[str, str]

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
            words = f"`{first}` and `{second}` are two names for one value, but they differ."
            raise serializers.ValidationError({first: [words], second: [words]})
        return attrs

    @property
    def value(self) -> str:
        """The value under either name."""
        first, second = self.names
        return str(self.validated_data.get(first) or self.validated_data[second])
