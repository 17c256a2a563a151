"""Answers of `/api/v1/auth/sessions`."""

from typing import Any

from rest_framework import serializers

from accounts.models import Session


class SessionOutput(serializers.Serializer[Any]):
    """A session: a sign-in that lasts."""

    id = serializers.UUIDField()
    created_at = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")
    expires_at = serializers.CharField(help_text="When it ends unless it is refreshed before.")
    ip_address = serializers.CharField(allow_null=True, help_text="Where the sign-in came from.")
    user_agent = serializers.CharField()
    door = serializers.ChoiceField(
        choices=Session.Door.choices,
        help_text="`browser` for a sign-in on the pages, which has a cookie; else `api`.",
    )
    current = serializers.BooleanField(help_text="Whether this request's token belongs to it.")
