"""Ask for a sync or a check. A worker does it."""

from django.db import transaction

from accounts.access import Operation
from accounts.locks import lock_project
from accounts.models import User
from accounts.queries import require_operation
from integrations.access import MANAGE_INTEGRATIONS, SYNC_INTEGRATIONS
from integrations.errors import CannotSync, IntegrationNotFound
from integrations.models import Errand, Integration, SyncRun
from integrations.providers import connector_of
from integrations.tasks import run_errand, sync
from integrations.work.queueing import queue_errand, queue_run, run_that_waits
from integrations.work.statuses import lock_integration
from orderchainer.core.background import nudge_on_commit


@transaction.atomic
def request_sync(
    *,
    integration: Integration,
    by: User | None = None,
    trigger: SyncRun.Trigger = SyncRun.Trigger.PERSON,
) -> SyncRun:
    """Return the run that does the sync: the one that waits or runs already, or a new one.

    `by` is the person who asks, None for the system. Raises `CannotSync`, `IntegrationNotFound`,
    and `RoleNotEnough` if `by` may not do it.
    """
    integration = lock_for(integration, by=by, operation=SYNC_INTEGRATIONS)
    if integration.is_paused:
        raise CannotSync("The integration is paused. Resume it first.")
    run = run_that_waits(integration)
    if run is None:
        connector = connector_of(integration.provider)
        if connector is None or connector.sync is None:
            raise CannotSync(f"There is nothing to sync with {integration.provider}.")
        run = queue_run(integration, trigger, by=by)
    nudge_on_commit(sync, run.pk)
    return run


@transaction.atomic
def request_check(*, integration: Integration, by: User | None = None) -> Errand:
    """Have a worker ask the provider whether the configuration works; return the errand.

    One that works is also restored at the provider at once, for example its webhooks, because
    people ask again after they have mended something there. `by` as in `request_sync`. Raises
    `IntegrationNotFound`, and `RoleNotEnough` if `by` may not do it.
    """
    integration = lock_for(integration, by=by, operation=MANAGE_INTEGRATIONS)
    connector = connector_of(integration.provider)
    # For all others, it follows the check.
    works = integration.status == Integration.Status.CONNECTED and not integration.is_paused
    if works and connector is not None and connector.maintain is not None:
        nudge_on_commit(run_errand, queue_errand(integration, Errand.Kind.MAINTAIN).pk)
    return queue_check(integration)


def queue_check(integration: Integration) -> Errand:
    """Queue a check of a locked integration, and wake a worker after the commit."""
    errand = queue_errand(integration, Errand.Kind.CHECK)
    nudge_on_commit(run_errand, errand.pk)
    return errand


def lock_for(integration: Integration, *, by: User | None, operation: Operation) -> Integration:
    """Lock an integration that is not disconnected, and return it as it is now.

    If `by` is given, also locks the project and checks again whether they may do `operation`.
    Raises `IntegrationNotFound`, and `RoleNotEnough` or `ProjectNotFound`.
    """
    if by is not None:
        project = lock_project(integration.project)
        require_operation(by, project, operation)
    now = lock_integration(integration.pk)
    if now is None or now.status == Integration.Status.DISCONNECTED:
        raise IntegrationNotFound
    return now
