"""Paths under `/api/v1/` that read the activity log. The hub document has none of them."""

from django.urls import path

from accounts.api.hub.activity import OwnActivityView, ProjectActivityView

urlpatterns = [
    path("auth/activity", OwnActivityView.as_view(), name="hub-own-activity"),
    path(
        "projects/<str:project_id>/activity",
        ProjectActivityView.as_view(),
        name="hub-project-activity",
    ),
]
