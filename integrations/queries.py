"""What the app can tell of a project's integrations and their work."""

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Project
from integrations.errors import DeliveryNotFound, IntegrationNotFound, RunNotFound
from integrations.models import InboundDelivery, Integration, SyncRun
from orderchainer.core.ids import uuid_in
from orderchainer.core.outbox import PENDING


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


def integration_for(project: Project, integration_id: UUID | str) -> Integration:
    """Return an integration of the project, as `integrations_of` does.

    Raises `IntegrationNotFound`.
    """
    uuid = uuid_in(integration_id)
    found = integrations_of(project).filter(uuid=uuid).first() if uuid else None
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


def delivery_id_in(text: UUID | str) -> UUID:
    """Return the id of a delivery. Raises `DeliveryNotFound` for a text that cannot be one."""
    uuid = uuid_in(text)
    if uuid is None:
        raise DeliveryNotFound
    return uuid
