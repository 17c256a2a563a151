"""What the first page tells of integrations: those in trouble, and what failed lately."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from integrations.admin.shown import integration_link
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.models.deliveries import InboundState
from integrations.models.runs import RunState
from orderchainer.core.admin.glances import GLANCES, MAX_ROWS, Glance, newest_failures
from orderchainer.core.admin.panels import Panel, panel_of
from orderchainer.core.admin.readers_zone import moment


def troubles(request: HttpRequest) -> Panel | None:
    """List what is wrong with integrations, in at most three statements."""
    found: list[tuple[str, ...]] = []
    seen = False
    for model, rows in (
        (Integration, _broken),
        (SyncRun, _failed_syncs),
        (InboundDelivery, _failed_webhooks),
    ):
        if admin.site.get_model_admin(model).has_view_permission(request):
            seen = True
            found += rows()
    if not seen:
        return None
    return panel_of(
        "Integrations with trouble",
        ("integration", "what", "since", "error"),
        found,
        "All integrations work.",
        most=MAX_ROWS * 2,
        url=reverse("admin:integrations_integration_changelist"),
    )


def _broken() -> list[tuple[str, ...]]:
    broken = Integration.objects.filter(status=Integration.Status.ERROR)
    return [
        (integration_link(row), "does not work", moment(row.status_since), row.last_error or "-")
        for row in broken.select_related("project").order_by("-status_since")[: MAX_ROWS + 1]
    ]


def _failed_syncs() -> list[tuple[str, ...]]:
    runs = SyncRun.objects.select_related("integration__project")
    return [
        (
            integration_link(row.integration),
            "a sync failed",
            moment(row.finished_at or row.created_at),
            row.last_error or "-",
        )
        for row in newest_failures(runs, state=RunState.FAILED)
    ]


def _failed_webhooks() -> list[tuple[str, ...]]:
    deliveries = InboundDelivery.objects.select_related("integration__project").defer("body")
    return [
        (
            integration_link(row.integration),
            "a webhook failed",
            moment(row.finished_at or row.created_at),
            row.last_error or "-",
        )
        for row in newest_failures(deliveries, state=InboundState.FAILED)
    ]


GLANCES.add("integrations with trouble", Glance(5, troubles))
