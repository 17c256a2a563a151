"""Write rows of work for a locked integration. The caller wakes a worker after the commit."""

from datetime import timedelta

from accounts.models import User
from integrations.models import Errand, Integration, SyncRun
from orderchainer.core.encryption import Secret
from orderchainer.core.outbox import PENDING, make_due

# Each run asks for what changed since this long before the start of the previous one, because the
# provider's index lags behind and its clock differs from ours.
OVERLAP = timedelta(minutes=10)


def run_that_waits(integration: Integration) -> SyncRun | None:
    """Return the run that waits or runs, if there is one."""
    return integration.runs.filter(state=PENDING).first()


def queue_run(
    integration: Integration, trigger: SyncRun.Trigger, *, by: User | None = None
) -> SyncRun:
    """Return the run that waits or runs, or a new one."""
    waiting = run_that_waits(integration)
    if waiting is not None:
        return waiting
    since = integration.last_sync and integration.last_sync - OVERLAP
    return SyncRun.objects.create(
        integration=integration, trigger=trigger, requested_by=by, since=since
    )


def queue_errand(
    integration: Integration, kind: Errand.Kind, *, secrets: Secret | None = None
) -> Errand:
    """Return the waiting errand of that kind, now due at once, or a new one with `secrets`."""
    waiting = integration.errands.filter(state=PENDING, kind=kind)
    errand = waiting.first()
    if errand is None:
        return Errand.objects.create(integration=integration, kind=kind, secrets=secrets)
    make_due(waiting)
    return errand
