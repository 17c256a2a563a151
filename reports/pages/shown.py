"""Reports as pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from accounts.models import Project
from accounts.naming import called
from reports.exports.shown import day_in_words
from reports.models import Report


@dataclass(frozen=True)
class ShownReport:
    """A report in a list.

    `state` is `generating`, `ready` or `failed`. `error` says why it failed, or why it is tried
    again. `by` is who asked for it: a person, or a schedule if the list knows that. `narrowed` are
    its filters in words.
    """

    id: UUID
    title: str
    kind: str
    days: str
    url: str
    state: str
    error: str
    by: str
    at: datetime
    narrowed: str

    @property
    def is_ready(self) -> bool:
        """Whether it has its figures."""
        return self.state == "ready"


def shown_report(project: Project, report: Report) -> ShownReport:
    """Return a report as a list shows it."""
    kind, days = report.report_type.capitalize(), days_of(report)
    return ShownReport(
        id=report.uuid,
        title=f"{kind}, {days}",
        kind=kind,
        days=days,
        url=report_address(project, report),
        state=report.word,
        error=report.last_error,
        by=_asked_by(report),
        at=report.created_at,
        narrowed=filters_in_words(report.filters),
    )


def _asked_by(report: Report) -> str:
    person = report.requested_by
    if person is not None:
        return called(person.name, person.email)
    if getattr(report, "is_scheduled", False):
        return "a schedule"
    # The account of the person is gone, or the schedule.
    return "no longer known"


def filters_in_words(filters: Mapping[str, str | Sequence[str]]) -> str:
    """Write the filters of a report or a schedule: `provider: shopify, woocommerce`."""
    return "; ".join(
        f"{name}: {value if isinstance(value, str) else ', '.join(value)}"
        for name, value in sorted(filters.items())
    )


def days_of(report: Report) -> str:
    """Return the days of a report: `1 Jan 2025 to 31 Jan 2025`."""
    first, last = report.period.first, report.period.last
    if first == last:
        return day_in_words(first)
    return f"{day_in_words(first)} to {day_in_words(last)}"


def report_address(project: Project, report: Report) -> str:
    """Return the address of the page of a report."""
    return f"{reverse('reports', kwargs={'project_id': project.uuid})}/{report.uuid}"
