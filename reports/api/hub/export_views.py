"""`/api/v1/reports/{project_id}/{report_id}.csv`, `.xlsx` and `.html`: a report as a file."""

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from orderchainer.core.http.downloads import JSONForErrors
from reports.access import VIEW_REPORTS
from reports.api.hub import export_docs as docs
from reports.api.hub.file_answers import csv_of, workbook_of
from reports.api.page_answer import page_of
from reports.exports import Document, document_of
from reports.queries import ready_report_for


class ExportView(ProjectView):
    """A report as a file."""

    area = "reports"
    content_negotiation_class = JSONForErrors

    def document(self, report_id: str) -> Document:
        """Return the report. Raises `ReportNotFound` and `ReportNotReady`."""
        return document_of(ready_report_for(self.project, report_id))


class CSVView(ExportView):
    """One table of a report as CSV."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    @docs.EXPORT_CSV
    def get(self, request: Request, project_id: str, report_id: str) -> StreamingHttpResponse:
        """Send the table that `table` names."""
        return csv_of(request, self.document(report_id))


class WorkbookView(ExportView):
    """All tables of a report as a workbook."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    @docs.EXPORT_WORKBOOK
    def get(self, request: Request, project_id: str, report_id: str) -> StreamingHttpResponse:
        """Send the workbook."""
        return workbook_of(request, self.document(report_id))


class PageView(ExportView):
    """A report as a page to read and print."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    @docs.EXPORT_PAGE
    def get(self, request: Request, project_id: str, report_id: str) -> HttpResponse:
        """Send the page."""
        return page_of(self.document(report_id))
