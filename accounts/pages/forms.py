"""The forms on the pages. The services check the rules; the forms ask for what is needed."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, cast

from django import forms

from accounts.models import Membership, Profile
from accounts.project_settings import SHOWN, Kind, ShownSetting
from accounts.scopes import all_scopes
from accounts.services import ProfileChanges
from accounts.services.api_tokens import MAX_NAME_LENGTH
from orderchainer.core.form_fields import LongSelect, PictureField, PlainDecimalField
from orderchainer.core.money import DEFAULT_CURRENCY, currency_names
from orderchainer.core.web.forms import IdempotencyKeyField, VersionField
from orderchainer.core.zones import zone_names


def password_field(label: str, *, is_new: bool) -> forms.CharField:
    """Return a password field that keeps spaces and that password managers recognise."""
    autocomplete = "new-password" if is_new else "current-password"
    return forms.CharField(
        label=label,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class NothingToFillIn(forms.Form):
    """A button only."""


class PasswordForm(forms.Form):
    """A user's current password."""

    password = password_field("Your password", is_new=False)


class NewPasswordForm(forms.Form):
    """A new password, typed twice because nobody sees it."""

    password = password_field("New password", is_new=True)
    repeated = password_field("Repeat the password", is_new=True)

    def clean(self) -> dict[str, Any] | None:
        """Refuse two different passwords."""
        cleaned = super().clean()
        first, second = (self.cleaned_data.get(name) for name in ("password", "repeated"))
        if first and second and first != second:
            self.add_error("repeated", "The two passwords differ.")
        return cleaned


class _Named(forms.Form):
    """The names that people may give."""

    first_name = forms.CharField(
        label="First name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )


class NewcomerForm(_Named, NewPasswordForm):
    """The name and password of a new user."""

    field_order = ("first_name", "last_name", "password", "repeated")


def email_field() -> forms.CharField:
    """Return a field for the e-mail that somebody signs in with.

    Whether it is one is for the services to say, so that all doors say the same.
    """
    return forms.CharField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )


class SignInForm(forms.Form):
    """E-mail and password."""

    email = email_field()
    password = password_field("Password", is_new=False)


class SignUpForm(_Named):
    """What a new account needs."""

    email = email_field()
    password = password_field("Password", is_new=True)


