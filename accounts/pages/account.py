"""The pages of one's own account: profile, security, API tokens, preferences."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import services
from accounts.attempts import count_attempt
from accounts.errors import ApiTokenNotFound, EmailInUse, EmailNotVerified, UsernameTaken
from accounts.limits import SIGN_IN
from accounts.models import Activity, Session, User
from accounts.pages.base import AccountPage, signed_out
from accounts.pages.cookies import remember
from accounts.pages.forms import (
    AppearanceForm,
    NewEmailForm,
    NewTokenForm,
    OwnPasswordForm,
    ProfileForm,
)
from accounts.pages.wording import program_of, words_of
from accounts.pages.workspace import shown_projects
from accounts.queries import activity_of, api_tokens_of, is_told_where, session_for, sessions_of
from accounts.scopes import AREAS
from orderchainer.core.errors import Invalid
from orderchainer.core.http.clients import address_of
from orderchainer.core.ids import uuid_in
from orderchainer.core.limits.rates import UPLOAD, count, user_subject
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther
from orderchainer.core.web.panels import panels_on
from orderchainer.core.web.security import NOT_KEPT

# The fields of the form for tokens whose names differ from the service's.
_FIELDS = {"expires_at": "expires_on"}
ACTIVITIES_ON_A_PAGE = 50
LATEST_ACTIVITIES = 8
TABS = (
    ("account", "Profile"),
    ("account-security", "Security"),
    ("account-tokens", "API tokens"),
    ("account-preferences", "Preferences"),
)


class OwnPage(AccountPage):
    """A page of one's own account. `tab` is the name of the tab that it belongs to."""

    tab: ClassVar[str]

    def frame(self) -> Mapping[str, Any]:
        """Return the frame with the tabs of the account, and the panels of higher apps."""
        match = self.request.resolver_match
        assert match is not None, "a view is only called for a path that was resolved"
        return {
            **super().frame(),
            # The way back to work.
            "projects": SimpleLazyObject(lambda: shown_projects(self.person)),
            "tabs": [
                {"label": label, "url": reverse(name), "is_current": name == self.tab}
                for name, label in TABS
            ],
            "panels": panels_on(match.url_name or "", {}, may=lambda operation: False),
        }


class ProfilePage(OwnPage, FormPage):
    """Name, phone, address and picture."""

    template_name = "accounts/account/profile.html"
    tab = "account"

    def form(self, **posted: Any) -> ProfileForm:
        user = self.person
        initial = {name: getattr(user, name) for name in services.UserChanges.__optional_keys__}
        return ProfileForm(initial=initial, has_picture=bool(user.profile.avatar), **posted)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count a picture, which takes time to decode, before anything reads it."""
        if self.request.FILES:
            self.usage = count(UPLOAD, [user_subject(self.person.pk)]) or self.usage
        return super().post(*args, **kwargs)

    def act(self, form: Any) -> None:
        try:
            services.update_profile(user=self.person, changes=form.changes)
        except UsernameTaken as exc:
            raise Invalid({"username": [exc.message]}) from exc
        messages.success(self.request, "Your profile is saved.")


class EmailPage(OwnPage, FormPage):
    """Sign in with another e-mail."""

    template_name = "accounts/account/email.html"
    tab = "account-security"
    button = "Change e-mail"

    def form(self, **posted: Any) -> NewEmailForm:
        return NewEmailForm(**posted)

    def act(self, form: Any) -> None:
        _count_guess(self)
        try:
            services.change_own_account(
                user=self.person,
                changes={"email": form.cleaned_data["email"]},
                current_password=form.cleaned_data["current_password"],
            )
        except EmailInUse as exc:
            raise Invalid({"email": ["There is already an account with this address."]}) from exc
        words = "Confirm it with the link that we have sent there."
        messages.success(self.request, f"Your e-mail address is changed. {words}")

    def done(self) -> str:
        return reverse("account-security")


class SecurityPage(OwnPage, FormPage):
    """The password, where one is signed in, and what happened to the account lately."""

    template_name = "accounts/account/security.html"
    tab = "account-security"
    button = "Change password"

    def form(self, **posted: Any) -> OwnPasswordForm:
        return OwnPasswordForm(**posted)

    def act(self, form: Any) -> HttpResponseBase:
        """Change the password. That ends every session, so this browser gets a new one."""
        _count_guess(self)
        user = services.change_own_account(
            user=self.person,
            changes={},
            password=form.cleaned_data["password"],
            current_password=form.cleaned_data["current_password"],
        )
        messages.success(
            self.request, "Your password is changed, and you are signed out everywhere else."
        )
        try:
            session = services.open_browser_session(user=user)
        except EmailNotVerified:
            return signed_out()
        response = SeeOther(self.done())
        remember(response, session)
        return response

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        return {
            "sessions": [
                {
                    "row": session,
                    "is_current": session == self.session,
                    "program": program_of(session.user_agent),
                }
                for session in sessions_of(self.person)[:ACTIVITIES_ON_A_PAGE]
            ],
            "entries": entries_of(activity_of(self.person)[:LATEST_ACTIVITIES], self.person),
        }


class SessionEndPage(OwnPage):
    """Signs out one of one's sessions."""

    tab = "account-security"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """End it. Raises `SessionNotFound`."""
        session = session_for(self.person, kwargs["session_id"])
        services.end_session(session=session, reason=Session.EndReason.REVOKED)
        if session == self.session:
            return signed_out()
        messages.success(self.request, "That session is signed out.")
        return SeeOther(reverse("account-security"))


