"""Accounts under `/api/v1/`, spelled as in the hub document."""

from django.urls import path

from accounts.api.hub.views.activity import OwnActivityView, ProjectActivityView
from accounts.api.hub.views.auth import (
    LoginView,
    LogoutView,
    MeView,
    RefreshView,
    RegisterView,
)
from accounts.api.hub.views.invitations import (
    AcceptInvitationView,
    InvitationsView,
    OneInvitationView,
)
from accounts.api.hub.views.members import MembersView, OneMemberView
from accounts.api.hub.views.projects import OneProjectView, ProjectsView
from accounts.api.hub.views.sessions import SessionsView, SessionView
from accounts.api.hub.views.tokens import TokensView, TokenView

urlpatterns = [
    path("auth/register", RegisterView.as_view(), name="hub-register"),
    path("auth/login", LoginView.as_view(), name="hub-login"),
    path("auth/refresh", RefreshView.as_view(), name="hub-refresh"),
    path("auth/logout", LogoutView.as_view(), name="hub-logout"),
    path("auth/me", MeView.as_view(), name="hub-me"),
    path("auth/sessions", SessionsView.as_view(), name="hub-sessions"),
    path("auth/sessions/<str:session_id>", SessionView.as_view(), name="hub-session"),
    path("auth/tokens", TokensView.as_view(), name="hub-tokens"),
    path("auth/tokens/<str:token_id>", TokenView.as_view(), name="hub-token"),
    path("projects", ProjectsView.as_view(), name="hub-projects"),
    path("projects/<str:project_id>", OneProjectView.as_view(), name="hub-project"),
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
    # The hub document has no activity log. These two paths are our own.
    path("auth/activity", OwnActivityView.as_view(), name="hub-own-activity"),
    path(
        "projects/<str:project_id>/activity",
        ProjectActivityView.as_view(),
        name="hub-project-activity",
    ),
]
