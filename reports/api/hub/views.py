"""`/api/v1/reports/{project_id}`: a project's reports, for the people who run it."""

from collections.abc import Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.api.idempotency import done_once
from accounts.callers import caller_of
from integrations.assistant.figures import usage_of as assistant_usage_of
from orderchainer.core.days import days_up_to_today
from orderchainer.core.http.conditional import answer_unless_unchanged
from orderchainer.core.http.pagination import bare_list, days_of, page_window_of
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.windows import part_of
from orders.figures import deliveries_of
from reports import services
from reports.access import MANAGE_REPORTS, VIEW_REPORTS, VIEW_USAGE
from reports.api.hub import docs
from reports.api.hub.filters import reports_selected
from reports.api.hub.presentation import etag_of_report, listed_body, report_body
from reports.api.hub.serializers import NewReport
from reports.api.hub.usage import project_usage_body
from reports.queries import report_for
from reports.usage.figures import calls_in, calls_of
from reports.usage.telling import payload_of

RESPOND_ASYNC = "respond-async"


class GenerateView(ProjectView):
    """Generating a report."""

    area = "reports"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_REPORTS}

    @docs.GENERATE
    def post(self, request: Request, project_id: str) -> Response:
        """Have a report generated, once for each `Idempotency-Key`, and wait for it."""
        body = NewReport(data=request.data)
        body.is_valid(raise_exception=True)
        asked: dict[str, Any] = body.validated_data

        def work() -> str:
            report = services.request_report(
                project=self.project,
                by=caller_of(request),
                report_type=asked["report_type"],
                start=asked["start_date"],
                end=asked["end_date"],
                filters=asked["filters"],
            )
            return str(report.uuid)

        kept = done_once(request, work)
        headers = {"Idempotent-Replayed": "true"} if kept.replayed else {}
        if _prefers_async(request):
            headers["Preference-Applied"] = RESPOND_ASYNC
        else:
            services.wait_for(report_for(self.project, kept.value))
        report = report_for(self.project, kept.value)
        headers["Location"] = f"/api/v1/reports/{self.project.uuid}/{report.uuid}"
        headers["ETag"] = etag_of_report(report)
        return Response(report_body(report, self.project), status=201, headers=headers)


class ReportsView(ProjectView):
    """All reports of a project."""

    area = "reports"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    @docs.LIST_REPORTS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the reports."""
        window = page_window_of(request)
        part, total = part_of(reports_selected(self.project, request), window)
        return bare_list(
            request,
            [listed_body(report, self.project) for report in part],
            total=total,
            window=window,
        )


class OneReportView(ProjectView):
    """One report."""

    area = "reports"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_REPORTS,
        "DELETE": MANAGE_REPORTS,
    }

    @docs.GET_REPORT
    def get(self, request: Request, project_id: str, report_id: str) -> Response | HttpResponse:
        """Answer the report."""
        report = report_for(self.project, report_id)
        return answer_unless_unchanged(
            request, etag_of_report(report), lambda: report_body(report, self.project)
        )

    @docs.DELETE_REPORT
    def delete(self, request: Request, project_id: str, report_id: str) -> Response:
        """Delete the report."""
        report = report_for(self.project, report_id)
        services.delete_report(report=report, by=caller_of(request))
        return Response(status=204)


class UsageView(ProjectView):
    """How much a project is used."""

    area = "reports"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_USAGE}

    @docs.GET_USAGE
    def get(self, request: Request, project_id: str) -> Response:
        """Answer the calls, deliveries and assistant's usage of the last days."""
        period = days_up_to_today(days_of(request), self.project.zone)
        return Response(
            project_usage_body(
                calls_in(self.project, period),
                deliveries_of(self.project, period),
                assistant_usage_of(self.project, period).total,
                period,
            )
        )


class OwnUsageView(SurfaceView):
    """How much the caller uses the API."""

    area = "account"

    @docs.GET_OWN_USAGE
    def get(self, request: Request) -> Response:
        """Answer the caller's calls of the last days."""
        period = days_up_to_today(days_of(request), ZoneInfo("UTC"))
        return Response(payload_of(calls_of(caller_of(request), period), period))


def _prefers_async(request: Request) -> bool:
    """Tell whether the client does not want to wait (RFC 7240)."""
    preferences = request.headers.get("Prefer", "").split(",")
    return any(each.split(";")[0].strip().lower() == RESPOND_ASYNC for each in preferences)
