"""Rules for tests, and what workers do about them."""

from collections.abc import Sequence
from typing import Any, cast

from django.utils import timezone

from accounts.models import Project
from notifications.models import NotificationRule, RuleOutcome
from notifications.models.rules import Occasion
from notifications.services import RuleFields, create_rule
from notifications.tests.pretend import PRETEND
from notifications.work import telling
from orders.models import Order
from orders.services import update_order
from orders.stream import deliveries
from orders.stream.models import DeliveryTarget, Event, EventDelivery
from orders.stream.relay import relay_events

SHIPPED: dict[str, Any] = {"occasion": Occasion.STATUS_REACHED, "status": "shipped"}
ADAS_NUMBER = "+16505551234"
TEMPLATE: dict[str, Any] = {
    "name": "order_shipped",
    "language": "en_US",
    "parameters": ["{order_number}"],
}


def make_rule(project: Project, **fields: Any) -> NotificationRule:
    """Create a rule as the first member of a project: by default, of shipped orders."""
    given = {
        **(SHIPPED if "occasion" not in fields else {}),
        "channel": PRETEND,
        "content": "Order {order_number} is {status}.",
        **fields,
    }
    by = project.members.earliest("pk")
    return create_rule(project=project, by=by, fields=cast(RuleFields, given))


def ship(order: Order, status: str = "shipped") -> Event:
    """Move an order, and return the event."""
    update_order(order_id=order.pk, by=order.owner, fields={"status": status})
    return Event.objects.filter(order=order, type="order_status_changed").latest("pk")


def tell_all() -> None:
    """Relay all events and let workers tell customers of them."""
    relay_events()
    for delivery in due():
        deliveries.deliver(delivery.pk)


def due() -> Sequence[EventDelivery]:
    """Return the deliveries about customers that are not over, in their order."""
    return list(
        EventDelivery.objects.filter(subscriber=telling.SUBSCRIBER, state="pending").order_by("pk")
    )


def free(delivery: EventDelivery) -> None:
    """Let the leases of a dead worker, and its pauses, run out."""
    EventDelivery.objects.filter(pk=delivery.pk).update(
        next_attempt_at=timezone.now(), claimed_until=None
    )
    DeliveryTarget.objects.update(busy_until=None)


def outcomes() -> list[tuple[str, str, str]]:
    """Return state, channel and reason of all outcomes, the oldest first."""
    rows = RuleOutcome.objects.order_by("pk")
    return [(str(row.state), row.channel, row.reason) for row in rows]
