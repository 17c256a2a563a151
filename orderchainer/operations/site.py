"""The admin site of the back office."""

from math import inf
from typing import Any

from django.contrib.auth.views import PasswordChangeView
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.sites import UnfoldAdminSite

from accounts import services
from accounts.attempts import count_attempt
from accounts.callers import caller_of
from accounts.limits import SIGN_IN
from accounts.models import User
from orderchainer.core.admin.sections import SECTIONS
from orderchainer.core.http.clients import address_of
from orderchainer.core.web.counted import answer_counted


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """The form in which staff change their own password."""

    def save(self, commit: bool = True) -> User:
        """Change it through the service, which ends every session that has tokens."""
        user: User = self.user
        services.change_password(user=user, password=self.cleaned_data["new_password1"])
        return user


class BackOffice(UnfoldAdminSite):
    """The admin site."""

    site_title = "OrderChainer"
    site_header = "OrderChainer"
    index_title = "Back office"

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
