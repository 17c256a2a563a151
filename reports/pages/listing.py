"""The list of a project's reports, on which people have new ones made."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import HttpResponse

from accounts.access import Operation
from accounts.services import answer_once, fingerprint_of
from orderchainer.core.ids import uuid_in
from orderchainer.core.web.filters import read_filters
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther
from reports import services
from reports.access import MANAGE_REPORTS, VIEW_REPORTS
from reports.api.hub.filters import ReportFilter
from reports.builders import BUILDERS
from reports.pages.base import OfReports
from reports.pages.forms import ReportForm
from reports.pages.ranges import OWN, RANGES
from reports.pages.shown import shown_report
from reports.queries import report_for, reports_by_id, reports_of

PAGE_SIZE = 25
# The most rows that a page asks for again at once: `MOST_PARTS` in `changes.js`.
MAX_PARTS = 100


class ReportsPage(OfReports, FormPage):
    """The reports, newest first. Sending the form twice asks for one report."""

    template_name = "reports/reports.html"
    button = "Generate report"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS, "POST": MANAGE_REPORTS}

    def form(self, **posted: Any) -> ReportForm:
        """Return the form, with what the address asks for."""
        return ReportForm(project=self.its_project, initial=self._asked(), **posted)

    def _asked(self) -> dict[str, str]:
        """Return the kind and the period that a link proposes. What makes no sense is left out."""
        asked = self.request.GET
        proposed = {}
        if asked.get("kind") in BUILDERS:
            proposed["report_type"] = asked["kind"]
        if asked.get("range") in RANGES:
            proposed["range"] = asked["range"]
        for name in ("start_date", "end_date"):
            if name in asked and proposed.get("range") == OWN:
                proposed[name] = asked[name][:10]
        return proposed

    def act(self, form: ReportForm) -> SeeOther:
        """Have the report made. Its row shows how far it is."""
        first, last = form.days()

        def work() -> str:
            report = services.request_report(
                project=self.its_project,
                by=self.person,
                report_type=form.cleaned_data["report_type"],
                start=first,
                end=last,
                filters={},
            )
            return str(report.uuid)

        sent = {name: self.request.POST.getlist(name) for name in form.fields}
        report_id = answer_once(
            user=self.person,
            key=form.cleaned_data["key"],
            fingerprint=fingerprint_of([self.request.path, sent]),
            work=work,
        ).value
        report = report_for(self.its_project, report_id)
        messages.success(
            self.request,
            f"The report of {shown_report(self.its_project, report).days} is on its way.",
        )
        return SeeOther(self.address("reports"))

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the reports that the address selects."""
        filters, found = read_filters(ReportFilter, self.request.GET, reports_of(self.its_project))
        page = Paginator(found, PAGE_SIZE).get_page(self.request.GET.get("page"))
        return {
            "page": page,
            "reports": [shown_report(self.its_project, each) for each in page.object_list],
            "filters": filters,
            "tabs": [
                {
                    "label": label,
                    "url": f"{self.address('reports')}?report_type={kind}"
                    if kind
                    else self.address("reports"),
                    "is_current": filters.values.get("report_type", ()) == ((kind,) if kind else ())
                    and "status" not in filters.values,
                }
                for kind, label in (("", "All"), *((name, name.capitalize()) for name in BUILDERS))
            ],
            "may_manage": self.may(MANAGE_REPORTS),
        }


class ReportRowsPage(OfReports):
    """Some rows of the list again: those of reports that have come to their end."""

    template_name = "reports/rows.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the rows of the reports that `ids` names."""
        texts = self.request.GET.get("ids", "").split(",")[:MAX_PARTS]
        ids: list[UUID] = [found for text in texts if (found := uuid_in(text))]
        rows = reports_by_id(self.its_project, ids)
        return self.show(
            {
                "reports": [shown_report(self.its_project, each) for each in rows],
                "may_manage": self.may(MANAGE_REPORTS),
            }
        )
