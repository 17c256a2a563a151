"""Paths under `/api/v1/projects` and `/api/v1/invitations`, spelt as the hub document spells them."""

from django.urls import path

from accounts.api.hub.invitations import (
    AcceptInvitationView,
    InvitationsView,
    OneInvitationView,
)
from accounts.api.hub.members import MembersView, OneMemberView
from accounts.api.hub.projects import OneProjectView, ProjectsView

urlpatterns = [
    path("projects", ProjectsView.as_view(), name="hub-projects"),
    path(
        "projects/<str:project_id>",
        OneProjectView.as_view(),
        name="hub-project",
    ),
    path(
        "projects/<str:project_id>/members",
        MembersView.as_view(),
        name="hub-members",
    ),
    path(
        "projects/<str:project_id>/members/<str:user_id>",
        OneMemberView.as_view(),
        name="hub-member",
    ),
    path(
        "projects/<str:project_id>/invitations",
        InvitationsView.as_view(),
        name="hub-invitations",
    ),
    path(
        "projects/<str:project_id>/invitations/<str:invitation_id>",
        OneInvitationView.as_view(),
        name="hub-invitation",
    ),
    path(
        "invitations/accept",
        AcceptInvitationView.as_view(),
        name="hub-accept-invitation",
    ),
]
