"""What people fill in on the pages. The rules are the services'; the forms ask for what is needed."""

from typing import Any

from django import forms


def password_field(label: str, *, is_new: bool) -> forms.CharField:
    """Return a field for a password, taken as it is, that password managers recognise."""
    autocomplete = "new-password" if is_new else "current-password"
    return forms.CharField(
        label=label,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class NothingToFillIn(forms.Form):
    """A button."""


class PasswordForm(forms.Form):
    """A password that somebody has."""

    password = password_field("Your password", is_new=False)


class NewPasswordForm(forms.Form):
    """A password that somebody chooses, twice, since nobody sees what they type."""

    password = password_field("New password", is_new=True)
    repeated = password_field("The same again", is_new=True)

    def clean(self) -> dict[str, Any] | None:
        """Refuse two that differ."""
        cleaned = super().clean()
        first, second = (
            self.cleaned_data.get(name) for name in ("password", "repeated")
        )
        if first and second and first != second:
            self.add_error("repeated", "The two passwords differ.")
        return cleaned


class NewcomerForm(NewPasswordForm):
    """Who somebody is, and the password that they choose."""

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
