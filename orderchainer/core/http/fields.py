"""Strict reading of input: an unknown field is an error, not ignored."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.core.validators import URLValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orderchainer.core.errors import Invalid
from orderchainer.core.ids import MAX_ID
from orderchainer.core.money import COLUMN_DECIMALS, MoneyRefused, amount_in

# The schema's description of amounts in answers.
DECIMALS_WRITTEN = "As many decimals as the currency has, but at least two."

# A message repeats at most this many characters of a refused value.
MAX_REPEATED = 50


def refused_choice(value: str, choices: Iterable[object]) -> str:
    """Say that `value` is not among `choices`, and list them."""
    return f'"{value}" is not one of {", ".join(map(str, choices))}.'


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses unknown fields, so that a typo is not silently ignored.

    Answers have more fields than requests, and a client may send back what it read. `ignored` names
    fields that change by themselves, such as `updated_at`: we accept any value and do not use it.
    `fixed` names fields that never change: `read_changes` refuses another value.
    """

    ignored: ClassVar[frozenset[str]] = frozenset()
    fixed: ClassVar[frozenset[str]] = frozenset()
    # Other names of fields, with the names that the fields have here. A refusal uses the name that
    # was sent.
    aliases: ClassVar[Mapping[str, str]] = {}
    # Fields that are checked against each other: if one of them changes, all of them are read.
    together: ClassVar[frozenset[str]] = frozenset()
    # The message for another value of a fixed field; `{name}` stands for its name.
    read_only_field: ClassVar[str] = "This field is read-only."
    # The message for an unknown field; `{name}` stands for its name.
    unknown_field: ClassVar[str] = "There is no such field."

    def to_internal_value(self, data: Any) -> Any:
        """Read `data`. Raises ValidationError that names unknown fields beside wrong ones."""
        unknown: dict[str, list[str]] = {}
        if isinstance(data, Mapping):
            known = self.fields.keys() | self.ignored | self.fixed | self.aliases.keys()
            unknown = {
                str(name): [self.unknown_field.replace("{name}", str(name))]
                for name in data
                if name not in known
            }
        try:
            value = super().to_internal_value(self._without_aliases(data))
        except serializers.ValidationError as exc:
            if isinstance(exc.detail, dict):
                wrong = as_sent(exc.detail, self.aliases, data)
                raise serializers.ValidationError({**wrong, **unknown}) from exc
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _without_aliases(self, data: Any) -> Any:
        for other, name in self.aliases.items():
            data = one_of(data, name, other)
        return data


class StrictCharField(serializers.CharField):
    """A field that takes only text. DRF's own takes the number 12345678 for a password."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def as_sent(errors: Mapping[str, Any], aliases: Mapping[str, str], data: Any) -> dict[str, Any]:
    """Return `errors` with the names of fields as `data` has them. `aliases` are other names."""
    if not isinstance(data, Mapping):
        return dict(errors)
    sent = {name: other for other, name in aliases.items() if other in data and name not in data}
    return {sent.get(name, name): words for name, words in errors.items()}


@contextmanager
def fields_named(**names: str) -> Iterator[None]:
    """Give the fields in an `Invalid` the names that this surface has for them."""
    try:
        yield
    except Invalid as exc:
        exc.errors = {names.get(name, name): words for name, words in exc.errors.items()}
        raise


def one_of(data: Any, name: str, other: str) -> Any:
    """Return `data` with the value of `other`, which is another name for the field `name`.

    Raises ValidationError that names both if they differ.
    """
    if not isinstance(data, Mapping) or other not in data:
        return data
    if name in data and data[name] != data[other]:
        raise two_values(name, other)
    return {name: data[other], **data}


def two_values(name: str, other: str) -> serializers.ValidationError:
    """Return the refusal of a body with different values under two names of one field."""
    words = f"`{name}` and `{other}` are two names for one value, but they differ."
    return serializers.ValidationError({name: [words], other: [words]})


class ListedChoiceField(serializers.ChoiceField):
    """One of several words. A refusal lists them."""

    def to_internal_value(self, data: Any) -> Any:
        """Read the word. Anything but a text is refused like a wrong word."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as exc:
            value = str(data)
            if len(value) > MAX_REPEATED:
                value = f"{value[:MAX_REPEATED]}…"
            words = refused_choice(value, self.choices)
            raise serializers.ValidationError(words, code="invalid_choice") from exc


class IdField(serializers.IntegerField):
    """The number of a row: positive and within the bounds of the database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)


class StrictUUIDField(serializers.UUIDField):
    """A UUID as text. DRF's own also takes the number 5 for one."""

    def to_internal_value(self, data: Any) -> UUID:
        """Read the UUID."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        uuid: UUID = super().to_internal_value(data)
        return uuid


class BoundedListField(serializers.ListField):
    """At most `max_length` values. It refuses a longer list before it reads any of it."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        self._most = max_length

    def to_internal_value(self, data: Any) -> list[Any]:
        """Read the list. DRF's own would read every element before it checks the length."""
        if isinstance(data, list) and len(data) > self._most:
            message = self.error_messages["max_length"]
            raise serializers.ValidationError(message.format(max_length=self._most))
        return super().to_internal_value(data)


class WebURLField(serializers.CharField):
    """An address with http or https. `refusal` is the message for anything else."""

    def __init__(self, *, refusal: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2048)
        super().__init__(**kwargs)
        self.validators.append(URLValidator(schemes=["http", "https"], message=refusal))


@extend_schema_field(
    {
        "type": "string",
        "format": "decimal",
        "pattern": rf"^[0-9]{{1,10}}(\.[0-9]{{1,{COLUMN_DECIMALS}}})?$",
    }
)
class AmountField(serializers.Field[Any, Any, Any, Any]):
    """An amount of money, in text or as a number.

    The service checks the decimals, because it knows the currency.
    """

    def to_internal_value(self, data: Any) -> Decimal:
        """Read the amount. Raises ValidationError that says how to write it."""
        try:
            return amount_in(data)
        except MoneyRefused as exc:
            raise serializers.ValidationError(str(exc), code="invalid") from exc

    def to_representation(self, value: Any) -> Any:
        """Return the value as it is: `presentation` writes amounts."""
        return value
