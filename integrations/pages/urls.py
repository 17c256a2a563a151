"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from integrations.pages.acting import PausePage, SyncPage
from integrations.pages.connecting import CheckPage, NeedsPage, PastePage
from integrations.pages.deliveries import DeliveriesPage, DeliveryPage, ReplayPage
from integrations.pages.editing import DisconnectPage, EditIntegrationPage
from integrations.pages.listing import IntegrationsPage
from integrations.pages.one import IntegrationPage

_ONE = "integrations/<str:integration_id>"

# By the names of their URLs, below the path of the project.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "integrations": ("integrations", IntegrationsPage),
    # Before the pages of an integration, whose UUID could be any word.
    "integration-connect": ("integrations/connect/<str:provider>", NeedsPage),
    "integration-paste": ("integrations/connect/<str:provider>/keys", PastePage),
    "integration-page": (_ONE, IntegrationPage),
    "integration-test": (f"{_ONE}/test", CheckPage),
    "integration-sync": (f"{_ONE}/sync", SyncPage),
    "integration-pause": (f"{_ONE}/pause", PausePage),
    "integration-edit": (f"{_ONE}/edit", EditIntegrationPage),
    "integration-disconnect": (f"{_ONE}/disconnect", DisconnectPage),
    "integration-deliveries": (f"{_ONE}/deliveries", DeliveriesPage),
    "integration-delivery": (f"{_ONE}/deliveries/<str:delivery_id>", DeliveryPage),
    "integration-replay": (f"{_ONE}/deliveries/<str:delivery_id>/replay", ReplayPage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [
        path(f"app/<str:project_id>/{at}{slash}", page.as_view(), name=name)
        for name, (at, page) in _PAGES.items()
    ]


# `reverse` uses the last path with a name.
urlpatterns = [*_pages("/"), *_pages("")]
