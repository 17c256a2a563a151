"""How the envelope surface reads and answers, alike in every app.

Its refusals are one sentence each, with no field beside it: whatever is said here of a field names it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.response import Response

from orderchainer.core.errors import NothingToChange
from orderchainer.core.http.fields import StrictSerializer

Body = dict[str, Any]


def enveloped(data: object = None, message: str = "", **others: object) -> Body:
    """Write an answer: what was asked for, what was done, or both; `others` stand beside them."""
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
    """Answer `enveloped` words."""
    return Response(
        enveloped(data, message), status=status, headers=dict(headers or {})
    )


class EnvelopeInput(StrictSerializer):
    """A body of this surface."""

    unknown_field: ClassVar[str] = "There is no field {name}"


class EnvelopeChanges(EnvelopeInput):
    """A body of this surface that changes something: all of it may be left out, and not all at once."""

    def validate(self, attrs: Any) -> Any:
        """Refuse a change of nothing. Raises `NothingToChange`."""
        if not attrs:
            raise NothingToChange
        return attrs


class EnvelopeDone(serializers.Serializer[Any]):
    """Word of what was done, for the schema."""

    success = serializers.BooleanField(help_text="Always true.")
    message = serializers.CharField()


def refusals(label: str, **others: str) -> dict[str, Any]:
    """Return what is said of a text field called `label` that is left out, empty or no text.

    `others` are what else the field can say, by REST framework's names.
    """
    return {
        **dict.fromkeys(("required", "blank", "null"), f"{label} is required"),
        "invalid": f"{label} must be a text",
        "max_length": f"{label} must have at most {{max_length}} characters",
        "min_length": f"{label} must have at least {{min_length}} characters",
        **others,
    }
