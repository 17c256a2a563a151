"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View
from django.views.generic import TemplateView

from accounts.pages.account import (
    ActivityPage,
    EmailPage,
    PreferencesPage,
    ProfilePage,
    SecurityPage,
    SessionEndPage,
    SessionsEndPage,
    TokenRevokePage,
    TokensPage,
)
from accounts.pages.appearance import DensityPage, SingleKeysPage, ThemePage
from accounts.pages.counts import CountsPage
from accounts.pages.links import ConfirmEmailPage, InvitationPage, ResetPasswordPage
from accounts.pages.palette import PalettePage
from accounts.pages.project_activity import ProjectActivityPage
from accounts.pages.projects import NewProjectPage, ProjectDeletePage, ProjectSettingsPage
from accounts.pages.signing_in import ForgottenPage, SignInPage, SignOutPage, SignUpPage
from accounts.pages.team import (
    InvitationRevokePage,
    LeavePage,
    MemberPage,
    MemberRemovePage,
    TeamPage,
)
from accounts.pages.tickets import LiveTicketPage
from accounts.pages.workspace import ProjectDoor, WorkspaceDoor

_PAGES = {
    "confirm-email": ConfirmEmailPage,
    "reset-password": ResetPasswordPage,
    "invitations": InvitationPage,
}


def _pages(slash: str) -> list[URLPattern]:
    patterns = []
    for start, page in _PAGES.items():
        patterns += [
            path(f"{start}/<uuid:link>{slash}", page.as_view(), name=start),
            path(
                f"{start}/done{slash}",
                TemplateView.as_view(
                    template_name="accounts/done.html",
                    extra_context={"done": page.done},
                ),
                name=page.done,
            ),
        ]
    return patterns


_PROJECT = "app/<str:project_id>"
# The pages of the service itself, by the names of their URLs.
_PATHS: dict[str, tuple[str, type[View]]] = {
    "sign-in": ("sign-in", SignInPage),
    "sign-up": ("sign-up", SignUpPage),
    "forgot-password": ("forgot-password", ForgottenPage),
    "sign-out": ("sign-out", SignOutPage),
    "theme": ("theme", ThemePage),
    "single-keys": ("single-keys", SingleKeysPage),
    "density": ("density", DensityPage),
    "account": ("account", ProfilePage),
    "account-email": ("account/email", EmailPage),
    "account-security": ("account/security", SecurityPage),
    "account-activity": ("account/activity", ActivityPage),
    "account-sessions-end": ("account/sessions/end", SessionsEndPage),
    "account-session-end": ("account/sessions/<uuid:session_id>/end", SessionEndPage),
    "account-tokens": ("account/tokens", TokensPage),
    "account-token-revoke": ("account/tokens/<uuid:token_id>/revoke", TokenRevokePage),
    "account-preferences": ("account/preferences", PreferencesPage),
    "live-ticket": ("app/live-ticket", LiveTicketPage),
    "palette": (f"{_PROJECT}/palette", PalettePage),
    "counts": (f"{_PROJECT}/counts", CountsPage),
    "team": (f"{_PROJECT}/team", TeamPage),
    # Before the page of a member, which also matches this path.
    "team-leave": (f"{_PROJECT}/team/leave", LeavePage),
    "team-member": (f"{_PROJECT}/team/<str:user_id>", MemberPage),
    "team-member-remove": (f"{_PROJECT}/team/<str:user_id>/remove", MemberRemovePage),
    "team-invitation-revoke": (
        f"{_PROJECT}/team/invitations/<str:invitation_id>/revoke",
        InvitationRevokePage,
    ),
    "project-activity": (f"{_PROJECT}/activity", ProjectActivityPage),
    "project-settings": (f"{_PROJECT}/settings", ProjectSettingsPage),
    "project-delete": (f"{_PROJECT}/settings/delete", ProjectDeletePage),
    "project-new": ("projects/new", NewProjectPage),
}


def _own(slash: str) -> list[URLPattern]:
    return [path(f"{at}{slash}", page.as_view(), name=name) for name, (at, page) in _PATHS.items()]


# `reverse` uses the last path with a name.
urlpatterns = [
    *_pages("/"),
    *_pages(""),
    *_own("/"),
    *_own(""),
    path("app", WorkspaceDoor.as_view()),
    path("app/", WorkspaceDoor.as_view(), name="workspace"),
    path("app/<str:project_id>", ProjectDoor.as_view()),
    path("app/<str:project_id>/", ProjectDoor.as_view(), name="workspace-project"),
]
