"""Work on sync runs, slice by slice.

A slice is one attempt of the engine in `orderchainer.core.outbox`: it works for a while, keeps its
progress after each page, and lets other syncs have the worker. If a worker dies, the next slice
goes on at the last page that was kept.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from integrations.events import SYNC_RUN, EventType
from integrations.models import Integration, SyncRun
from integrations.providers import connector_of
from integrations.work.statuses import lock_integration, report_health
from orderchainer.core import outbox
from orderchainer.core.encryption import Undecryptable
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import FAILED, PENDING, Drop, GiveUp, Outcome, Settled, TryAgain
from orders.stream.models import Event
from orders.stream.recording import event_about, record

logger = structlog.get_logger(__name__)

State = SyncRun.State

SYNCS = Counter(
    "orderchainer_syncs_total",
    "Sync runs that came to an end, by provider and state (done, failed, cancelled).",
    ["provider", "state"],
)
SYNCED = Counter(
    "orderchainer_synced_objects_total",
    "Objects that finished runs saw at providers, by provider and outcome "
    "(created, changed, unchanged, refused).",
    ["provider", "outcome"],
)


@dataclass(frozen=True)
class Worked:
    """What became of a run's slice."""

    state: str
    # In how many seconds the next slice should begin, if that is soon.
    again_after_seconds: float | None


def work_on_run(run_id: int) -> Worked | None:
    """Work on a due run for one slice. None if it is not due, or another worker has it."""
    run = outbox.claim(SyncRun.objects.all(), run_id)
    if run is None:
        return None
    began_at = timezone.now()
    if run.started_at is None:
        run.started_at = began_at
        SyncRun.objects.filter(outbox.own(run)).update(started_at=began_at)
    integration = run.integration
    outcome = outbox.attempt(lambda: _sync(run, integration))
    settled = _settle(run, integration, outcome, began_at)
    _tell(run, integration, settled)
    return Worked(settled.state, settled.nudge_after_seconds)


def due_runs() -> list[int]:
    """Return the ids of runs that are due, the longest waiting first."""
    return outbox.due_ids(SyncRun.objects.all())


def cancel_runs(integration: Integration, reason: str) -> None:
    """Drop the run of a locked integration that waits or runs. Records `sync_finished`."""
    for run in integration.runs.filter(state=PENDING):
        outbox.drop(SyncRun.objects.filter(pk=run.pk), reason)
        run.refresh_from_db()
        record([_finished(run, integration)])
        SYNCS.labels(integration.provider, State.CANCELLED).inc()


@transaction.atomic
def stop_runs(integration: Integration, reason: str) -> bool:
    """Drop the run of an integration that waits or runs, and return whether there was one.

    Records `sync_finished`. A worker notices it when it next keeps its progress.
    """
    now = lock_integration(integration.pk)
    if now is None or not now.runs.filter(state=PENDING).exists():
        return False
    cancel_runs(now, reason)
    return True


def _sync(run: SyncRun, integration: Integration) -> None:
    if run.is_worn_out:
        raise GiveUp(f"Gave up after {run.MAX_ATTEMPTS} attempts: the last one was cut off.")
    if not Integration.objects.at_work().filter(pk=integration.pk).exists():
        raise Drop("The integration is no longer at work.")
    connector = connector_of(integration.provider)
    if connector is None or connector.sync is None:
        raise Drop("This provider has nothing to sync.")
    try:
        connector.sync(run)
    except (TryAgain, GiveUp, Drop):
        raise
    except Undecryptable as exc:
        raise GiveUp(str(exc)) from exc
    except Exception as exc:
        # A defect in the provider's package. The row records it, and the usual number of tries
        # applies.
        logger.exception("sync_crashed", run=run.pk)
        raise TryAgain(f"Internal error: {type(exc).__name__}") from exc


@transaction.atomic
def _settle(
    run: SyncRun, integration: Integration, outcome: Outcome, began_at: datetime
) -> Settled:
    """Write the outcome of a slice and, if the run ends, everything that follows."""
    now = lock_integration(integration.pk)
    if isinstance(outcome, GiveUp) and now and now.config_version != integration.config_version:
        # It failed with a configuration that has been replaced meanwhile.
        outcome = TryAgain("The configuration has changed.", after_seconds=0, counts=False)
    settled = outbox.settle(run, outcome)
    if now is None or not settled.is_ours:
        return settled
    if settled.state == PENDING:
        if isinstance(outcome, TryAgain) and not outcome.counts:
            # It went well so far; a reason would look like an error.
            SyncRun.objects.filter(pk=run.pk).update(last_error="")
        return settled
    run.refresh_from_db()
    if settled.state == State.DONE:
        _keep_success(now, run)
        report_health(integration=integration, called_at=began_at)
    elif settled.state == FAILED and now.status != Integration.Status.ERROR:
        now.last_error = run.last_error
        now.updated_at = timezone.now()
        now.save(update_fields=["last_error", "updated_at"])
    record([_finished(run, now)])
    return settled


def _keep_success(integration: Integration, run: SyncRun) -> None:
    assert run.started_at is not None
    integration.last_sync = run.started_at
    if integration.status == Integration.Status.CONNECTED:
        integration.last_error = ""
    integration.updated_at = timezone.now()
    integration.save(update_fields=["last_sync", "last_error", "updated_at"])


def _finished(run: SyncRun, integration: Integration) -> Event:
    return event_about(
        EventType.SYNC_FINISHED,
        subject_kind=SYNC_RUN,
        subject_uuid=run.uuid,
        project_id=integration.project_id,
        by=run.requested_by,
        integration_id=str(integration.uuid),
        provider=integration.provider,
        account=integration.account,
        status=run.word,
        seen=run.seen,
        created=run.created,
        changed=run.changed,
        refused=run.refused,
        error=run.last_error,
    )


def _tell(run: SyncRun, integration: Integration, settled: Settled) -> None:
    """Log and count how the slice went."""
    about = {"run": run.pk, "integration": integration.pk, "provider": integration.provider}
    counts = {
        "seen": run.seen,
        "created": run.created,
        "changed": run.changed,
        "refused": run.refused,
    }
    if settled.state == PENDING:
        logger.info(
            "sync_postponed",
            **about,
            seconds=round(settled.delay_seconds, 1),
            error=settled.error,
        )
        return
    SYNCS.labels(integration.provider, settled.state).inc(settled.is_ours)
    if settled.is_ours:
        unchanged = max(0, run.seen - run.created - run.changed - run.refused)
        for outcome, count in {
            "created": run.created,
            "changed": run.changed,
            "unchanged": unchanged,
            "refused": run.refused,
        }.items():
            SYNCED.labels(integration.provider, outcome).inc(count)
    log = logger.warning if settled.state == FAILED else logger.info
    log("sync_finished", **about, state=str(settled.state), **counts, error=settled.error)
