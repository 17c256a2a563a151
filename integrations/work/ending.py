"""End the connection of an integration: its work is dropped, and its secrets are wiped."""

from django.utils import timezone

from accounts.models import User
from integrations.inbound.working import drop_deliveries
from integrations.models import Errand, Integration
from integrations.providers import connector_of
from integrations.work.queueing import queue_errand
from integrations.work.runs import cancel_runs
from integrations.work.statuses import record_status
from orderchainer.core.outbox import drop


def end(integration: Integration, reason: str, *, by: User | None = None) -> Errand | None:
    """Disconnect a locked integration. Return the errand that tells its provider, if there is one.

    Records `integration_status_changed`. The caller wakes a worker after the commit.
    """
    cancel_runs(integration, reason)
    drop_errands(integration, reason)
    drop_deliveries(integration, reason)
    connector = connector_of(integration.provider)
    goodbye = None
    if connector is not None and connector.disconnect is not None:
        kind = Errand.Kind.DISCONNECT
        goodbye = queue_errand(integration, kind, secrets=integration.secrets)
    before, integration.status = integration.status, Integration.Status.DISCONNECTED
    integration.status_since = integration.updated_at = timezone.now()
    integration.secrets = integration.old_secrets = None
    integration.old_secrets_until = None
    integration.last_error = ""
    integration.notes = []
    integration.save()
    record_status(integration, before=before, by=by)
    return goodbye


def drop_errands(integration: Integration, reason: str) -> None:
    """Drop the errands of a locked integration that wait, and wipe their secrets."""
    drop(integration.errands.all(), reason)
    integration.errands.filter(secrets__isnull=False).update(secrets=None)
