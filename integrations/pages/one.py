"""One integration: how well it works, what came in lately, and what can be done with it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from integrations.access import MANAGE_INTEGRATIONS, SYNC_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.pages.base import OfIntegrations
from integrations.pages.shown import (
    configuration_of,
    shown_delivery,
    shown_integration,
    shown_run,
)
from integrations.providers import connector_of, webhook_address
from integrations.queries import deliveries_of, runs_of

# How many syncs and deliveries the page shows.
SHOWN_ROWS = 5


class IntegrationPage(OfIntegrations):
    """The page of one integration."""

    template_name = "integrations/integration.html"
    parts = ("integration",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}
    is_live = True

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        project, integration = self.its_project, self.integration(has_health=True)
        shown = shown_integration(project, integration)
        connector = connector_of(integration.provider)
        runs = runs_of(integration)[:SHOWN_ROWS] if shown.can_sync else ()
        deliveries = deliveries_of(integration)[:SHOWN_ROWS]
        return self.show(
            {
                "integration": shown,
                "guide": connector.guide if connector else None,
                "keys": configuration_of(integration),
                "webhook": webhook_address(integration.provider)
                if connector and connector.guide.address_for
                else "",
                "runs": [shown_run(each) for each in runs],
                "deliveries": [shown_delivery(project, integration, each) for each in deliveries],
                "may_manage": self.may(MANAGE_INTEGRATIONS),
                "may_sync": self.may(SYNC_INTEGRATIONS),
            }
        )
