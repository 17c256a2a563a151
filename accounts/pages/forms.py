"""The forms on the pages. The services check the rules; the forms ask for what is needed."""

from typing import Any

from django import forms


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
    repeated = password_field("The same again", is_new=True)

    def clean(self) -> dict[str, Any] | None:
        """Refuse two different passwords."""
        cleaned = super().clean()
        first, second = (self.cleaned_data.get(name) for name in ("password", "repeated"))
        if first and second and first != second:
            self.add_error("repeated", "The two passwords differ.")
        return cleaned


class NewcomerForm(NewPasswordForm):
    """The name and password of a new user."""

    field_order = ("first_name", "last_name", "password", "repeated")

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
