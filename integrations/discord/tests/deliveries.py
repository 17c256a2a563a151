"""Does the workers' job at once, and tells the states of the deliveries."""

from orders.stream import deliveries
from orders.stream.models import EventDelivery
from orders.stream.relay import relay_events


def work() -> None:
    """Relay and deliver until nothing is due."""
    relay_events()
    while due := deliveries.due_deliveries():
        for delivery_id in due:
            deliveries.deliver(delivery_id)


def states() -> list[str]:
    """Return the states of all deliveries, oldest event first."""
    rows = EventDelivery.objects.filter(subscriber="discord").order_by("pk")
    return list(rows.values_list("state", flat=True))
