"""One report: its figures, charts and tables, and the files that show the same."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import urlencode

from accounts.access import Operation
from orderchainer.core.errors import DomainError
from orderchainer.core.web.forms import FormPage
from reports import services
from reports.access import MANAGE_REPORTS, VIEW_REPORTS
from reports.api.hub.file_answers import csv_of, workbook_of
from reports.api.page_answer import page_of
from reports.errors import ReportNotFound
from reports.exports import document_of, tables_of
from reports.exports.shown import shown
from reports.models import Report
from reports.pages.base import OfReports
from reports.pages.ranges import OWN
from reports.pages.shown import shown_report
from reports.queries import ready_report_for, report_for


class OfReport(OfReports):
    """A page of one report."""

    def report(self) -> Report:
        """Return the report that the path names. Raises `ReportNotFound`."""
        return report_for(self.its_project, self.kwargs["report_id"])

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the list."""
        if self.project is None:
            return super().way_out(exc)
        return {"label": "All reports", "href": self.address("reports")}


class OneReportPage(OfReport):
    """A report to read, or how far it is."""

    template_name = "reports/one.html"
    parts = ("report",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, or for a script only what can change."""
        report = self.report()
        period = report.period
        again = urlencode(
            {
                "kind": report.report_type,
                "range": OWN,
                "start_date": period.first.isoformat(),
                "end_date": period.last.isoformat(),
            }
        )
        context: dict[str, Any] = {
            "report": shown_report(self.its_project, report),
            "timezone": report.timezone,
            # The form of a new report has no filters, so it would make another report.
            "again_url": "" if report.filters else f"{self.address('reports')}?{again}#generate",
            "may_manage": self.may(MANAGE_REPORTS),
        }
        if report.state == Report.State.READY:
            document = document_of(report)
            content = shown(document)
            context |= {
                "summary": report.summary,
                "figures": content.cards,
                "sections": content.sections,
                "tables": [(table.name, table.title) for table in tables_of(document)],
            }
        return self.show(context)


class DeleteReportPage(OfReport, FormPage):
    """Asks before it deletes a report: nobody can have the same figures made again."""

    template_name = "reports/delete.html"
    button = "Delete the report"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_REPORTS, "POST": MANAGE_REPORTS}
    is_live = False

    def form(self, **posted: Any) -> forms.Form:
        """Return a form that asks for nothing but the button."""
        return forms.Form(**posted)

    def act(self, form: BaseForm) -> None:
        """Delete it. One that is gone already is what the reader wants."""
        try:
            report = self.report()
            services.delete_report(report=report, by=self.person)
        except ReportNotFound:
            messages.info(self.request, "The report is no longer there.")
            return
        title = shown_report(self.its_project, report).title
        messages.success(self.request, f"The report {title} is deleted.")

    def done(self) -> str:
        """Return the address of the list."""
        return self.address("reports")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return what is deleted, and where Cancel leads."""
        report = shown_report(self.its_project, self.report())
        return {
            "title": report.title,
            "consequences": "Its figures will be gone for good. A new report of the same days uses "
            "today's figures, which can differ.",
            "parent": {"label": report.title, "url": report.url},
            "cancel": self.done(),
        }


class ReportFilePage(OfReport):
    """A report as a file. Raises `ReportNotReady` before it has its figures."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}
    is_live = False

    def report(self) -> Report:
        """Return the report, which is ready. Raises `ReportNotFound` and `ReportNotReady`."""
        return ready_report_for(self.its_project, self.kwargs["report_id"])


class ReportCsvPage(ReportFilePage):
    """One table of it as CSV. Raises `Invalid` for another name than that of a table."""

    def get(self, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """Send the table that `table` names."""
        return csv_of(self.request, document_of(self.report()))


class ReportWorkbookPage(ReportFilePage):
    """All its tables as a workbook."""

    def get(self, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """Send the workbook."""
        return workbook_of(self.request, document_of(self.report()))


class ReportToPrintPage(ReportFilePage):
    """A page to print, which loads nothing."""

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the page."""
        return page_of(document_of(self.report()))
