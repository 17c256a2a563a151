"""The bodies of integrations and their runs on the hub surface: ids are UUIDs."""

from datetime import datetime
from uuid import UUID

from accounts.models import Project, User
from integrations.contracts import Connector, Exposure
from integrations.models import InboundDelivery, Integration, SyncRun
from orderchainer.core.http.conditional import etag_of
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds


def integration_body(integration: Integration, project: Project) -> Body:
    """Write an integration of `project`. No value of its configuration needs to be decrypted."""
    return {
        "id": integration.uuid,
        "project_id": project.uuid,
        "provider": integration.provider,
        "status": str(integration.status),
        "config": integration.config,
        "last_sync": _seconds_or_none(integration.last_sync),
        "created_at": seconds(integration.created_at),
        "account": integration.account,
        "account_name": integration.account_name or None,
        "is_paused": integration.is_paused,
        "is_syncing": _is_syncing(integration),
        "status_since": seconds(integration.status_since),
        "last_error": integration.last_error or None,
        "notes": integration.notes,
        "connected_by": _id_of(integration.connected_by),
        "updated_at": seconds(integration.updated_at),
    }


def etag_of_integration(integration: Integration) -> str:
    """Return the entity tag of an integration."""
    version = int(integration.updated_at.timestamp() * 1_000_000)
    return etag_of("integration", integration.pk, version, syncing=_is_syncing(integration))


def run_body(run: SyncRun, integration: Integration) -> Body:
    """Write a sync run. `error` is why its last attempt failed, even if it is tried again."""
    return {
        "id": run.uuid,
        "integration_id": integration.uuid,
        "status": run.word,
        "trigger": str(run.trigger),
        "requested_by": _id_of(run.requested_by),
        "since": _seconds_or_none(run.since),
        "seen": run.seen,
        "created": run.created,
        "changed": run.changed,
        "refused": run.refused,
        "refusal": run.refusal or None,
        "error": run.last_error or None,
        "created_at": seconds(run.created_at),
        "started_at": _seconds_or_none(run.started_at),
        "finished_at": _seconds_or_none(run.finished_at),
    }


def delivery_body(delivery: InboundDelivery, integration: Integration) -> Body:
    """Write a delivery without what it contains."""
    return {
        "id": delivery.uuid,
        "integration_id": integration.uuid,
        "topic": delivery.topic,
        "status": delivery.word,
        "attempts": delivery.attempts,
        "error": delivery.last_error or None,
        "received_at": seconds(delivery.created_at),
        "finished_at": _seconds_or_none(delivery.finished_at),
    }


def provider_body(name: str, connector: Connector) -> Body:
    """Write what a project needs to connect an account of a provider."""
    return {
        "provider": name,
        "config": [
            {
                "name": key.name,
                "is_required": key.is_required,
                "is_secret": key.exposure is not Exposure.OPEN,
                "help": key.help,
            }
            for key in connector.keys
        ],
    }


def _is_syncing(integration: Integration) -> bool:
    is_syncing: bool = integration.is_syncing  # type: ignore[attr-defined]  # annotated by the query
    return is_syncing


def _id_of(user: User | None) -> UUID | None:
    return user.uuid if user else None


def _seconds_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else seconds(moment)
