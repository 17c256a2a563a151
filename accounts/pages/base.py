"""The bases of pages: for visitors, and for people who have signed in."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import Profile, Session, User
from accounts.pages.cookies import forget, remember, session_id_in
from accounts.queries import browser_session_of
from accounts.services import stay_signed_in
from orderchainer.core.errors import DomainError, Unauthenticated
from orderchainer.core.limits.rates import count, user_subject
from orderchainer.core.web.fragments import wants_fragment
from orderchainer.core.web.page import Page, SeeOther
from orderchainer.core.web.security import PAGES

# The theme of visitors. Those who have signed in have it in their profile.
THEME_COOKIE = "theme"
MAX_PATH_LENGTH = 2000


class SignedOut(Unauthenticated):
    """Nobody is signed in, or the session has ended. The page is only for those who are."""

    code = "signed_out"
    default_message = "You were signed out. Sign in and try again."


class VisitorPage(Page):
    """A page that everybody sees. `session` is the browser's session if somebody is signed in."""

    session: Session | None = None
    # Whether requests of those who are signed in use up their limit of pages.
    is_counted: ClassVar[bool] = True

    def admit(self) -> HttpResponseBase | None:
        """Find out who asks, in one statement, and count the request of those who are signed in."""
        self.session = _session_of(self.request)
        # In place of the lazy user of Django's middleware, which would look for a sign-in to the
        # back office.
        self.request.user = self.session.user if self.session else AnonymousUser()
        if self.session is not None:
            structlog.contextvars.bind_contextvars(user_id=self.session.user_id)
            if self.is_counted:
                self.usage = count(PAGES, [user_subject(self.session.user_id)])
        return None

    def finish(self, response: HttpResponseBase) -> HttpResponseBase:
        """Let the session last longer, unless this answer has signed the browser in or out."""
        response = super().finish(response)
        if (
            self.session is not None
            and not response.cookies
            and stay_signed_in(session=self.session)
        ):
            remember(response, self.session)
        return response

    def refuse(self, exc: DomainError) -> HttpResponseBase:
        """Send a visitor to the sign-in, and back here afterwards.

        A form or a script gets a refusal instead, so that the page keeps what was typed.
        """
        if not isinstance(exc, SignedOut):
            return super().refuse(exc)
        if self.request.method in {"GET", "HEAD"} and not wants_fragment(self.request):
            return redirect(sign_in_address(self.request.get_full_path()))
        # The cookie stays. Another tab may have signed in again meanwhile, and an answer that comes
        # late would delete the new cookie.
        return super().refuse(exc)

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead to the sign-in, or to the workspace of those who have signed in."""
        if self.session is None:
            return {"label": "Sign in", "href": reverse("sign-in")}
        return {"label": "Go to the workspace", "href": reverse("workspace")}

    def frame(self) -> Mapping[str, Any]:
        """Return who is signed in, and how they like the pages."""
        profile = self.session.user.profile if self.session else None
        return {
            "person": person_of(self.session.user) if self.session else None,
            "theme": profile.theme if profile else theme_of_visitor(self.request),
            "density": profile.density if profile else Profile.Density.COMFORTABLE,
            "single_keys": profile.has_single_keys if profile else True,
            "project": None,
            "projects": (),
            "role": None,
            "navigation": (),
            "corner": (),
            "live": None,
            "panels": (),
        }


class AccountPage(VisitorPage):
    """A page for people who have signed in. Everybody else is asked to."""

    session: Session

    def admit(self) -> HttpResponseBase | None:
        """Find out who asks. Raises `SignedOut`."""
        super().admit()
        if self.session is None:
            raise SignedOut
        return None

    @property
    def person(self) -> User:
        """The user who has signed in."""
        return self.session.user


def signed_out(path: str | None = None) -> HttpResponseBase:
    """Lead a browser whose session has ended to `path`, or to the sign-in."""
    response = SeeOther(path or reverse("sign-in"))
    forget(response)
    # The next person at this device cannot go back to what was read here.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _session_of(request: HttpRequest) -> Session | None:
    session_id = session_id_in(request)
    return browser_session_of(session_id) if session_id else None


def person_of(user: User) -> dict[str, Any]:
    """Return what the frame of a page shows of the user."""
    avatar = user.profile.avatar
    return {
        "id": user.uuid,
        "name": user.name or user.email,
        "email": user.email,
        "avatar_url": avatar.url if avatar else "",
        "is_staff": user.is_staff,
    }


def theme_of_visitor(request: HttpRequest) -> str:
    """Return the theme that a visitor has chosen in this browser."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in Profile.Theme.values else str(Profile.Theme.SYSTEM)


def sign_in_address(path: str) -> str:
    """Return the address of the sign-in that leads to `path` afterwards."""
    return f"{reverse('sign-in')}?{urlencode({'next': path})}"


def own_path(text: str) -> str | None:
    """Return `text` if it is a path of this service, and None for anything that leads elsewhere."""
    is_path = text.startswith("/") and len(text) <= MAX_PATH_LENGTH
    return text if is_path and url_has_allowed_host_and_scheme(text, allowed_hosts=None) else None
