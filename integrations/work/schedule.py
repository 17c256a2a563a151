"""Sync every integration again and again, and forget what nobody needs any more.

Webhooks are the fast way, and they can be lost. So every integration at work gets a run and its
upkeep once in `SYNC_INTERVAL_MINUTES`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.models import Errand, Integration, SyncRun
from integrations.providers import connector_of
from integrations.work.ending import end
from integrations.work.queueing import queue_errand, queue_run
from integrations.work.statuses import lock_integration
from orderchainer.core.outbox import PENDING

# How many integrations one pass takes. More of them wait for the next pass.
MAX_SCHEDULED = 500
# For how long we keep runs and errands that came to an end.
KEPT_FOR = timedelta(days=30)
FORGOTTEN_AT_ONCE = 1000
# For how long an integration of a deleted project keeps its secrets: staff can bring the project
# back.
CLOSED_FOR = timedelta(days=7)
CLOSED = "The project was deleted."

Kind = Errand.Kind


@dataclass
class Scheduled:
    """The rows that a worker should try now."""

    errands: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)


def interval() -> timedelta:
    """Return the time between two scheduled syncs; 0 if there are none."""
    return timedelta(minutes=settings.SYNC_INTERVAL_MINUTES)


def next_sync_at(now: datetime, *, due_at: datetime | None = None) -> datetime:
    """Return when an integration should next sync. A random part keeps integrations apart.

    `due_at` is when it should have synced. If that is long ago, many others are late as well, so we
    spread them over the whole interval.
    """
    is_late = due_at is not None and now - due_at > interval()
    return now + interval() * (random.uniform(0, 1) if is_late else random.uniform(0.9, 1.1))


def schedule_syncs() -> Scheduled:
    """Queue a run and the upkeep of every integration whose time has come."""
    scheduled = Scheduled()
    if not interval():
        return scheduled
    for pk in _due(timezone.now()):
        _schedule(pk, scheduled)
    return scheduled


def _due(now: datetime) -> Sequence[int]:
    rows = Integration.objects.at_work().filter(next_sync_at__lte=now).order_by("next_sync_at")
    return list(rows.values_list("pk", flat=True)[:MAX_SCHEDULED])


@transaction.atomic
def _schedule(integration_id: int, scheduled: Scheduled) -> None:
    """Queue what an integration needs. Two schedulers at once queue it once."""
    integration = lock_integration(integration_id)
    now = timezone.now()
    if (
        integration is None
        or integration.status == Integration.Status.DISCONNECTED
        or integration.is_paused
        or integration.next_sync_at > now
    ):
        return
    integration.next_sync_at = next_sync_at(now, due_at=integration.next_sync_at)
    integration.save(update_fields=["next_sync_at"])
    connector = connector_of(integration.provider)
    if connector is None:
        return
    if integration.status != Integration.Status.CONNECTED:
        # Ask first whether it works by now. If it does, a sync follows.
        _queue_unless_waiting(integration, Kind.CHECK, scheduled)
        return
    if connector.maintain is not None:
        _queue_unless_waiting(integration, Kind.MAINTAIN, scheduled)
    if connector.sync is not None:
        scheduled.runs.append(queue_run(integration, SyncRun.Trigger.SCHEDULE).pk)


def _queue_unless_waiting(
    integration: Integration, kind: Errand.Kind, scheduled: Scheduled
) -> None:
    # An errand that waits for its next try goes on waiting.
    if not integration.errands.filter(state=PENDING, kind=kind).exists():
        scheduled.errands.append(queue_errand(integration, kind).pk)


# --- Forgetting -------------------------------------------------------------------------------


def end_closed() -> list[int]:
    """Disconnect the integrations of projects that were deleted a while ago.

    Returns the errands that tell their providers.
    """
    before = timezone.now() - CLOSED_FOR
    closed = Integration.objects.closed().filter(project__updated_at__lt=before)
    goodbyes = [_end_closed(pk) for pk in list(closed.values_list("pk", flat=True))]
    return [errand.pk for errand in goodbyes if errand is not None]


@transaction.atomic
def _end_closed(integration_id: int) -> Errand | None:
    integration = lock_integration(integration_id)
    if integration is None or not Integration.objects.closed().filter(pk=integration_id).exists():
        return None
    return end(integration, CLOSED)


def forget_old_secrets() -> int:
    """Wipe replaced secrets that no longer count; return how many integrations had some."""
    late = Integration.objects.filter(old_secrets_until__lte=timezone.now())
    return late.update(old_secrets=None, old_secrets_until=None)


def forget_finished() -> int:
    """Delete runs and errands that came to an end long ago; return how many."""
    before = timezone.now() - KEPT_FOR
    return sum(_delete(model, before) for model in (SyncRun, Errand))


def _delete(model: type[SyncRun] | type[Errand], before: datetime) -> int:
    deleted = 0
    while True:
        old = model._default_manager.filter(finished_at__lt=before).order_by("pk")
        ids = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
        if not ids:
            return deleted
        deleted += model._default_manager.filter(pk__in=ids).delete()[0]
