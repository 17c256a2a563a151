"""The filters of the list of reports."""

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Project
from orderchainer.core.http.filters import ChoicesFilter, filter_of
from reports.builders import BUILDERS
from reports.models import Report
from reports.queries import reports_of

# The states as people see them, and as they are stored.
STATES = {"generating": Report.State.GENERATING, "ready": Report.State.READY, "failed": "failed"}


class ReportFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """`report_type` and `status`, both repeatable."""

    report_type = ChoicesFilter([(name, name) for name in BUILDERS])
    status = ChoicesFilter([(name, name) for name in STATES])

    class Meta:
        model = Report
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Report]) -> QuerySet[Report]:
        """Keep the reports with one of the types and one of the states."""
        if types := self.form.cleaned_data["report_type"]:
            queryset = queryset.filter(report_type__in=types)
        if states := self.form.cleaned_data["status"]:
            queryset = queryset.filter(state__in=[STATES[state] for state in states])
        return queryset


def reports_selected(project: Project, request: HttpRequest) -> QuerySet[Report]:
    """Return the reports that the query string selects. Raises `Invalid`."""
    found: QuerySet[Report] = filter_of(ReportFilter, request, reports_of(project)).qs
    return found
