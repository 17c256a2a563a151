"""The admin's own ground: its site, and the base of every page that writes through services."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.sites import UnfoldAdminSite

from accounts import services
from accounts.models import User
from orderchainer.api.errors import DomainError, Invalid

Row = TypeVar("Row", bound=models.Model)


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Somebody's new password, for themselves."""

    def save(self, commit: bool = True) -> User:
        """Change it by the service, which ends the sessions of all tokens."""
        user: User = self.user
        services.change_password(user=user, password=self.cleaned_data["new_password1"])
        return user


class BackOffice(UnfoldAdminSite):
    """The admin site."""

    site_title = "OrderChainer"
    site_header = "OrderChainer"

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Change one's own password, as the parent does but through our form."""
        request.current_app = self.name  # Django's templates ask for it
        return PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
            template_name=self.password_change_template
            or "registration/password_change_form.html",
        )(request)


class ServiceAdmin(ModelAdmin):
    """An admin page whose writes are services: what they refuse is shown as a message."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save a form. Django saves in one transaction, so a refusal leaves nothing behind."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            self.message_user(request, words_of(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def do_each(
        self,
        request: HttpRequest,
        rows: Iterable[Row],
        work: Callable[[Row], object],
        *,
        done: str,
    ) -> None:
        """Call `work` for each selected row; tell how many it was `done` to, and each refusal by row.

        One service call for each row: every one has its own rules, locks and events.
        """
        count = 0
        for row in rows:
            try:
                work(row)
            except DomainError as refusal:
                self.message_user(
                    request, f"{row}: {words_of(refusal)}", messages.ERROR
                )
            else:
                count += 1
        if count:
            self.message_user(request, f"{done}: {count}.", messages.SUCCESS)


def words_of(refusal: DomainError) -> str:
    """Return what a refusal says to people, on one line."""
    if isinstance(refusal, Invalid):
        return " ".join(
            f"{field}: {message}"
            for field, found in refusal.errors.items()
            for message in found
        )
    return refusal.message
