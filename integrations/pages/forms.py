"""The forms that connect an account and change its configuration.

A secret never goes back to the browser, not even in a form that was refused.
"""

from collections.abc import Mapping
from typing import Any

from django import forms

from integrations.contracts import ConfigKey, Connector, Exposure
from integrations.services.configuring import MAX_VALUE_LENGTH
from orderchainer.core.web.forms import IdempotencyKeyField, VersionField

# How the names of the fields begin that remove a secret. No key's name begins so.
REMOVE = "remove-"
FROM_THE_SANDBOX = "The sandbox fills it in"


class PastedInput(forms.TextInput):
    """A field for a key that people paste. It shows `suggested`, and never what was sent."""

    def __init__(self, suggested: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.suggested = suggested

    def format_value(self, value: Any) -> str:
        """Return what the field shows."""
        return self.suggested


class ConnectForm(forms.Form):
    """The keys of a provider for a new connection.

    `suggested` has values for the keys that people agree on with the provider. `pretend` is the
    configuration of the account that the sandbox plays: what is left empty is taken from it.
    """

    def __init__(
        self,
        *,
        connector: Connector,
        suggested: Mapping[str, str],
        pretend: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._pretend = pretend
        for key in connector.keys:
            if key.exposure is Exposure.OPEN:
                field = _open_field(key, initial=pretend.get(key.name))
            elif key.name in pretend:
                field = _secret_field(key, is_required=False, placeholder=FROM_THE_SANDBOX)
            else:
                is_required = key.is_required and key.make is None
                field = _secret_field(
                    key, is_required=is_required, suggested=suggested.get(key.name, "")
                )
            self.fields[key.name] = field

    def config(self) -> dict[str, object]:
        """Return the configuration. Optional keys that were left empty are left out."""
        filled = {
            name: value or self._pretend.get(name, "") for name, value in self.cleaned_data.items()
        }
        return {name: value for name, value in filled.items() if value}


class EditForm(forms.Form):
    """The configuration of an integration. An empty secret stays as it is.

    A secret that nobody has to have can be removed by its own checkbox.
    """

    version = VersionField()
    # A secret cannot be compared, so the key tells a form that is sent twice.
    key = IdempotencyKeyField()

    def __init__(self, *, connector: Connector, shown: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for key in connector.keys:
            if key.exposure is Exposure.OPEN:
                self.fields[key.name] = _open_field(key, initial=shown.get(key.name, ""))
            else:
                self.fields[key.name] = _secret_field(
                    key, is_required=False, now=shown.get(key.name, "")
                )
                if not key.is_required and key.make is None:
                    # Whether there is one is not known here: a page opens no secret.
                    label = f"Remove “{key.label or key.name}”"
                    self.fields[REMOVE + key.name] = forms.BooleanField(label=label, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse to remove a key and to set it at once."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.removed():
            if cleaned.get(name):
                self.add_error(REMOVE + name, "Type a new value or remove it, not both.")
        return cleaned

    def removed(self) -> list[str]:
        """Return the names of the secrets that are to be removed."""
        ticked = [name for name in self.changed_data if name.startswith(REMOVE)]
        return [name.removeprefix(REMOVE) for name in ticked]

    def changes(self) -> dict[str, object]:
        """Return the keys that were changed. None removes a key."""
        removed: dict[str, object] = dict.fromkeys(self.removed())
        changed = [name for name in self.changed_data if not self._is_other(name)]
        return {**{name: self.cleaned_data[name] or None for name in changed}, **removed}

    def open_names(self) -> list[str]:
        """Return the names of the keys that are no secrets."""
        return [
            name
            for name, field in self.fields.items()
            if not self._is_other(name) and not _is_hidden(field)
        ]

    def _is_other(self, name: str) -> bool:
        """Tell whether a field belongs to the form itself, and not to the provider."""
        return name in {"version", "key"} or name.startswith(REMOVE)

    def open_changes(self) -> dict[str, object]:
        """Return the changed keys that are no secrets."""
        changes = self.changes()
        return {name: changes[name] for name in self.open_names() if name in changes}


def _open_field(key: ConfigKey, *, initial: str | None) -> forms.CharField:
    return forms.CharField(
        label=key.label or key.name,
        required=key.is_required,
        max_length=MAX_VALUE_LENGTH,
        initial=initial,
        help_text=key.help,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _secret_field(
    key: ConfigKey,
    *,
    is_required: bool,
    suggested: str = "",
    placeholder: str = "",
    now: str | None = None,
) -> forms.CharField:
    """Return the field of a key that is never shown. `now` is the mask of its present value."""
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    if placeholder:
        attrs["placeholder"] = placeholder
    stays = ""
    if now is not None:
        stays = f"Now {now}. " if now else "It is not shown. "
        stays += "Leave it empty to keep it. "
    is_readable = bool(suggested) or key.exposure is Exposure.MASKED
    widget: forms.Widget
    if is_readable:
        widget = PastedInput(suggested, attrs=attrs)
    else:
        # Browsers offer to fill in the password of this site unless it is a new one.
        widget = forms.PasswordInput(attrs={**attrs, "autocomplete": "new-password"})
    return forms.CharField(
        label=key.label or key.name,
        required=is_required,
        max_length=MAX_VALUE_LENGTH,
        help_text=f"{stays}{key.help}",
        widget=widget,
    )


def _is_hidden(field: Any) -> bool:
    return isinstance(field.widget, forms.PasswordInput | PastedInput)
