"""The admin site of the back office."""

from contextlib import suppress
from math import inf
from typing import Any

from django import forms
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite
from unfold.widgets import UnfoldAdminEmailInputWidget

from accounts import services
from accounts.attempts import count_attempt
from accounts.callers import caller_of
from accounts.errors import UserNotFound
from accounts.limits import SEND_CODE, SIGN_IN
from accounts.models import EmailCode, User
from orderchainer.core.admin.glances import glances
from orderchainer.core.admin.picking import Picks
from orderchainer.core.admin.readers_zone import in_readers_zone, readers_zone
from orderchainer.core.admin.sections import SECTIONS
from orderchainer.core.http.clients import address_of
from orderchainer.core.limits.rates import LimitExceeded
from orderchainer.core.web.counted import answer_counted


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """The form in which staff change their own password."""

    def save(self, commit: bool = True) -> User:
        """Change it through the service, which ends every session that has tokens."""
        user: User = self.user
        services.change_password(user=user, password=self.cleaned_data["new_password1"])
        return user


NOT_STAFF = (
    "Your password is right, but the back office is for staff only, and your account is not staff. "
    "Use the shop or the app in which you registered. If you work here, ask an administrator to "
    "make you staff."
)


class SignInForm(AuthenticationForm):
    """The form of the sign-in. It tells users who are not staff why they cannot enter."""

    def confirm_login_allowed(self, user: Any) -> None:
        """Let only staff in. Only those who know the password read the reason."""
        if user.is_active and not user.is_staff:
            raise ValidationError(NOT_STAFF, code="not_staff")
        super().confirm_login_allowed(user)


class ForgottenForm(forms.Form):
    """The address of somebody who forgot the password."""

    email = forms.EmailField(
        label="E-mail", max_length=254, widget=UnfoldAdminEmailInputWidget(attrs={"autofocus": ""})
    )


class BackOffice(UnfoldAdminSite):
    """The admin site."""

    login_form = SignInForm

    site_title = "OrderChainer"
    site_header = "OrderChainer"
    index_title = "Back office"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Let each page of staff show times in the reader's zone."""
        return super().admin_view(in_readers_zone(view), cacheable)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer what people type into a field that picks rows."""
        return Picks.as_view(admin_site=self)(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what all templates need, with the name of the reader's zone."""
        return {**super().each_context(request), "readers_zone": readers_zone().key}

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what needs attention above the list of pages."""
        return super().index(request, {**(extra_context or {}), "glances": glances(request)})

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the pages that the caller may see, by app, each app's main page first."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        by_label = {app["app_label"]: app for app in apps}
        for label, section in SECTIONS.items():
            for other in section.with_pages_of:
                if label in by_label and other in by_label:
                    by_label[label]["models"] += by_label.pop(other)["models"]
        for app in by_label.values():
            app["models"].sort(key=lambda page: (not self._page_of(page, "is_main"), page["name"]))
        return sorted(by_label.values(), key=self._place_of)

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the same for the sidebar, with each page's `icon` from Material Symbols."""
        return [
            {
                "title": app["name"],
                "items": [
                    {
                        "title": page["name"],
                        "icon": self._page_of(page, "icon"),
                        # Somebody who may add rows but not see them gets only the form for a new
                        # one.
                        "link": (link := page["admin_url"] or page["add_url"]),
                        "active": request.path.startswith(link),
                        "has_permission": True,
                    }
                    for page in app["models"]
                ],
            }
            for app in self.get_app_list(request)
        ]

    def _place_of(self, app: dict[str, Any]) -> tuple[float, str]:
        label = app["app_label"]
        section = SECTIONS.get(label)
        return (section.place if section else inf), label

    def _page_of(self, page: dict[str, Any], name: str) -> Any:
        """Return an attribute of a `ServiceAdmin` page, and None for other pages."""
        return getattr(self.get_model_admin(page["model"]), name, None)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Search for pages as the parent does, but answer 404 for a page number that does not
        exist.
        """
        try:
            return super().search(request, extra_context)
        except (InvalidPage, ValueError) as exc:
            raise Http404 from exc

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Sign in with a cookie, as the parent does.

        This counts together with the sign-ins of the API.
        """
        return answer_counted(
            request,
            lambda: count_attempt(address_of(request), SIGN_IN, request.POST.getlist("username")),
            lambda: super(BackOffice, self).login(request, extra_context),
        )

    def extra_urls(self) -> list[URLPattern]:
        """Add the page for a forgotten password.

        Not under Django's name for it: the theme's link would then ask for a forgotten username,
        and nobody has one.
        """
        page = never_cache(self.password_reset)
        return [path("password_reset/", page, name="forgotten_password")]

    def password_reset(self, request: HttpRequest) -> HttpResponseBase:
        """Send a link to somebody who forgot the password.

        It is the e-mail of the API, whose link leads to the page for a new password. Requests count
        together with those of the API.
        """
        return answer_counted(
            request,
            lambda: count_attempt(address_of(request), SEND_CODE, []),
            lambda: self._send_reset(request),
        )

    def _send_reset(self, request: HttpRequest) -> HttpResponse:
        """Ask for an address. The answer never tells whether it has an account."""
        form = ForgottenForm(request.POST or None)
        sent = ""
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data["email"]
            # Somebody who asks too often has a link in the e-mail before, which still works.
            with suppress(UserNotFound, LimitExceeded):
                services.request_code(email=sent, purpose=EmailCode.Purpose.RESET_PASSWORD)
        context = {**self.each_context(request), "title": "Forgotten password"}
        page = {"form": form, "sent": sent}
        return TemplateResponse(request, "admin/forgotten.html", {**context, **page})

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Change one's own password, as the parent does but through our form.

        The form asks for the old password. A guess at it counts as an attempt to sign in.
        """
        request.current_app = self.name  # Django's templates need it
        page = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
            template_name=self.password_change_template or "registration/password_change_form.html",
        )
        return answer_counted(
            request,
            lambda: count_attempt(address_of(request), SIGN_IN, [caller_of(request).email]),
            lambda: page(request),
        )
