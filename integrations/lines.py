"""Integrations as lines: a project's own ends of the channels over which customers write.

An integration is a line if its provider has registered a channel. The line has the UUID of the
integration.
"""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import Project
from integrations.models import Integration
from integrations.providers import label_of
from notifications.channels import CHANNELS, Line, NotAsked

Status = Integration.Status


def lines_of(project: Project) -> Sequence[Line]:
    """Return the lines of a project, the oldest first."""
    rows = Integration.objects.open().filter(project=project, provider__in=list(CHANNELS.so_far()))
    return [line_of(integration) for integration in rows.order_by("pk")]


def line_of(integration: Integration) -> Line:
    """Return the line of an integration."""
    return Line(
        uuid=integration.uuid,
        channel=integration.provider,
        project_id=integration.project_id,
        name=integration.account_name or f"{label_of(integration.provider)} {integration.account}",
        trouble=_trouble_of(integration),
    )


def integration_of(line: UUID) -> Integration:
    """Return the integration behind a line. Raises `NotAsked` if it is disconnected."""
    integration = Integration.objects.open().filter(uuid=line).first()
    if integration is None:
        raise NotAsked("Our line is disconnected.")
    return integration


def _trouble_of(integration: Integration) -> str:
    if integration.is_paused:
        return "It is paused."
    if integration.status == Status.ERROR:
        return integration.last_error or "The provider refuses it."
    return ""
