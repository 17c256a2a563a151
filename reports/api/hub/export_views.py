"""`/api/v1/reports/{project_id}/{report_id}.csv`, `.xlsx` and `.html`: a report as a file."""

from collections.abc import Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import IO, ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from orderchainer.core.http.downloads import JSONForErrors, csv_download, download
from reports import exports
from reports.access import VIEW_REPORTS
from reports.api.hub import export_docs as docs
from reports.api.page_answer import page_of
from reports.models import Report
from reports.queries import ready_report_for

DEFAULT_TABLE = "by_day"
# A larger workbook waits on disk until it is sent.
MAX_BYTES_IN_MEMORY = 1024 * 1024
CHUNK_BYTES = 64 * 1024


class ExportView(ProjectView):
    """A report as a file."""

    area = "reports"
    content_negotiation_class = JSONForErrors


class CSVView(ExportView):
    """One table of a report as CSV."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    @docs.EXPORT_CSV
    def get(self, request: Request, project_id: str, report_id: str) -> StreamingHttpResponse:
        """Send the table that `table` names."""
        report = ready_report_for(self.project, report_id)
        name = request.query_params.get("table", "").strip()
        table = exports.table_named(report, name or DEFAULT_TABLE)
        return csv_download(
            request,
            exports.write_csv(table),
            filename=f"{_name_of(report)}_{table.name}.csv",
        )


class WorkbookView(ExportView):
    """All tables of a report as a workbook."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    @docs.EXPORT_WORKBOOK
    def get(self, request: Request, project_id: str, report_id: str) -> StreamingHttpResponse:
        """Send the workbook."""
        report = ready_report_for(self.project, report_id)
        return download(
            request, _workbook_of(report), filename=f"{_name_of(report)}.xlsx", media_type=docs.XLSX
        )


class PageView(ExportView):
    """A report as a page to read and print."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    @docs.EXPORT_PAGE
    def get(self, request: Request, project_id: str, report_id: str) -> HttpResponse:
        """Send the page."""
        return page_of(ready_report_for(self.project, report_id))


def _workbook_of(report: Report) -> Iterator[bytes]:
    with SpooledTemporaryFile(max_size=MAX_BYTES_IN_MEMORY) as spooled:
        file: IO[bytes] = spooled
        exports.write_workbook(report, exports.tables_of(report), file)
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")


def _name_of(report: Report) -> str:
    """Return the name of a file: `sales_2025-01-01_2025-01-31`."""
    period = report.period
    return f"{report.report_type}_{period.first.isoformat()}_{period.last.isoformat()}"
