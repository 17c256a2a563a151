"""The status of an integration, and the event that tells of its change."""

from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from integrations.events import INTEGRATION, EventType
from integrations.models import Integration
from orderchainer.core.outbox import MAX_ERROR_LENGTH
from orders.stream.recording import event_about, record

logger = structlog.get_logger(__name__)

Status = Integration.Status


def lock_integration(integration_id: int) -> Integration | None:
    """Lock an integration and all its work, and return it as it is now, or None if it is deleted.

    If you also need the project's lock, take that one first. A worker takes only this one.
    """
    rows = Integration.objects.select_for_update(no_key=True)
    return rows.filter(pk=integration_id).first()


def set_status(
    integration: Integration, status: str, *, error: str = "", by: User | None = None
) -> None:
    """Set the status of a locked integration and the error that people see with it.

    Records `integration_status_changed` if the status is another one.
    """
    error = error[:MAX_ERROR_LENGTH]
    if (integration.status, integration.last_error) == (status, error):
        return
    before, integration.status = integration.status, status
    integration.last_error = error
    integration.updated_at = timezone.now()
    if before != status:
        integration.status_since = integration.updated_at
    integration.save(update_fields=["status", "status_since", "last_error", "updated_at"])
    if before != status:
        record_status(integration, before=before, by=by)


def record_status(integration: Integration, *, before: str | None, by: User | None) -> None:
    """Record how a locked integration is now. `before` is None for a new one."""
    record(
        [
            event_about(
                EventType.STATUS_CHANGED,
                subject_kind=INTEGRATION,
                subject_uuid=integration.uuid,
                project_id=integration.project_id,
                by=by,
                provider=integration.provider,
                account=integration.account,
                status=str(integration.status),
                previous_status=None if before is None else str(before),
                is_paused=integration.is_paused,
                error=integration.last_error,
            )
        ]
    )
    logger.info(
        "integration_status",
        integration=integration.pk,
        provider=integration.provider,
        status=str(integration.status),
        is_paused=integration.is_paused,
    )


@transaction.atomic
def report_trouble(*, integration: Integration, reason: str) -> None:
    """Set the status `error`: the provider refuses the credentials, or the app was uninstalled.

    `integration` is the row as it was when the provider was called. If its configuration has
    changed since, the trouble is over and nothing changes. `reason` is a sentence for people.
    """
    now = _unchanged(integration)
    if now is not None:
        set_status(now, Status.ERROR, error=reason)


@transaction.atomic
def report_health(*, integration: Integration, called_at: datetime | None = None) -> None:
    """End the status `error`, because the provider answered as it should.

    `integration` as in `report_trouble`. Trouble that was reported after `called_at` remains.
    """
    now = _unchanged(integration)
    if now is None or now.status != Status.ERROR:
        return
    if called_at is None or now.status_since <= called_at:
        set_status(now, Status.CONNECTED)


def _unchanged(integration: Integration) -> Integration | None:
    """Lock the integration; None if it is disconnected or has another configuration by now."""
    now = lock_integration(integration.pk)
    if now is None or now.status == Status.DISCONNECTED:
        return None
    return now if now.config_version == integration.config_version else None
