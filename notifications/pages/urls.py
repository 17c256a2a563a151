"""Paths of the page. Links use the spelling without a trailing slash."""

from django.urls import path

from notifications.pages.views import StopPage

urlpatterns = [
    path("stop-messages/<str:token>/", StopPage.as_view()),
    path("stop-messages/<str:token>", StopPage.as_view(), name="stop-messages"),
]
