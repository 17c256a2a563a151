"""Paths of the page. Links use the spelling without a trailing slash."""

from django.urls import path

from reports.pages.views import ReportPage

urlpatterns = [
    path("report-pages/<str:token>/", ReportPage.as_view()),
    path("report-pages/<str:token>", ReportPage.as_view(), name="report-page"),
]
