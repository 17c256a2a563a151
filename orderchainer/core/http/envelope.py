"""How the envelope surface reads requests and writes answers, the same in every app.

A refusal is one sentence without a field beside it, so each message names its field.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response

from orderchainer.core.errors import NothingToChange
from orderchainer.core.http.fields import StrictSerializer

Body = dict[str, Any]


def enveloped(data: object = None, message: str = "", **others: object) -> Body:
    """Return the body of an answer: data, a message, or both, with `others` beside them."""
    body: Body = {"success": True}
    if data is not None:
        body["data"] = data
    if message:
        body["message"] = message
    return {**body, **others}


def success(
    data: object = None,
    message: str = "",
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with an `enveloped` body."""
    return Response(enveloped(data, message), status=status, headers=dict(headers or {}))


class EnvelopeInput(StrictSerializer):
    """A request body of this surface."""

    unknown_field: ClassVar[str] = "There is no field {name}"
    read_only_field: ClassVar[str] = "{name} is read-only"


class EnvelopeChanges(EnvelopeInput):
    """A request body that changes something. Every field is optional, but one must be there.

    No field is required, so an empty one is refused as invalid and not as missing.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Read `data`. Raises ValidationError."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as exc:
            raise serializers.ValidationError(_as_invalid(exc.detail)) from exc

    def validate(self, attrs: Any) -> Any:
        """Refuse an empty change, but not one that sends back what was read.

        Raises `NothingToChange`.
        """
        if not attrs and not self.context.get("is_sent_back"):
            raise NothingToChange
        return attrs


def _as_invalid(errors: Any) -> Any:
    """Return the errors by field, those of empty fields with the words and code of invalid ones."""
    if isinstance(errors, dict):
        return {name: _as_invalid(words) for name, words in errors.items()}
    return [
        ErrorDetail(words.replace(" is required", " must not be empty"), "invalid")
        if words.code in {"blank", "null"}
        else words
        for words in errors
    ]


class EnvelopeDone(serializers.Serializer[Any]):
    """A message about what was done, for the schema."""

    success = serializers.BooleanField(help_text="Always true.")
    message = serializers.CharField()


def refusals(label: str, **others: str) -> dict[str, Any]:
    """Return the messages for a text field called `label` that is missing, empty or not a text.

    `others` are further messages, by REST framework's names.
    """
    return {
        **dict.fromkeys(("required", "blank", "null"), f"{label} is required"),
        "invalid": f"{label} must be a text",
        "max_length": f"{label} must have at most {{max_length}} characters",
        "min_length": f"{label} must have at least {{min_length}} characters",
        **others,
    }
