"""The cookie that signs a browser in to the pages.

It names a session and is signed, so that nobody can make one for a session whose id they have seen.
Only pages read it: the API, the back office and the WebSockets do not.
"""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import Session
from orderchainer.core.ids import uuid_in

COOKIE = "workspace"
# Browsers take a cookie with this prefix only over https, from this very host. So neither another
# host of the domain nor somebody on the line can plant one.
_HOST_PREFIX = "__Host-"
# The project that was looked at last, so that the workspace opens there again.
PROJECT_COOKIE = "project"
_SALT = "accounts.pages.cookies"


def session_id_in(request: HttpRequest) -> UUID | None:
    """Return the session that the cookie names; None without a cookie of ours."""
    return uuid_in(request.get_signed_cookie(cookie_name(), default="", salt=_SALT) or "")


def cookie_name() -> str:
    """Return the name of the cookie, which begins with `__Host-` if this service has https."""
    return f"{_HOST_PREFIX}{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE


def remember(response: HttpResponseBase, session: Session) -> None:
    """Keep the browser signed in as long as its session lasts."""
    response.set_signed_cookie(
        cookie_name(),
        str(session.pk),
        salt=_SALT,
        max_age=max(0, int((session.expires_at - timezone.now()).total_seconds())),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget(response: HttpResponseBase) -> None:
    """Delete the cookies of a browser that is signed out."""
    for name in (cookie_name(), PROJECT_COOKIE):
        response.delete_cookie(name, samesite="Lax")


def remember_project(request: HttpRequest, response: HttpResponseBase, project_id: UUID) -> None:
    """Remember which project the browser has looked at last."""
    if request.COOKIES.get(PROJECT_COOKIE) != str(project_id):
        response.set_cookie(
            PROJECT_COOKIE,
            str(project_id),
            max_age=365 * 24 * 60 * 60,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )


def project_in(request: HttpRequest) -> UUID | None:
    """Return the project that the browser has looked at last."""
    return uuid_in(request.COOKIES.get(PROJECT_COOKIE, ""))
