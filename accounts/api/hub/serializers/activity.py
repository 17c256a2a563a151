"""Answers of the activity log."""

from typing import Any

from rest_framework import serializers

from accounts.events import ActivityType


class PersonOutput(serializers.Serializer[Any]):
    """Somebody who has to do with it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField(
        allow_null=True,
        help_text="Empty where you need not know: they are not you, and no member of the project.",
    )


class ActivityOutput(serializers.Serializer[Any]):
    """Something that happened."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=ActivityType.choices)
    created_at = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")
    user = PersonOutput(allow_null=True, help_text="To whose account it happened.")
    actor = PersonOutput(
        allow_null=True, help_text="Who did it; empty where nobody had signed in."
    )
    project_id = serializers.UUIDField(allow_null=True)
    ip_address = serializers.CharField(
        allow_null=True,
        help_text="Where it came from. Where somebody else was, is theirs alone.",
    )
    user_agent = serializers.CharField()
    data = serializers.DictField(help_text="What else is to say of it.")  # type: ignore[assignment]  # a field, not the property
