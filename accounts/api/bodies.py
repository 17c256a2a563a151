"""Bodies that several surfaces share, some with names of their own."""

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

    @property
    def value(self) -> str:
        """The value under either name."""
        first, second = self.names
        return str(self.validated_data.get(first) or self.validated_data[second])
