"""Bodies and answers of `/api/v1/projects` and `/api/v1/invitations`."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import EmailTextField
from accounts.models import Invitation, Membership, Project
from orderchainer.core.http.fields import (
    ListedChoiceField,
    StrictCharField,
    StrictSerializer,
)

# --- Requests ---------------------------------------------------------------------------------


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object. The service checks its contents."""

    default_error_messages: ClassVar = {"not_an_object": "Must be an object."}

    def to_internal_value(self, data: Any) -> Any:
        """Accept an object only."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        return data


class ProjectChanges(StrictSerializer):
    """`PATCH /api/v1/projects/{project_id}`."""

    ignored: ClassVar = frozenset({"updated_at"})
    fixed: ClassVar = frozenset({"id", "is_personal", "role", "created_at"})

    name = StrictCharField(max_length=255, required=False)
    description = StrictCharField(
        max_length=5000, allow_blank=True, required=False, trim_whitespace=False
    )
    timezone = StrictCharField(
        max_length=64, required=False, help_text="A name of the tz database."
    )
    currency = StrictCharField(
        required=False,
        help_text="ISO 4217. New products and orders start with it.",
    )
    settings = ObjectField(required=False, help_text="At most 16 KiB; replaced as a whole.")
    is_active = serializers.BooleanField(
        required=False, help_text="You may only send it back as you read it."
    )

    def validate_is_active(self, value: bool) -> bool:
        """Refuse to switch a project off, which only DELETE does."""
        if not value:
            msg = "Use DELETE to switch a project off."
            raise serializers.ValidationError(msg)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Leave out `is_active`, which is unchanged."""
        attrs.pop("is_active", None)
        return attrs


class NewProject(ProjectChanges):
    """`POST /api/v1/projects`."""

    ignored: ClassVar = frozenset()
    fixed: ClassVar = frozenset()

    name = StrictCharField(max_length=255)
    is_active = None  # type: ignore[assignment]  # removes the field


class RoleChange(StrictSerializer):
    """`PATCH /api/v1/projects/{project_id}/members/{user_id}`."""

    fixed: ClassVar = frozenset({"user_id", "email", "name", "joined_at"})

    role = ListedChoiceField(choices=Membership.Role.choices)


class NewInvitation(StrictSerializer):
    """`POST /api/v1/projects/{project_id}/invitations`."""

    email = EmailTextField()
    role = ListedChoiceField(choices=Membership.Role.choices)


class Acceptance(StrictSerializer):
    """`POST /api/v1/invitations/accept`."""

    token = serializers.UUIDField(help_text="The last part of the link in the e-mail.")


# --- Answers ----------------------------------------------------------------------------------


class ProjectOutput(serializers.Serializer[Project]):
    """A project as the hub document shows one, with the caller's role."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    timezone = serializers.CharField()
    currency = serializers.CharField(help_text="ISO 4217. New products and orders start with it.")
    settings = ObjectField()
    is_active = serializers.BooleanField()
    is_personal = serializers.BooleanField(
        help_text="Whether it was created with a user. Such a project cannot be deleted."
    )
    role = serializers.ChoiceField(
        choices=Membership.Role.choices,
        allow_null=True,
        help_text="Your role in it; null for staff who are not members.",
    )
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    updated_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


class MemberOutput(serializers.Serializer[Membership]):
    """A member of a project."""

    user_id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    joined_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


class InvitationOutput(serializers.Serializer[Invitation]):
    """An invitation that is neither accepted nor revoked. Only the e-mail contains its link."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    invited_by = serializers.UUIDField(
        allow_null=True, help_text="Who sent it last; null if that account was deleted."
    )
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    expires_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
