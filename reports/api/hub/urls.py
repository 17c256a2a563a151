"""Paths under `/api/v1/reports`, spelt as the hub document spells them."""

from django.urls import path

from reports.api.hub.export_views import CSVView, PageView, WorkbookView
from reports.api.hub.schedules import OneScheduleView, SchedulesView
from reports.api.hub.views import (
    GenerateView,
    OneReportView,
    OwnUsageView,
    ReportsView,
    UsageView,
)

urlpatterns = [
    path("auth/usage", OwnUsageView.as_view(), name="hub-auth-usage"),
    path("reports/<str:project_id>", ReportsView.as_view(), name="hub-reports"),
    # Before `<str:report_id>`, which would match these words too.
    path("reports/<str:project_id>/generate", GenerateView.as_view(), name="hub-reports-generate"),
    path(
        "reports/<str:project_id>/schedules", SchedulesView.as_view(), name="hub-report-schedules"
    ),
    path(
        "reports/<str:project_id>/schedules/<str:schedule_id>",
        OneScheduleView.as_view(),
        name="hub-report-schedule",
    ),
    path("reports/<str:project_id>/<str:report_id>.csv", CSVView.as_view(), name="hub-report-csv"),
    path(
        "reports/<str:project_id>/<str:report_id>.xlsx",
        WorkbookView.as_view(),
        name="hub-report-xlsx",
    ),
    path(
        "reports/<str:project_id>/<str:report_id>.html", PageView.as_view(), name="hub-report-html"
    ),
    path("reports/<str:project_id>/usage", UsageView.as_view(), name="hub-reports-usage"),
    path("reports/<str:project_id>/<str:report_id>", OneReportView.as_view(), name="hub-report"),
]
