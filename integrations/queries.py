"""What the app can tell of a project's integrations and their work."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.utils.timezone import now

from accounts.models import Project
from integrations.errors import DeliveryNotFound, IntegrationNotFound, RunNotFound
from integrations.models import Errand, InboundDelivery, Integration, SyncRun
from orderchainer.core.ids import uuid_in
from orderchainer.core.outbox import FAILED, PENDING

# A webhook or a sync that failed is trouble for so long, if it is among the newest of its
# integration.
WATCHED_FOR = timedelta(days=7)
WATCHED_WEBHOOKS = 100
# The states of a sync that tell whether syncing works.
_ENDED = (SyncRun.State.DONE, SyncRun.State.FAILED)


def integrations_of(project: Project) -> QuerySet[Integration]:
    """Return the integrations of a project that are not disconnected, oldest first.

    Each has `is_syncing`: whether a run waits or runs. Its secrets are not read.
    """
    waiting = SyncRun.objects.filter(integration=OuterRef("pk"), state=PENDING)
    return (
        Integration.objects.filter(project=project)
        .exclude(status=Integration.Status.DISCONNECTED)
        .select_related("connected_by")
        .defer("secrets", "old_secrets")
        .annotate(is_syncing=Exists(waiting))
        .order_by("pk")
    )


def troubled_integrations(project: Project, *, limit: int) -> tuple[list[Integration], int]:
    """Return the integrations with which something is wrong, and how many there are.

    Their provider refuses us, their last sync failed (`failed_sync` says why), or some of the
    webhooks of the last days failed for good (`failed_webhooks` counts them). Paused ones are left
    out. One statement.
    """
    runs = SyncRun.objects.filter(integration=OuterRef("pk"), state__in=_ENDED).order_by("-pk")
    failing = Q(status=Integration.Status.ERROR) | Q(last_run=SyncRun.State.FAILED)
    rows: list[Any] = list(
        integrations_of(project)
        .filter(is_paused=False)
        .annotate(
            last_run=Subquery(runs.values("state")[:1]),
            failed_sync=Case(
                When(last_run=SyncRun.State.FAILED, then=Subquery(runs.values("last_error")[:1])),
                default=Value(""),
            ),
            failed_webhooks=_failed_among_newest(InboundDelivery),
        )
        .filter(failing | Q(failed_webhooks__gt=0))
        .annotate(total=Window(Count("*")))[:limit]
    )
    return rows, rows[0].total if rows else 0


def with_health(integrations: QuerySet[Integration]) -> QuerySet[Integration]:
    """Add `is_checking`, and how many of the newest syncs and webhooks failed in the last days.

    The counts are `failed_syncs` and `failed_webhooks`.
    """
    checks = Errand.objects.filter(
        integration=OuterRef("pk"), kind=Errand.Kind.CHECK, state=PENDING
    )
    return integrations.annotate(
        is_checking=Exists(checks),
        failed_syncs=_failed_among_newest(SyncRun),
        failed_webhooks=_failed_among_newest(InboundDelivery),
    )


def _failed_among_newest(model: type[SyncRun] | type[InboundDelivery]) -> Subquery:
    """Count the rows of each integration that failed in the last days.

    However many a shop sends, we read the newest of them.
    """
    rows: Any = model._default_manager
    newest = rows.filter(integration=OuterRef(OuterRef("pk"))).order_by("-pk")
    failed = rows.filter(
        pk__in=newest.values("pk")[:WATCHED_WEBHOOKS],
        state=FAILED,
        created_at__gte=now() - WATCHED_FOR,
    )
    return Subquery(
        failed.order_by().annotate(number=Func("pk", function="COUNT")).values("number"),
        output_field=IntegerField(),
    )


def integration_for(
    project: Project, integration_id: UUID | str, *, has_health: bool = False
) -> Integration:
    """Return an integration of the project, as `integrations_of` does.

    With `has_health` it also has what `with_health` adds. Raises `IntegrationNotFound`.
    """
    uuid = uuid_in(integration_id)
    rows = integrations_of(project)
    if has_health:
        rows = with_health(rows)
    found = rows.filter(uuid=uuid).first() if uuid else None
    if found is None:
        raise IntegrationNotFound
    found.project = project
    return found


def runs_of(integration: Integration) -> QuerySet[SyncRun]:
    """Return the runs of an integration with the people who asked for them, newest first."""
    return integration.runs.select_related("requested_by").order_by("-pk")


def run_for(integration: Integration, run_id: UUID | str) -> SyncRun:
    """Return a run of the integration, as `runs_of` does. Raises `RunNotFound`."""
    uuid = uuid_in(run_id)
    found = runs_of(integration).filter(uuid=uuid).first() if uuid else None
    if found is None:
        raise RunNotFound
    return found


def deliveries_of(integration: Integration) -> QuerySet[InboundDelivery]:
    """Return what the provider posted for an integration, newest first, without the bodies."""
    return integration.deliveries.defer("body", "headers").order_by("-pk")


def delivery_for(integration: Integration, delivery_id: UUID | str) -> InboundDelivery:
    """Return a delivery for the integration, with its body. Raises `DeliveryNotFound`."""
    found = integration.deliveries.filter(uuid=delivery_id_in(delivery_id)).first()
    if found is None:
        raise DeliveryNotFound
    return found


def last_errands_of(integration: Integration) -> Mapping[str, Errand]:
    """Return the last errand of each kind, by its kind. Its secrets are not read."""
    newest = integration.errands.filter(kind=OuterRef("kind")).order_by("-pk").values("pk")[:1]
    rows = integration.errands.filter(pk=Subquery(newest)).defer("secrets")
    return {str(each.kind): each for each in rows}


def delivery_id_in(text: UUID | str) -> UUID:
    """Return the id of a delivery. Raises `DeliveryNotFound` for a text that cannot be one."""
    uuid = uuid_in(text)
    if uuid is None:
        raise DeliveryNotFound
    return uuid
