"""Choices that a button makes: the colours of pages, and whether single keys do something."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts import services
from accounts.models import Profile
from accounts.pages.base import THEME_COOKIE, AccountPage, VisitorPage, own_path
from orderchainer.core.errors import Invalid
from orderchainer.core.web.fragments import wants_fragment
from orderchainer.core.web.page import SeeOther


class ThemePage(VisitorPage):
    """Keeps the theme: in the profile of people, in a cookie for visitors."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep it, and go back to `next`. A script gets an empty answer."""
        theme = self.request.POST.get("theme", "")
        if theme not in Profile.Theme.values:
            raise Invalid({"theme": ["Unknown theme."]}, f"A theme is one of {_NAMES}.")
        if self.session is not None:
            services.choose_appearance(user=self.session.user, theme=theme)
        response = _kept(self.request)
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=365 * 24 * 60 * 60,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
        return response


class DensityPage(AccountPage):
    """Keeps how much space rows have."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep it. Answers like the theme."""
        services.choose_appearance(user=self.person, density=self.request.POST.get("density", ""))
        return _kept(self.request)


class SingleKeysPage(AccountPage):
    """Switches single keys on or off."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep the choice, `on` or `off`. Answers like the theme."""
        choice = self.request.POST.get("single_keys", "")
        if choice not in _CHOICES:
            raise Invalid({"single_keys": ["Unknown choice."]}, "Single keys are on or off.")
        services.choose_appearance(user=self.person, has_single_keys=_CHOICES[choice])
        return _kept(self.request)


def _kept(request: HttpRequest) -> HttpResponse:
    """Go back to `next`. A script gets an empty answer."""
    if "X-Requested-With" in request.headers or wants_fragment(request):
        return HttpResponse(status=204)
    return SeeOther(own_path(request.POST.get("next", "")) or reverse("home"))


_NAMES = ", ".join(Profile.Theme.values)
_CHOICES = {"on": True, "off": False}
