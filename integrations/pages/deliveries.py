"""What a provider has posted to us: the list, one delivery with its body, and its replay."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.access import Operation
from integrations import services
from integrations.access import MANAGE_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.api.hub.filters import STATES, DeliveryFilter
from integrations.pages.base import OfIntegrations
from integrations.pages.shown import (
    shown_body,
    shown_delivery,
    shown_headers,
    shown_integration,
)
from integrations.queries import deliveries_of, delivery_for, delivery_id_in
from orderchainer.core.web.filters import Filters, read_filters
from orderchainer.core.web.page import SeeOther

PAGE_SIZE = 50


class DeliveriesPage(OfIntegrations):
    """The deliveries of the last days, newest first."""

    template_name = "integrations/deliveries.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a page of those that the address selects."""
        project, integration = self.its_project, self.integration(has_health=True)
        filters, found = read_filters(
            DeliveryFilter, self.request.GET, deliveries_of(integration), request=self.request
        )
        page = Paginator(found, PAGE_SIZE).get_page(self.request.GET.get("page"))
        return self.show(
            {
                "integration": shown_integration(project, integration),
                "filters": filters,
                "tabs": [self._tab(word, filters) for word in ("", *STATES)],
                "page": page,
                "deliveries": [
                    shown_delivery(project, integration, each) for each in page.object_list
                ],
                "may_manage": self.may(MANAGE_INTEGRATIONS),
            }
        )

    def _tab(self, word: str, filters: Filters) -> Mapping[str, Any]:
        wanted = Filters({"status": (word,)} if word else {})
        return {
            "label": word.capitalize() or "All",
            "url": f"{self.request.path}?{wanted.query}" if wanted else self.request.path,
            "is_current": wanted == filters,
        }


class DeliveryPage(OfIntegrations):
    """One delivery as it came. Its body is for those who run the integration."""

    template_name = "integrations/delivery.html"
    parts = ("delivery",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_INTEGRATIONS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        integration = self.integration(has_health=True)
        delivery = delivery_for(integration, self.kwargs["delivery_id"])
        return self.show(
            {
                "integration": shown_integration(self.its_project, integration),
                "delivery": shown_delivery(self.its_project, integration, delivery),
                "erased_at": delivery.erased_at,
                "body": shown_body(delivery),
                "headers": shown_headers(delivery),
            }
        )


class ReplayPage(OfIntegrations):
    """Has a worker work on a delivery again. Only a button sends this form."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_INTEGRATIONS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Queue it once more. Raises `DeliveryInFlight` while a worker has it."""
        delivery = services.replay_delivery(
            integration=self.integration(),
            delivery_id=delivery_id_in(self.kwargs["delivery_id"]),
            by=self.person,
        )
        messages.success(self.request, "The webhook will be processed again.")
        return SeeOther(f"{self.own_address()}/deliveries/{delivery.uuid}")
