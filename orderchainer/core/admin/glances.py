"""What the first page of the back office shows at a glance. Each app registers its own panels."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orderchainer.core.admin.panels import Panel
from orderchainer.core.registry import Registry

MAX_ROWS = 10
# For how many days a failure stays on the first page.
DAYS_OF_FAILURES = 7
# We look for failures among this many of the newest rows, so that a large table costs no more than
# a small one.
NEWEST = 5_000


@dataclass(frozen=True)
class Glance:
    """A panel of the first page. The one with the lowest `place` comes first.

    `panel` takes a bounded number of statements. It returns None if the reader may not see it.
    """

    place: int
    panel: Callable[[HttpRequest], Panel | None]


GLANCES: Registry[str, Glance] = Registry("panel of the first page")


def glances(request: HttpRequest) -> list[Panel]:
    """Return the panels that the reader may see."""
    found = [each.panel(request) for each in sorted(GLANCES.values(), key=lambda it: it.place)]
    return [panel for panel in found if panel is not None]


def newest_failures(rows: QuerySet[Any], **failed: object) -> QuerySet[Any]:
    """Return the failed ones of the newest rows, newest first; one more than a panel shows."""
    newest = rows.model._default_manager.order_by("-pk").values("pk")[:NEWEST]
    since: datetime = timezone.now() - timedelta(days=DAYS_OF_FAILURES)
    recent = rows.filter(pk__in=newest, created_at__gte=since, **failed)
    return recent.order_by("-pk")[: MAX_ROWS + 1]
