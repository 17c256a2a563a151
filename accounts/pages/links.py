"""Confirm an address, choose a new password, accept an invitation: one form each.

Opening a page changes nothing, because mail scanners open every link before its reader does. A page
relies on the link alone and on no cookie or session, so a forged request would have to know the
link, and there is no CSRF token. With one, the pages could not forbid the Referer header, which
must not reveal the link.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.attempts import count_attempt
from accounts.errors import (
    EmailTaken,
    InvalidCredentials,
    InvitationExpired,
    LinkExpired,
)
from accounts.limits import REGISTER, SIGN_IN, USE_CODE
from accounts.models import EmailCode, Invitation
from accounts.pages.forms import (
    NewcomerForm,
    NewPasswordForm,
    NothingToFillIn,
    PasswordForm,
)
from accounts.services.codes import (
    address_of_link,
    confirm_email,
    reset_password_by_link,
)
from accounts.services.joining import (
    has_account,
    invitation_of,
    join_anew,
    join_with_account,
)
from orderchainer.core.errors import DomainError, Invalid, NotFound
from orderchainer.core.http.clients import address_of
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.limits.rates import STANDARD, Usage

GONE = 410
HEADERS = {
    # Hide the link from caches, search engines and other sites.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@method_decorator(csrf_exempt, name="dispatch")
class LinkPage(View, ABC):
    """A form behind a link. Subclasses define what it shows and what it does."""

    template_name: ClassVar[str]
    # Where to redirect when all is done, so that the link leaves the address bar.
    done: ClassVar[str]
    usage: Usage | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request; a refusal gets a separate page."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except DomainError as exc:
            response = refusal(request, exc)
        headers = self.usage.headers if self.usage else {}
        for name, value in {**headers, **HEADERS}.items():
            response.headers.setdefault(name, value)
        return response

    def get(self, request: HttpRequest, link: UUID) -> HttpResponse:
        """Show the form."""
        self.usage = count_attempt(address_of(request), STANDARD, [])
        return self.show(request, link, self.form_for(link, None))

    def post(self, request: HttpRequest, link: UUID) -> HttpResponse:
        """Do what the form asks for and redirect, or show what is wrong with it."""
        self.usage = self.count(request, link)
        form = self.form_for(link, request.POST)
        if form.is_valid():
            try:
                self.act(link, form)
            except Invalid as exc:
                if not exc.errors:
                    raise
                for field, messages in exc.errors.items():
                    form.add_error(field if field in form.fields else None, messages)
            except InvalidCredentials:
                form.add_error("password", "This is not your password.")
            else:
                return redirect(self.done)
        return self.show(request, link, form, status=400)

    def show(
        self, request: HttpRequest, link: UUID, form: forms.Form, status: int = 200
    ) -> HttpResponse:
        """Show the form with its errors."""
        context = {"form": form, **self.context_of(link)}
        return render(request, self.template_name, context, status=status)

    def count(self, request: HttpRequest, link: UUID) -> Usage | None:
        """Count an attempt. Raises `LimitExceeded`."""
        return count_attempt(address_of(request), USE_CODE, [])

    @abstractmethod
    def form_for(self, link: UUID, data: Mapping[str, Any] | None) -> forms.Form:
        """Return the page's form, filled in with `data`."""

    @abstractmethod
    def context_of(self, link: UUID) -> dict[str, object]:
        """Return the page's context. Raises the error of a link that does not work."""

    @abstractmethod
    def act(self, link: UUID, form: forms.Form) -> None:
        """Do what a valid form asks for."""


class ConfirmEmailPage(LinkPage):
    """A button that confirms an address."""

    template_name = "accounts/confirm_email.html"
    done = "email-confirmed"

    def form_for(self, link: UUID, data: Mapping[str, Any] | None) -> forms.Form:
        return NothingToFillIn(data)

    def context_of(self, link: UUID) -> dict[str, object]:
        return {"email": address_of_link(link=link, purpose=EmailCode.Purpose.VERIFY_EMAIL)}

    def act(self, link: UUID, form: forms.Form) -> None:
        confirm_email(link=link)


class ResetPasswordPage(LinkPage):
    """A form for a new password."""

    template_name = "accounts/reset_password.html"
    done = "password-reset"

    def form_for(self, link: UUID, data: Mapping[str, Any] | None) -> forms.Form:
        return NewPasswordForm(data)

    def context_of(self, link: UUID) -> dict[str, object]:
        return {"email": address_of_link(link=link, purpose=EmailCode.Purpose.RESET_PASSWORD)}

    def act(self, link: UUID, form: forms.Form) -> None:
        reset_password_by_link(link=link, new_password=form.cleaned_data["password"])


class InvitationPage(LinkPage):
    """Shows the invitation, and asks for the account's password or for a new account."""

    template_name = "accounts/invitation.html"
    done = "invitation-accepted"
    _invitation: Invitation | None = None

    def invitation(self, link: UUID) -> Invitation:
        """Return the invitation, read once."""
        if self._invitation is None:
            self._invitation = invitation_of(link=link)
        return self._invitation

    def count(self, request: HttpRequest, link: UUID) -> Usage | None:
        """Count it as a password attempt or as a registration, whichever it is."""
        super().count(request, link)
        invitation = self.invitation(link)
        limit = SIGN_IN if has_account(invitation) else REGISTER
        return count_attempt(address_of(request), limit, [invitation.email])

    def form_for(self, link: UUID, data: Mapping[str, Any] | None) -> forms.Form:
        known = has_account(self.invitation(link))
        return PasswordForm(data) if known else NewcomerForm(data)

    def context_of(self, link: UUID) -> dict[str, object]:
        return {"invitation": self.invitation(link)}

    def act(self, link: UUID, form: forms.Form) -> None:
        filled_in = dict(form.cleaned_data)
        if isinstance(form, PasswordForm):
            join_with_account(link=link, password=filled_in["password"])
            return
        del filled_in["repeated"]
        try:
            join_anew(link=link, **filled_in)
        except EmailTaken as exc:
            # They have registered in another way meanwhile.
            raise Invalid({"body": ["You have an account now. Reload this page."]}) from exc


def refusal(request: HttpRequest, exc: DomainError) -> HttpResponse:
    """Explain on a page why a link does not work, or that there were too many attempts."""
    problem = problem_of(exc)
    assert problem is not None, "every domain error means something"
    is_late = isinstance(exc, LinkExpired | InvitationExpired)
    response = render(
        request,
        "accounts/refused.html",
        {"message": exc.page_message, "is_about_link": is_late or isinstance(exc, NotFound)},
        status=GONE if is_late else problem.status,
    )
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response
