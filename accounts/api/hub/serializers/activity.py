"""Answers of the activity log."""

from typing import Any

from rest_framework import serializers

from accounts.events import ActivityType


class PersonOutput(serializers.Serializer[Any]):
    """A person in an activity."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField(
        allow_null=True,
        help_text="Null if the person is neither you nor a member of the project.",
    )


class ActivityOutput(serializers.Serializer[Any]):
    """One entry of the activity log."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=ActivityType.choices)
    created_at = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")
    user = PersonOutput(allow_null=True, help_text="The user whose account it happened to.")
    actor = PersonOutput(allow_null=True, help_text="Who did it; null if nobody had signed in.")
    project_id = serializers.UUIDField(allow_null=True)
    ip_address = serializers.CharField(
        allow_null=True,
        help_text="Where the request came from; null if another person sent it.",
    )
    user_agent = serializers.CharField()
    data = serializers.DictField(help_text="More about it.")  # type: ignore[assignment]  # a field, not the property