class ProfileForm(_Named):
    """What people tell about themselves."""

    username = forms.CharField(
        label="Username",
        max_length=150,
        required=False,
        help_text="Shown to shops that you buy from. You sign in with your e-mail.",
    )
    phone = forms.CharField(
        label="Phone",
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    address = forms.CharField(
        label="Address",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"autocomplete": "street-address", "rows": 3}),
    )
    avatar = PictureField(
        label="Picture", required=False, help_text="A PNG, JPEG, WebP or GIF file."
    )
    without_avatar = forms.BooleanField(label="Remove the picture", required=False)

    def __init__(self, *, has_picture: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not has_picture:
            del self.fields["without_avatar"]

    @property
    def changes(self) -> ProfileChanges:
        """The changes that a valid form asks for. A new picture wins over its removal."""
        filled_in = dict(self.cleaned_data)
        avatar = filled_in.pop("avatar")
        if filled_in.pop("without_avatar", False) or avatar is not None:
            filled_in["avatar"] = avatar
        return cast(ProfileChanges, filled_in)


class NewEmailForm(forms.Form):
    """A new e-mail, and the password as a proof."""

    email = email_field()
    current_password = password_field("Your password", is_new=False)


class OwnPasswordForm(NewPasswordForm):
    """The current password and a new one."""

    field_order = ("current_password", "password", "repeated")

    current_password = password_field("Current password", is_new=False)


class NewTokenForm(forms.Form):
    """What a new API token is called, what it may do, and for how long."""

    key = IdempotencyKeyField()
    name = forms.CharField(
        label="Name", max_length=MAX_NAME_LENGTH, help_text="A name by which you recognise it."
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=lambda: [(scope, scope) for scope in all_scopes()],
        widget=forms.CheckboxSelectMultiple,
        help_text="“write” includes “read”. A token never does more than you may do.",
    )
    expires_on = forms.DateField(
        label="Works until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Leave it empty for a token that does not expire.",
    )


class AppearanceForm(forms.Form):
    """How somebody likes the pages."""

    theme = forms.ChoiceField(
        label="Theme", choices=Profile.Theme.choices, widget=forms.RadioSelect
    )
    density = forms.ChoiceField(
        label="Density", choices=Profile.Density.choices, widget=forms.RadioSelect
    )
    has_single_keys = forms.BooleanField(
        label="Single-key shortcuts",
        required=False,
        help_text="Switch this off if you dictate, or press keys by accident.",
    )


class ForgottenForm(forms.Form):
    """The e-mail of an account."""

    email = email_field()


# --- Pages of a project -----------------------------------------------------------------------


class _RolesForm(forms.Form):
    """A form with the roles that somebody may give."""

    role = forms.ChoiceField(label="Role", choices=Membership.Role.choices)

    def __init__(self, *, roles: Iterable[Membership.Role], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        field = cast(forms.ChoiceField, self.fields["role"])
        field.choices = [(role.value, role.label) for role in roles]


class InvitationForm(_RolesForm):
    """Whom to invite, and in which role."""

    field_order = ("email", "role")

    email = forms.CharField(
        label="E-mail",
        max_length=254,
        # The browser should not offer one's own address.
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )


class RoleForm(_RolesForm):
    """Another role for a member. `shown` is the role that they had when the page was opened."""

    shown = VersionField()


@cache
def _zones() -> Sequence[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zone_names())]


@cache
def _currencies() -> Sequence[tuple[str, str]]:
    return [(code, f"{code} · {name}") for code, name in currency_names().items()]


class _FieldsOfProject(forms.Form):
    """What every project has."""

    name = forms.CharField(label="Name", max_length=255)
    description = forms.CharField(
        label="Description",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=_zones,
        widget=LongSelect,
        help_text="Decides when a day begins and ends in reports.",
    )
    currency = forms.ChoiceField(
        label="Currency",
        choices=_currencies,
        widget=LongSelect,
        help_text="New products and orders start with it.",
    )


class NewProjectForm(_FieldsOfProject):
    """A new project."""

    key = IdempotencyKeyField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            initial={"timezone": "UTC", "currency": DEFAULT_CURRENCY},
            **kwargs,
        )


class ProjectForm(_FieldsOfProject):
    """The settings of a project, those that apps have registered included.

    Each field carries what the page showed, so that only what somebody typed is saved.
    """

    version = VersionField()

    def __init__(self, *, initial: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(initial=initial, **kwargs)
        for name in ("timezone", "currency"):
            # A zone or a currency may have been withdrawn since somebody chose it.
            field, current = cast(forms.ChoiceField, self.fields[name]), initial[name]
            known = list(cast(Iterable[tuple[str, str]], field.choices))
            if current not in dict(known):
                field.choices = [(current, current), *known]
        for name, setting in SHOWN.items():
            self.fields[name] = _field_of(setting)
        for name in self.fields.keys() - {"version"}:
            self.fields[name].show_hidden_initial = True


def _field_of(setting: ShownSetting) -> forms.Field:
    """Return the field for a setting. The app's own check decides about its value."""
    kind = forms.BooleanField if setting.kind == Kind.SWITCH else PlainDecimalField
    return kind(label=setting.label, help_text=setting.help_text, required=False)


class DeleteProjectForm(forms.Form):
    """The name of the project, typed so that nobody deletes one by accident."""

    name = forms.CharField(
        label="Name of the project", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *, project_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.project_name = project_name

    def clean_name(self) -> str:
        """Refuse another name. Spaces at the ends do not count."""
        name: str = self.cleaned_data["name"]
        if name != self.project_name.strip():
            raise forms.ValidationError("This is not the name of the project.")
        return name
