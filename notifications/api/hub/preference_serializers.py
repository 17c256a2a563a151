"""Bodies and answers of `/api/v1/projects/{project_id}/notifications`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from notifications.models import NewsKind
from orderchainer.core.http.fields import StrictSerializer


class WaysField(serializers.DictField):
    """Whether somebody hears of something, by the name of the way."""

    child = serializers.BooleanField()

    def to_internal_value(self, data: Any) -> Any:
        """Read the object. Refuses numbers and words in place of booleans."""
        if isinstance(data, Mapping):
            wrong = [name for name, is_on in data.items() if not isinstance(is_on, bool)]
            if wrong:
                raise serializers.ValidationError(f"{str(wrong[0])[:50]}: Must be true or false.")
        return super().to_internal_value(data)


HELP: Mapping[NewsKind, str] = {
    NewsKind.INBOX: "A customer wrote, and nobody has read the conversation.",
    NewsKind.ASSIGNED: "A conversation was assigned to you, or a customer wrote in one that is.",
    NewsKind.ORDERS: "An order is new, ready, blocked, cancelled, or has failed.",
}


class PreferencesInput(StrictSerializer):
    """`PATCH /api/v1/projects/{project_id}/notifications`."""

    ignored: ClassVar = frozenset({"reachable"})
    fixed: ClassVar = frozenset({"project_id"})

    inbox = WaysField(required=False, help_text=HELP[NewsKind.INBOX])
    assigned = WaysField(required=False, help_text=HELP[NewsKind.ASSIGNED])
    orders = WaysField(required=False, help_text=HELP[NewsKind.ORDERS])

    @property
    def plain(self) -> Mapping[NewsKind, Mapping[str, bool]]:
        """What the body sets."""
        return {NewsKind(kind): ways for kind, ways in self.validated_data.items()}


class PreferencesOutput(serializers.Serializer[Any]):
    """What you are told in a project, and how."""

    project_id = serializers.UUIDField()
    inbox = WaysField(help_text=HELP[NewsKind.INBOX])
    assigned = WaysField(help_text=HELP[NewsKind.ASSIGNED])
    orders = WaysField(help_text=HELP[NewsKind.ORDERS])
    reachable = WaysField(
        help_text="Whether news can reach you this way at all: e-mails need a confirmed address, "
        "and Discord a webhook of yours."
    )
