"""Paths under `/api/v1/reports`, spelt as the hub document spells them, and statistics as files."""

from django.urls import path

from reports.api.hub.export_views import CSVView, PageView, WorkbookView
from reports.api.hub.schedules import OneScheduleView, SchedulesView
from reports.api.hub.statistics_views import (
    MessagesCSVView,
    MessagesPageView,
    MessagesWorkbookView,
    OrdersCSVView,
    OrdersPageView,
    OrdersWorkbookView,
)
from reports.api.hub.usage_file_views import (
    AssistantCSVView,
    AssistantPageView,
    AssistantWorkbookView,
    UsageCSVView,
    UsagePageView,
    UsageWorkbookView,
)
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
    path(
        "reports/<str:project_id>/usage.csv",
        UsageCSVView.as_view(),
        name="hub-reports-usage-csv",
    ),
    path(
        "reports/<str:project_id>/usage.xlsx",
        UsageWorkbookView.as_view(),
        name="hub-reports-usage-xlsx",
    ),
    path(
        "reports/<str:project_id>/usage.html",
        UsagePageView.as_view(),
        name="hub-reports-usage-html",
    ),
    path(
        "assistant/usage/<str:project_id>/summary.csv",
        AssistantCSVView.as_view(),
        name="hub-assistant-usage-csv",
    ),
    path(
        "assistant/usage/<str:project_id>/summary.xlsx",
        AssistantWorkbookView.as_view(),
        name="hub-assistant-usage-xlsx",
    ),
    path(
        "assistant/usage/<str:project_id>/summary.html",
        AssistantPageView.as_view(),
        name="hub-assistant-usage-html",
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
    path(
        "orders/<str:project_id>/stats/summary.csv",
        OrdersCSVView.as_view(),
        name="hub-orders-summary-csv",
    ),
    path(
        "orders/<str:project_id>/stats/summary.xlsx",
        OrdersWorkbookView.as_view(),
        name="hub-orders-summary-xlsx",
    ),
    path(
        "orders/<str:project_id>/stats/summary.html",
        OrdersPageView.as_view(),
        name="hub-orders-summary-html",
    ),
    path(
        "messages/<str:project_id>/stats/summary.csv",
        MessagesCSVView.as_view(),
        name="hub-messages-summary-csv",
    ),
    path(
        "messages/<str:project_id>/stats/summary.xlsx",
        MessagesWorkbookView.as_view(),
        name="hub-messages-summary-xlsx",
    ),
    path(
        "messages/<str:project_id>/stats/summary.html",
        MessagesPageView.as_view(),
        name="hub-messages-summary-html",
    ),
    path("reports/<str:project_id>/usage", UsageView.as_view(), name="hub-reports-usage"),
    path("reports/<str:project_id>/<str:report_id>", OneReportView.as_view(), name="hub-report"),
]
