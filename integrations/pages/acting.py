"""What one button does with an integration: sync it, pause it, resume it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.http.response import HttpResponseBase

from accounts.access import Operation
from integrations import services
from integrations.access import MANAGE_INTEGRATIONS, SYNC_INTEGRATIONS
from integrations.models import Integration
from integrations.pages.base import OfIntegrations
from integrations.providers import connector_of
from orderchainer.core.errors import Invalid
from orderchainer.core.web.page import SeeOther

PAUSED = "It is paused: nothing is synced or sent, and webhooks are stored but ignored."


class SyncPage(OfIntegrations):
    """Has a worker sync an integration. Only a button sends this form."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": SYNC_INTEGRATIONS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Queue the sync, or join the one that waits or runs. Raises `CannotSync`."""
        services.request_sync(integration=self.integration(), by=self.person)
        messages.success(self.request, "The sync is queued.")
        return SeeOther(self.own_address())


class PausePage(OfIntegrations):
    """Pauses an integration (`paused=yes`) or resumes it (`no`). Only a button sends this form."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_INTEGRATIONS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do it. Twice is the same."""
        asked = self.request.POST.get("paused", "")
        if asked not in {"yes", "no"}:
            raise Invalid({"paused": ["Must be yes or no."]}, "Send paused as yes or no.")
        is_paused = asked == "yes"
        changed = services.change_integration(
            integration=self.integration(), is_paused=is_paused, by=self.person
        )
        messages.success(self.request, PAUSED if is_paused else _resumed(changed))
        return SeeOther(self.own_address())


def _resumed(integration: Integration) -> str:
    """Say what becomes of what came during the pause."""
    connector = connector_of(integration.provider)
    if connector is not None and connector.sync is not None:
        return "It works again, and catches up."
    return (
        "It works again. What came during the pause was ignored. You find it under Webhooks, and "
        "can replay it there."
    )
