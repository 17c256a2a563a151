"""The filters of the hub's lists of integrations' work."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.models import InboundDelivery, Integration
from integrations.queries import deliveries_of
from orderchainer.core.http.filters import ChoicesFilter, filter_of

# The states of deliveries by the words that people see.
STATES: Mapping[str, str] = {
    "received": InboundDelivery.State.RECEIVED,
    "done": InboundDelivery.State.DONE,
    "failed": InboundDelivery.State.FAILED,
    "ignored": InboundDelivery.State.IGNORED,
}


class _StatusFilter(ChoicesFilter):
    """Filter by one or more of the words."""

    def get_filter_predicate(self, v: Any) -> dict[str, str]:
        """Return the condition for one word."""
        return {"state": STATES[v]}


class DeliveryFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """The filters of deliveries."""

    status = _StatusFilter([(word, word) for word in STATES])


def deliveries_selected(
    integration: Integration, request: HttpRequest
) -> QuerySet[InboundDelivery]:
    """Return the deliveries that the query string selects. Raises `Invalid`."""
    found: QuerySet[InboundDelivery] = filter_of(
        DeliveryFilter, request, deliveries_of(integration)
    ).qs
    return found
