"""Reading input strictly: what nobody asked for is named, not ignored."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.validators import URLValidator
from rest_framework import serializers

from orderchainer.core.ids import MAX_ID


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, so that a typing error is not a silent no.

    `ignored` names what a client may send back because it read it here, without setting anything.
    """

    ignored: ClassVar[frozenset[str]] = frozenset()
    # What is said of an unknown field; `{name}` stands for its name.
    unknown_field: ClassVar[str] = "There is no such field."

    def to_internal_value(self, data: Any) -> Any:
        """Read `data`. Raises ValidationError that names unknown fields beside wrong ones."""
        unknown: dict[str, list[str]] = {}
        if isinstance(data, Mapping):
            known = self.fields.keys() | self.ignored
            unknown = {
                str(name): [self.unknown_field.replace("{name}", str(name))]
                for name in data
                if name not in known
            }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as exc:
            if unknown and isinstance(exc.detail, dict):
                raise serializers.ValidationError({**exc.detail, **unknown}) from exc
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value


class StrictCharField(serializers.CharField):
    """A text and nothing that could be read as one: DRF's own takes the number 12345678 for a password."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class IdField(serializers.IntegerField):
    """The number of a row: positive, and within what a database can hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)


class IdListField(serializers.ListField):
    """Numbers of rows, at most `max_length` of them: a longer list is refused before any is read."""

    child = IdField()

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        self._most = max_length

    def to_internal_value(self, data: Any) -> list[Any]:
        """Read the list. DRF's own reads every element first, each at the cost of a field."""
        if isinstance(data, list) and len(data) > self._most:
            message = self.error_messages["max_length"]
            raise serializers.ValidationError(message.format(max_length=self._most))
        return super().to_internal_value(data)


class WebURLField(serializers.CharField):
    """An address on the web: http or https and nothing else. `refusal` is said of anything else."""

    def __init__(self, *, refusal: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2048)
        super().__init__(**kwargs)
        self.validators.append(URLValidator(schemes=["http", "https"], message=refusal))
