"""The progress of a sync run, kept page by page."""

from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, Value, When
from django.utils import timezone

from integrations.models import Integration, SyncRun
from orderchainer.core.outbox import MAX_ERROR_LENGTH, Drop, lease, own


def slice_seconds() -> float:
    """Return for how long a sync may go on before it lets other syncs have the worker."""
    seconds: int = settings.DELIVERY_LEASE_SECONDS
    return seconds / 3


def keep_progress(
    *,
    run: SyncRun,
    cursor: Any,
    seen: int = 0,
    created: int = 0,
    changed: int = 0,
    refused: int = 0,
    refusal: str = "",
) -> None:
    """Keep where the next slice goes on, and add one page to the counts. Renews the lease.

    Call it after each page, when all of the page is stored. `cursor` is any JSON that the
    provider's own package understands. `refused` counts objects that could not be stored, and
    `refusal` says why in a sentence. Progress resets the count of failed attempts.

    Raises `Drop` if the run is no longer this worker's: its lease is over, or the integration was
    paused or disconnected, or its project was closed.
    """
    until = timezone.now() + lease()
    at_work = Integration.objects.at_work().filter(pk=OuterRef("integration_id"))
    kept = SyncRun.objects.filter(own(run), Exists(at_work)).update(
        cursor=cursor,
        seen=F("seen") + seen,
        created=F("created") + created,
        changed=F("changed") + changed,
        refused=F("refused") + refused,
        refusal=Case(
            When(refusal="", then=Value(refusal[:MAX_ERROR_LENGTH])), default=F("refusal")
        ),
        attempts=1,
        next_attempt_at=until,
        claimed_until=until,
    )
    if not kept:
        raise Drop("The integration is no longer at work.")
    run.cursor = cursor
    run.attempts = 1
    run.next_attempt_at = run.claimed_until = until
