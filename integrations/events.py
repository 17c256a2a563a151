"""What can happen to integrations. `docs/events.md` lists the payload of each event."""

from django.db import models

# The kinds of subjects of these events.
INTEGRATION = "integration"
SYNC_RUN = "sync_run"


class EventType(models.TextChoices):
    """The types of events about integrations."""

    STATUS_CHANGED = "integration_status_changed", "Integration Status Changed"
    SYNC_FINISHED = "sync_finished"
