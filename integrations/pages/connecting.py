"""The wizard that connects an account: what you need, paste, test."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.db.models import Sum
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property

from accounts.access import Operation
from integrations import services
from integrations.access import MANAGE_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.contracts import Connector
from integrations.pages.base import OfIntegrations, PastingPage
from integrations.pages.checks import KEYS_REFUSED, checks_of
from integrations.pages.forms import ConnectForm
from integrations.pages.shown import integration_address, shown_integration
from integrations.providers import connector_of, label_of, provider_named, webhook_address
from integrations.queries import deliveries_of, last_errands_of, runs_of
from orderchainer.core.web.page import SeeOther

SUGGESTED_LENGTH = 32


class ConnectingPage(OfIntegrations):
    """A step of the wizard before there is an integration. Its path names a provider."""

    @property
    def provider(self) -> str:
        """The name of the provider."""
        name: str = self.kwargs["provider"]
        return name

    @cached_property
    def connector(self) -> Connector:
        """The provider's connector. An unknown provider is a 404."""
        connector = connector_of(self.provider)
        if connector is None:
            raise Http404
        return connector

    @cached_property
    def pretend(self) -> Mapping[str, str]:
        """The configuration of the account that the sandbox plays, if this service runs it."""
        guide = self.connector.guide
        return guide.pretend() if settings.SANDBOX and guide.pretend else {}

    @cached_property
    def suggested(self) -> Mapping[str, str]:
        """A value for each key that people agree on with the provider.

        It is the same on both steps, and nothing keeps it. As soon as an account was connected with
        it, the pages suggest another one, because what is stored is never shown.
        """
        agreed = [key.name for key in self.connector.keys if key.is_agreed]
        if not agreed or self.pretend:
            return {}
        known = self.its_project.integrations.filter(provider=self.provider)
        changes = known.aggregate(changes=Sum("config_version"))["changes"] or 0
        of = f"{self.session.pk} {self.its_project.uuid} {self.provider} {changes}"
        return {name: _derived(name, of) for name in agreed}

    def said(self) -> dict[str, Any]:
        """Return what both steps show."""
        return {
            "label": label_of(self.provider),
            "guide": self.connector.guide,
            "is_played": bool(self.pretend),
            "needs_url": self.address("integration-connect", provider=self.provider),
            "paste_url": self.address("integration-paste", provider=self.provider),
            "cancel": self.address("integrations"),
        }


def _derived(name: str, of: str) -> str:
    digest = salted_hmac(f"{__name__} {name}", of, algorithm="sha256").hexdigest()
    return digest[:SUGGESTED_LENGTH]


class NeedsPage(ConnectingPage):
    """Step 1: what to do at the provider, and what it needs from us."""

    template_name = "integrations/needs.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_INTEGRATIONS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        has_address = bool(self.connector.guide.address_for) and not self.pretend
        return self.show(
            {
                **self.said(),
                "webhook": webhook_address(self.provider) if has_address else "",
                "agreed": [
                    (key.name, key.label or key.name, self.suggested[key.name])
                    for key in self.connector.keys
                    if key.name in self.suggested
                ],
            }
        )


class PastePage(ConnectingPage, PastingPage):
    """Step 2: the keys. Sending the form twice connects the account once."""

    template_name = "integrations/paste.html"
    button = "Connect"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": MANAGE_INTEGRATIONS,
        "POST": MANAGE_INTEGRATIONS,
    }

    def form(self, **posted: Any) -> ConnectForm:
        """Return the form with the keys of the provider."""
        return ConnectForm(
            connector=self.connector, suggested=self.suggested, pretend=self.pretend, **posted
        )

    def act(self, form: ConnectForm) -> HttpResponseBase:
        """Connect the account, and go to the test. A worker asks the provider."""
        connected = services.connect_integration(
            project=self.its_project,
            provider=self.provider,
            config=form.config(),
            by=self.person,
        )
        if not connected.is_new:
            messages.info(self.request, "It was connected already, and now uses these keys.")
        address = integration_address(self.its_project, connected.integration.uuid)
        return SeeOther(f"{address}/test")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return what the page says."""
        return self.said()


class CheckPage(OfIntegrations):
    """Step 3: what the provider says, as it comes. The form asks it again."""

    template_name = "integrations/test.html"
    parts = ("checks",)
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_INTEGRATIONS,
        "POST": MANAGE_INTEGRATIONS,
    }
    is_live = True

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show each check with its outcome so far."""
        integration = self.integration(has_health=True)
        shown = shown_integration(self.its_project, integration)
        provider = provider_named(integration.provider)
        checks = checks_of(
            integration,
            shown,
            provider=provider,
            errands=last_errands_of(integration),
            run=runs_of(integration).first(),
            delivery=deliveries_of(integration).first(),
        )
        return self.show(
            {
                "integration": shown,
                "checks": checks,
                "is_unsettled": any(each.is_open for each in checks),
                "is_refused": checks[0].title == KEYS_REFUSED,
                "needs_url": self.address("integration-connect", provider=integration.provider)
                if provider
                else "",
                "may_manage": self.may(MANAGE_INTEGRATIONS),
            }
        )

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Have a worker ask the provider again."""
        services.request_check(integration=self.integration(), by=self.person)
        return SeeOther(f"{self.own_address()}/test")
