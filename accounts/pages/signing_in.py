"""Sign in, sign up, ask for a new password, sign out."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.urls import reverse

from accounts import services
from accounts.attempts import count_attempt, count_code
from accounts.errors import EmailNotVerified, EmailTaken, InvalidCredentials, UserNotFound
from accounts.limits import REGISTER, SEND_CODE, SIGN_IN
from accounts.models import EmailCode, Session
from accounts.pages.base import VisitorPage, own_path, signed_out
from accounts.pages.cookies import remember
from accounts.pages.forms import ForgottenForm, SignInForm, SignUpForm
from orderchainer.core.errors import Invalid
from orderchainer.core.http.clients import address_of
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther


class EntrancePage(VisitorPage, FormPage):
    """A page through which people come in. Those who are in already go where they wanted to go."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Show the form, or go on."""
        return SeeOther(self.done()) if self.session else super().get(*args, **kwargs)

    def done(self) -> str:
        """Return the page that the visitor came for: only ever one of ours."""
        return own_path(self.request.GET.get("next", "")) or reverse("workspace")

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        """Return what the links to the other entrances carry along."""
        path = own_path(self.request.GET.get("next", ""))
        return {"carried": f"?{urlencode({'next': path})}" if path else ""}

    def let_in(self, session: Session) -> HttpResponseBase:
        """Go on with the browser signed in."""
        if self.session is not None:
            services.end_session(session=self.session, reason=Session.EndReason.LOGGED_OUT)
        # A page that was open before the sign-in has a token that somebody else may know.
        rotate_token(self.request)
        response = SeeOther(self.done())
        remember(response, session)
        return response


class SignInPage(EntrancePage):
    """Sign in with e-mail and password."""

    template_name = "accounts/sign_in.html"
    button = "Sign in"

    def form(self, **posted: Any) -> SignInForm:
        return SignInForm(**posted)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the attempt before anything looks at it."""
        emails = self.request.POST.getlist("email")
        self.usage = count_attempt(address_of(self.request), SIGN_IN, emails)
        return super().post(*args, **kwargs)

    def act(self, form: Any) -> HttpResponseBase:
        try:
            session = services.sign_in_browser(**form.cleaned_data)
        except InvalidCredentials as exc:
            words = "The e-mail or the password is wrong."
            raise Invalid({"body": [words]}) from exc
        except EmailNotVerified as exc:
            words = (
                "Confirm your e-mail address first: open the link in the e-mail that we sent you. "
                "If you cannot find it, ask for a new password, which confirms your address too."
            )
            raise Invalid({"body": [words]}) from exc
        return self.let_in(session)


class SignUpPage(EntrancePage):
    """Make an account, and sign in to it."""

    template_name = "accounts/sign_up.html"
    button = "Sign up"

    def form(self, **posted: Any) -> SignUpForm:
        return SignUpForm(**posted)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the attempt before anything looks at it."""
        emails = self.request.POST.getlist("email")
        self.usage = count_attempt(address_of(self.request), REGISTER, emails)
        return super().post(*args, **kwargs)

    def act(self, form: Any) -> HttpResponseBase:
        try:
            session = services.sign_up_browser(**form.cleaned_data)
        except EmailTaken as exc:
            raise Invalid({"email": ["There is already an account with this address."]}) from exc
        if session is not None:
            return self.let_in(session)
        context = {"email": form.cleaned_data["email"], "subject": "confirm your address"}
        return self.show(context, template="accounts/look_for_email.html")


class ForgottenPage(EntrancePage):
    """Ask for a link to choose a new password."""

    template_name = "accounts/forgot_password.html"
    button = "Send the link"

    def form(self, **posted: Any) -> ForgottenForm:
        return ForgottenForm(**posted)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the request before anything looks at it."""
        self.usage = count_attempt(address_of(self.request), SEND_CODE, [])
        return super().post(*args, **kwargs)

    def act(self, form: Any) -> HttpResponseBase:
        """Send it, and say the same whether or not anybody has this address."""
        email = form.cleaned_data["email"]
        purpose = EmailCode.Purpose.RESET_PASSWORD
        try:
            services.request_code(email=email, purpose=purpose)
        except UserNotFound:
            # As for an account. Otherwise the limit would tell who has one.
            count_code(email=email, purpose=purpose)
        context = {"email": email, "subject": "choose a new password"}
        return self.show(context, template="accounts/look_for_email.html")


class SignOutPage(VisitorPage):
    """Sign out of this browser."""

    # A page that asks for too much must not keep anybody signed in.
    is_counted = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """End the session. It is fine if it has ended already."""
        if self.session is not None:
            services.end_session(session=self.session, reason=Session.EndReason.LOGGED_OUT)
        messages.success(self.request, "You are signed out.")
        return signed_out(own_path(self.request.POST.get("next", "")))