class SessionsEndPage(OwnPage):
    """Signs out everywhere."""

    tab = "account-security"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """End all sessions, this one too."""
        services.end_sessions(user=self.person, reason=Session.EndReason.REVOKED)
        messages.success(self.request, "You are signed out everywhere.")
        return signed_out()


class ActivityPage(OwnPage):
    """Everything that happened to the account."""

    template_name = "accounts/account/activity.html"
    tab = "account-security"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show one page of it. A page number that does not exist shows the nearest one."""
        pages = Paginator(activity_of(self.person), ACTIVITIES_ON_A_PAGE)
        page = pages.get_page(self.request.GET.get("page"))
        return self.show({"page": page, "entries": entries_of(page.object_list, self.person)})


class TokensPage(OwnPage, FormPage):
    """The keys of programs. A new one is shown once."""

    template_name = "accounts/account/tokens.html"
    tab = "account-tokens"
    button = "Create token"

    def form(self, **posted: Any) -> NewTokenForm:
        return NewTokenForm(**posted)

    def act(self, form: Any) -> HttpResponseBase:
        """Create it and show its text. We cannot show it later, so this does not redirect.

        A form that is sent twice creates one token. Its text is kept nowhere, so the second answer
        only says that the token is there.
        """
        name, scopes = form.cleaned_data["name"], form.cleaned_data["scopes"]
        until = form.cleaned_data["expires_on"]
        texts: list[str] = []

        def work() -> str:
            token, text = services.create_api_token(
                user=self.person,
                name=name,
                scopes=scopes,
                expires_at=_end_of(until) if until else None,
            )
            texts.append(text)
            return str(token.pk)

        try:
            services.answer_once(
                user=self.person,
                key=form.cleaned_data["key"],
                fingerprint=services.fingerprint_of([self.request.path, name, scopes, str(until)]),
                work=work,
            )
        except Invalid as exc:
            # The form asks for a day only.
            errors = {_FIELDS.get(name, name): words for name, words in exc.errors.items()}
            raise Invalid(errors) from exc
        if not texts:
            words = (
                f"The token “{name}” was created already, and its text was shown then. If you "
                "have not copied it, revoke the token and create another one."
            )
            messages.warning(self.request, words)
            return SeeOther(reverse("account-tokens"))
        response = self.show({"text": texts[0], "form": self.form(), **self.beside(form)})
        for header, value in NOT_KEPT.items():
            response.headers[header] = value
        return response

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        return {
            "button": self.button,
            "tokens": list(api_tokens_of(self.person)),
            "areas": AREAS,
            "now": timezone.now(),
        }


class TokenRevokePage(OwnPage):
    """Revokes one of one's API tokens."""

    tab = "account-tokens"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Revoke it. Raises `ApiTokenNotFound`."""
        token_id = uuid_in(kwargs["token_id"])
        if token_id is None:
            raise ApiTokenNotFound
        services.revoke_api_token(user=self.person, token_id=token_id)
        messages.success(self.request, "The token is revoked.")
        return SeeOther(reverse("account-tokens"))


class PreferencesPage(OwnPage, FormPage):
    """Theme, density and keys; and in panels what higher apps can be told."""

    template_name = "accounts/account/preferences.html"
    tab = "account-preferences"

    def form(self, **posted: Any) -> AppearanceForm:
        profile = self.person.profile
        initial = {
            "theme": profile.theme,
            "density": profile.density,
            "has_single_keys": profile.has_single_keys,
        }
        return AppearanceForm(initial=initial, **posted)

    def act(self, form: Any) -> None:
        services.choose_appearance(user=self.person, **form.cleaned_data)
        messages.success(self.request, "Your preferences are saved.")


def entries_of(activities: Any, viewer: User) -> list[dict[str, Any]]:
    """Return the activities as a timeline shows them."""
    return [_entry(activity, viewer) for activity in activities]


def _entry(activity: Activity, viewer: User) -> dict[str, Any]:
    words = words_of(activity)
    where = activity.ip_address if is_told_where(activity, viewer=viewer) else None
    return {
        "icon": words.icon,
        "hue": words.hue,
        "text": words.text,
        "by": f"from {where}" if where else "",
        "at": activity.created_at,
    }


def _count_guess(page: OwnPage) -> None:
    """Count a guess at the current password as a guess at the sign-in. Raises `LimitExceeded`."""
    page.usage = count_attempt(address_of(page.request), SIGN_IN, [page.person.email])


def _end_of(day: date) -> datetime:
    """Return the last moment of a day."""
    return timezone.make_aware(datetime.combine(day, time.max))
