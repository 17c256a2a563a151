"""All providers, and what the project has connected of each."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from integrations.access import MANAGE_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.pages.base import OfIntegrations
from integrations.pages.shown import ShownIntegration, shown_integration
from integrations.providers import connectable, label_of
from integrations.queries import integrations_of, with_health


class IntegrationsPage(OfIntegrations):
    """A card for each provider: what it brings, and how well each connection works."""

    template_name = "integrations/integrations.html"
    parts = ("integrations",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}
    is_live = True

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        project = self.its_project
        found = [shown_integration(project, each) for each in with_health(integrations_of(project))]
        return self.show(
            {
                "providers": [self._provider(name, found) for name in self._names(found)],
                "may_manage": self.may(MANAGE_INTEGRATIONS),
                "is_busy": any(each.is_busy for each in found),
            }
        )

    def _names(self, found: list[ShownIntegration]) -> list[str]:
        """Return the providers, also those that only an older release knew."""
        return list(dict.fromkeys([*connectable(), *(each.provider for each in found)]))

    def _provider(self, name: str, found: list[ShownIntegration]) -> Mapping[str, Any]:
        connector = connectable().get(name)
        return {
            "name": name,
            "label": label_of(name),
            "guide": connector.guide if connector else None,
            "connect_url": self.address("integration-connect", provider=name) if connector else "",
            "integrations": [each for each in found if each.provider == name],
        }
