"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from reports.pages.listing import ReportRowsPage, ReportsPage
from reports.pages.one import (
    DeleteReportPage,
    OneReportPage,
    ReportCsvPage,
    ReportToPrintPage,
    ReportWorkbookPage,
)
from reports.pages.schedules import (
    DeleteSchedulePage,
    EditSchedulePage,
    NewSchedulePage,
    PauseSchedulePage,
    SchedulesPage,
)
from reports.pages.today import TodayPage
from reports.pages.views import ReportPage

# By the names of their URLs, below the path of the project.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "today": ("today", TodayPage),
    "reports": ("reports", ReportsPage),
    "report-rows": ("reports/rows", ReportRowsPage),
    "report-schedules": ("reports/schedules", SchedulesPage),
    "report-schedule-new": ("reports/schedules/new", NewSchedulePage),
    "report-schedule-edit": ("reports/schedules/<str:schedule_id>/edit", EditSchedulePage),
    "report-schedule-pause": ("reports/schedules/<str:schedule_id>/pause", PauseSchedulePage),
    "report-schedule-delete": ("reports/schedules/<str:schedule_id>/delete", DeleteSchedulePage),
    "report-csv": ("reports/<str:report_id>.csv", ReportCsvPage),
    "report-workbook": ("reports/<str:report_id>.xlsx", ReportWorkbookPage),
    "report-to-print": ("reports/<str:report_id>.html", ReportToPrintPage),
    "report-delete": ("reports/<str:report_id>/delete", DeleteReportPage),
    "report": ("reports/<str:report_id>", OneReportPage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [
        path(f"app/<str:project_id>/{at}{slash}", page.as_view(), name=name)
        for name, (at, page) in _PAGES.items()
    ]


# `reverse` uses the last path with a name.
urlpatterns = [
    *_pages("/"),
    *_pages(""),
    path("report-pages/<str:token>/", ReportPage.as_view()),
    path("report-pages/<str:token>", ReportPage.as_view(), name="report-page"),
]
