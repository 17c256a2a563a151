"""What can happen to reports. `docs/events.md` lists the payload of each event."""

from django.db import models

# The kind of subject of these events.
REPORT = "report"


class EventType(models.TextChoices):
    """The types of events about reports."""

    READY = "report_ready"
