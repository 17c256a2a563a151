"""How the back office shows integrations and their work: labels and links."""

from collections.abc import Mapping

from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.models import Integration
from orderchainer.core.admin.panels import link

STATUS_COLOURS: Mapping[str, str] = {
    Integration.Status.CONNECTING: "info",
    Integration.Status.CONNECTED: "success",
    Integration.Status.ERROR: "danger",
}
# The colours for the states of runs, errands and deliveries, by the words that people see.
WORD_COLOURS: Mapping[str, str] = {
    "received": "info",
    "queued": "info",
    "running": "warning",
    "pending": "info",
    "being tried": "warning",
    "done": "success",
    "sent": "success",
    "failed": "danger",
}


def integration_link(integration: Integration) -> SafeString:
    """Return a link to an integration's page."""
    url = reverse("admin:integrations_integration_change", args=[integration.pk])
    return link(url, str(integration))
