"""Changing the configuration of an integration, and disconnecting it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.utils.functional import cached_property

from accounts.access import Operation
from accounts.services import answer_once, fingerprint_of
from integrations import services
from integrations.access import MANAGE_INTEGRATIONS
from integrations.contracts import Connector
from integrations.errors import CannotChange
from integrations.models import Integration
from integrations.pages.base import OfIntegrations, PastingPage
from integrations.pages.forms import EditForm
from integrations.pages.shown import ShownIntegration, shown_integration
from integrations.providers import connector_of
from notifications.channels import CHANNELS
from orderchainer.core.errors import Stale
from orderchainer.core.web.forms import FormPage

OVERTAKEN = (
    "Somebody has changed the integration since you opened this page, so nothing is saved yet. "
    "Compare the values, paste the secrets again, and save again."
)


class OfOneIntegration(OfIntegrations, FormPage):
    """A form about one integration, for those who run it."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": MANAGE_INTEGRATIONS,
        "POST": MANAGE_INTEGRATIONS,
    }

    @cached_property
    def found(self) -> Integration:
        """The integration as it was when the request began."""
        return self.integration(has_health=True)

    @property
    def shown(self) -> ShownIntegration:
        """The same as pages show it."""
        return shown_integration(self.its_project, self.found)

    def done(self) -> str:
        """Go to the integration."""
        return self.own_address()

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the integration, and where Cancel leads."""
        return {"integration": self.shown, "cancel": self.done(), "button": self.button}


class EditIntegrationPage(OfOneIntegration, PastingPage):
    """Changes the configuration. A worker then asks the provider whether it works."""

    template_name = "integrations/edit.html"
    # Whether it has another configuration now than the page before, so that a test is of use.
    is_changed = False

    @property
    def connector(self) -> Connector:
        """The provider's connector. Raises `CannotChange` for a provider that is gone."""
        connector = connector_of(self.found.provider)
        if connector is None:
            raise CannotChange
        return connector

    def form(self, **posted: Any) -> EditForm:
        """Return the form, with the configuration as it is now."""
        found = self.found
        return EditForm(
            connector=self.connector,
            shown=found.config,
            initial={"version": str(found.config_version)},
            **posted,
        )

    def act(self, form: EditForm) -> HttpResponse | None:
        """Save what was typed. Nobody overwrites a change that they have not seen."""
        changes = form.changes()
        if not changes:
            messages.info(self.request, "Nothing was changed.")
            return None

        def require_as_read(locked: Integration) -> None:
            if str(locked.config_version) != form.cleaned_data["version"]:
                raise Stale

        def work() -> int:
            changed = services.change_integration(
                integration=self.found,
                config=changes,
                by=self.person,
                precondition=require_as_read,
            )
            return changed.config_version

        sent = {name: self.request.POST.getlist(name) for name in form.fields}
        try:
            answer_once(
                user=self.person,
                key=form.cleaned_data["key"],
                fingerprint=fingerprint_of([self.request.path, sent]),
                work=work,
            )
        except Stale:
            return self._show_overtaken(form)
        self.is_changed = True
        return None

    def done(self) -> str:
        """Go to the test of the new configuration, or back to the integration."""
        return f"{self.own_address()}/test" if self.is_changed else self.own_address()

    def _show_overtaken(self, form: EditForm) -> HttpResponse:
        """Show the form again: what was typed stays, with the present values beside it."""
        del self.found
        current = self.found.config
        data = self.request.POST.copy()
        data["version"] = str(self.found.config_version)
        typed = form.open_changes()
        for name in form.open_names():
            if name not in typed:
                data[name] = current.get(name, "")
        renewed = self.form(data=data)
        renewed.add_error(None, OVERTAKEN)
        for name, value in typed.items():
            if current.get(name) != value:
                renewed.add_error(name, f"It is now “{current.get(name, '')}”.")
        return self.show_form(renewed, status=412)


class DisconnectPage(OfOneIntegration):
    """Asks before it disconnects, and says what follows."""

    template_name = "integrations/disconnect.html"
    button = "Disconnect"

    def form(self, **posted: Any) -> forms.Form:
        """Return a form that asks for nothing but the button."""
        return forms.Form(**posted)

    def act(self, form: forms.Form) -> None:
        """Disconnect it."""
        name = self.shown.name
        services.disconnect_integration(integration=self.found, by=self.person)
        messages.success(self.request, f"{name} is disconnected.")

    def done(self) -> str:
        """Go to all integrations, because this one is gone."""
        return self.address("integrations")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the integration, and where Cancel leads."""
        provider = self.found.provider
        connector = connector_of(provider)
        return {
            **super().beside(form),
            "cancel": self.own_address(),
            "tells_provider": connector is not None and connector.disconnect is not None,
            "is_line": provider in CHANNELS,
        }
