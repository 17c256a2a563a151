"""Bodies and answers of `/api/v1/integrations`."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.hub.serializers.projects import ObjectField
from integrations.models import InboundDelivery, Integration, SyncRun
from orderchainer.core.http.fields import StrictCharField, StrictSerializer

# --- Requests ---------------------------------------------------------------------------------


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "string", "nullable": True}}
)
class ConfigField(ObjectField):
    """The configuration of an account, by key. The service checks it."""


class NewIntegration(StrictSerializer):
    """`POST /api/v1/integrations/{project_id}/connect`."""

    provider = StrictCharField(max_length=64)
    config = ConfigField(help_text="Which keys there are depends on the provider.")


class IntegrationChanges(StrictSerializer):
    """`PATCH /api/v1/integrations/{project_id}/{integration_id}`."""

    ignored: ClassVar = frozenset(
        {
            "account_name",
            "status",
            "status_since",
            "last_sync",
            "last_error",
            "notes",
            "is_syncing",
            "updated_at",
        }
    )
    fixed: ClassVar = frozenset(
        {"id", "project_id", "provider", "account", "connected_by", "created_at"}
    )

    config = ConfigField(
        required=False,
        help_text=(
            "The keys to change; the others stay. A value as it was read is no change, and null "
            "removes a key that is not required."
        ),
    )
    is_paused = serializers.BooleanField(
        required=False, help_text="A paused integration neither syncs nor takes webhooks."
    )


# --- Answers ----------------------------------------------------------------------------------


class IntegrationOutput(serializers.Serializer[Integration]):
    """An integration as the hub document shows it, with more about its state."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    provider = serializers.CharField()
    status = serializers.ChoiceField(
        choices=[
            Integration.Status.CONNECTING,
            Integration.Status.CONNECTED,
            Integration.Status.ERROR,
        ]
    )
    config = serializers.DictField(
        child=serializers.CharField(),
        help_text=(
            "The configuration without its secrets. Of a masked value you see the first four and "
            "the last three characters, as `your...key`."
        ),
    )
    last_sync = serializers.CharField(
        allow_null=True,
        help_text="Everything that changed at the provider until then is stored here.",
    )
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    account = serializers.CharField(help_text="The account at the provider, such as a shop.")
    account_name = serializers.CharField(
        allow_null=True,
        help_text="What people call the account, such as a phone number; the last check found it.",
    )
    is_paused = serializers.BooleanField()
    is_syncing = serializers.BooleanField(help_text="Whether a sync waits or runs.")
    status_since = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    last_error = serializers.CharField(
        allow_null=True, help_text="What went wrong last, until something goes well."
    )
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Sentences that you should read although nothing is wrong.",
    )
    connected_by = serializers.UUIDField(allow_null=True)
    updated_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


class ConfigKeyOutput(serializers.Serializer[Any]):
    """One key of a provider's configuration."""

    name = serializers.CharField()
    is_required = serializers.BooleanField()
    is_secret = serializers.BooleanField(help_text="Whether it is encrypted and never shown whole.")
    help = serializers.CharField()


class ProviderOutput(serializers.Serializer[Any]):
    """A provider, and what it takes to connect an account of it."""

    provider = serializers.CharField()
    config = ConfigKeyOutput(many=True)


class QueuedOutput(serializers.Serializer[Any]):
    """The work is queued."""

    status = serializers.ChoiceField(choices=["queued"])
    message = serializers.CharField()


class QueuedSyncOutput(QueuedOutput):
    """The sync is queued."""

    run_id = serializers.UUIDField(help_text="The run that does it; it may be under way already.")


class RunOutput(serializers.Serializer[SyncRun]):
    """A sync run: one pass over what changed at the provider."""

    id = serializers.UUIDField()
    integration_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["queued", "running", "done", "failed", "cancelled"])
    trigger = serializers.ChoiceField(choices=SyncRun.Trigger.choices)
    requested_by = serializers.UUIDField(allow_null=True)
    since = serializers.CharField(
        allow_null=True,
        help_text="Only changes since then; null for everything that the provider shows.",
    )
    seen = serializers.IntegerField(help_text="Orders that the provider sent.")
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="Orders that could not be stored.")
    refusal = serializers.CharField(
        allow_null=True, help_text="Why the first of these could not be stored."
    )
    error = serializers.CharField(allow_null=True)
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    started_at = serializers.CharField(allow_null=True)
    finished_at = serializers.CharField(allow_null=True)


class DeliveryOutput(serializers.Serializer[InboundDelivery]):
    """A webhook call of the provider. What it contains is shown to staff only."""

    id = serializers.UUIDField()
    integration_id = serializers.UUIDField()
    topic = serializers.CharField(help_text="What it is about, in the provider's words.")
    status = serializers.ChoiceField(choices=["received", "done", "failed", "ignored"])
    attempts = serializers.IntegerField()
    error = serializers.CharField(
        allow_null=True, help_text="Why it failed, is ignored or must be tried again."
    )
    received_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    finished_at = serializers.CharField(allow_null=True)
