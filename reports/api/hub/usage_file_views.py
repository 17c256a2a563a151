"""A project's usage of the API and of its assistant as CSV, as a workbook and as a page."""

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from integrations.assistant.access import VIEW_ASSISTANT_USAGE
from orderchainer.core.days import days_up_to_today
from orderchainer.core.http.downloads import JSONForErrors
from orderchainer.core.http.pagination import days_of
from reports.access import VIEW_USAGE
from reports.api.hub import statistics_docs as docs
from reports.api.hub.file_answers import csv_of, workbook_of
from reports.api.page_answer import page_of
from reports.exports import Document, assistant_statistics, usage_statistics


class UsageFileView(ProjectView):
    """How much a project is used, as a file."""

    area = "reports"
    content_negotiation_class = JSONForErrors

    def document(self, request: Request) -> Document:
        """Return the usage of the days that the request asks for. Raises `Invalid`."""
        return usage_statistics(self.project, days_up_to_today(days_of(request), self.project.zone))


class AssistantFileView(ProjectView):
    """What a project's assistant has used, as a file."""

    area = "assistant"
    content_negotiation_class = JSONForErrors

    def document(self, request: Request) -> Document:
        """Return the usage of the days that the request asks for. Raises `Invalid`."""
        return assistant_statistics(
            self.project, days_up_to_today(days_of(request), self.project.zone)
        )


class UsageCSVView(UsageFileView):
    """One table about how much a project is used, as CSV."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_USAGE}

    @docs.USAGE_CSV
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the table that `table` names."""
        return csv_of(request, self.document(request))


class UsageWorkbookView(UsageFileView):
    """All tables about how much a project is used, as a workbook."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_USAGE}

    @docs.USAGE_WORKBOOK
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the workbook."""
        return workbook_of(request, self.document(request))


class UsagePageView(UsageFileView):
    """A page about how much a project is used, to read and print."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_USAGE}

    @docs.USAGE_PAGE
    def get(self, request: Request, project_id: str) -> HttpResponse:
        """Send the page."""
        return page_of(self.document(request))


class AssistantCSVView(AssistantFileView):
    """One table about what a project's assistant has used, as CSV."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ASSISTANT_USAGE}

    @docs.ASSISTANT_CSV
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the table that `table` names."""
        return csv_of(request, self.document(request))


class AssistantWorkbookView(AssistantFileView):
    """All tables about what a project's assistant has used, as a workbook."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ASSISTANT_USAGE}

    @docs.ASSISTANT_WORKBOOK
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the workbook."""
        return workbook_of(request, self.document(request))


class AssistantPageView(AssistantFileView):
    """A page about what a project's assistant has used, to read and print."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ASSISTANT_USAGE}

    @docs.ASSISTANT_PAGE
    def get(self, request: Request, project_id: str) -> HttpResponse:
        """Send the page."""
        return page_of(self.document(request))
