"""The forms that connect an account and change its configuration.

Each provider's connector says which keys there are. A secret is never shown again after it was
typed. Its field is empty, and leaving it empty keeps the secret.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts.models import Project
from integrations.contracts import ConfigKey, Connector, Exposure
from integrations.models import Integration
from integrations.services.configuring import MAX_VALUE_LENGTH
from orderchainer.core.admin.overtaken import Versioned
from orderchainer.core.admin.picking import PickOne

# The prefix keeps the keys of a provider apart from the fields of the row.
PREFIX = "config_"


def config_fields(connector: Connector) -> Sequence[str]:
    """Return the names of the form's fields for a provider's configuration."""
    return [f"{PREFIX}{key.name}" for key in connector.keys]


class _ConfigForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What the forms for new and for existing integrations share."""

    # The form's field for each key that a refused configuration can name.
    called: ClassVar[Mapping[str, str]] = {}

    class Meta:
        model = Integration
        fields = ()  # the admin page names them

    def typed(self) -> dict[str, object]:
        """Return the configuration as it was typed, without secrets that were left empty."""
        return {
            name: value
            for name, field in self.called.items()
            if (value := self.cleaned_data[field]) or not _is_hidden(self.fields[field])
        }


class NewIntegrationForm(_ConfigForm):
    """Which project to connect, and the account."""

    project = forms.ModelChoiceField(
        Project.objects.filter(is_active=True),
        widget=PickOne(Integration._meta.get_field("project"), admin.site),
        help_text="The project that gets the orders and messages of this account.",
    )


class IntegrationForm(Versioned, _ConfigForm):
    """The configuration of an integration, and whether it is paused."""

    def changes(self) -> dict[str, object]:
        """Return the keys that were changed. An open key that was emptied is removed."""
        typed = self.typed()
        return {
            name: typed[name] or None
            for name, field in self.called.items()
            if name in typed and field in self.changed_data
        }

    def _is_overtaken(self, name: str, touched: set[str]) -> bool:
        # Secrets are never shown, so the form cannot compare an old one with a new one.
        return not _is_hidden(self.fields[name]) and super()._is_overtaken(name, touched)


def form_for(connector: Connector, integration: Integration | None) -> type[_ConfigForm]:
    """Return the form for a new integration, or for an existing one, of a provider."""
    fields = {
        f"{PREFIX}{key.name}": _field_of(key, integration.config if integration else None)
        for key in connector.keys
    }
    called = {key.name: f"{PREFIX}{key.name}" for key in connector.keys}
    base = NewIntegrationForm if integration is None else IntegrationForm
    return type("ConfigForm", (base,), {**fields, "called": called})


def _field_of(key: ConfigKey, shown: Mapping[str, str] | None) -> forms.CharField:
    """Return the field of a key. `shown` is the present configuration, None for a new one."""
    is_new = shown is None
    if key.exposure is Exposure.OPEN:
        return forms.CharField(
            label=key.name,
            required=key.is_required,
            max_length=MAX_VALUE_LENGTH,
            initial=None if shown is None else shown.get(key.name, ""),
            help_text=key.help,
            widget=UnfoldAdminTextInputWidget,
        )
    mask = "" if shown is None else shown.get(key.name, "")
    stays = "" if is_new else f"Now {mask}. " if mask else "It is not shown. "
    return forms.CharField(
        label=key.name,
        required=key.is_required and is_new,
        max_length=MAX_VALUE_LENGTH,
        help_text=key.help if is_new else f"{stays}Leave it empty to keep it. {key.help}".strip(),
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )


def _is_hidden(field: Any) -> bool:
    return isinstance(field.widget, forms.PasswordInput)
