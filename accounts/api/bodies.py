"""Bodies that several surfaces read alike, under names of their own."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

LOGGED_OUT = {"message": "Logged out successfully"}


class EitherName(serializers.Serializer[Any]):
    """A body in which one value may stand under either of two names; only the first is documented."""

    names: tuple[str, str]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Ask for the first name unless the second is there; then for that one, unless both are."""
        fields = super().get_fields()
        first, second = self.names
        given = getattr(self, "initial_data", None)
        if isinstance(given, Mapping) and second in given:
            fields[first].required = False
            # An empty field of a form counts as left out, so it is no use that it is there.
            fields[second].required = not given.get(first)
        return fields

    @property
    def value(self) -> str:
        """What stands under either name."""
        first, second = self.names
        return str(self.validated_data.get(first) or self.validated_data[second])
