"""Orders for tests, made the way the service makes them."""

import itertools
from collections.abc import Sequence
from typing import Any, cast
from uuid import uuid4

from accounts.models import User
from orders.models import Order, OrderDependency
from orders.services import ItemDraft, OrderFields, create_order
from orders.stream.models import DeliveryTarget, Event, EventDelivery


def make_order(owner: User, *waits_for: Order, **fields: Any) -> Order:
    """Create an order of `owner` that waits for `waits_for`."""
    items: Sequence[ItemDraft] = fields.pop("items", ())
    return create_order(
        by=owner,
        fields=cast(OrderFields, {"title": "An order", **fields}),
        dependencies=[order.pk for order in waits_for],
        items=items,
    )


def make_chain(owner: User, length: int, **fields: Any) -> list[Order]:
    """Create `length` orders at once, each waiting for the one before it, with no events."""
    orders = Order.objects.bulk_create(
        Order(
            owner=owner,
            project=owner.personal_project,
            title=f"Link {number}",
            **fields,
        )
        for number in range(length)
    )
    OrderDependency.objects.bulk_create(
        OrderDependency(order=later, depends_on=earlier)
        for earlier, later in itertools.pairwise(orders)
    )
    return orders


def make_event_of_another_kind(order: Order, **fields: Any) -> Event:
    """Create an event of another app: linked to `order`, but not about an order."""
    told: dict[str, Any] = {
        "type": "parcel_lost",
        "subject_kind": "parcel",
        "subject_uuid": uuid4(),
        "order": order,
        "owner_id": order.owner_id,
        "project_id": order.project_id,
        **fields,
    }
    return Event.objects.create(**told)


def make_delivery(order: Order, state: str = "pending", **fields: Any) -> EventDelivery:
    """Create a delivery of the latest event of `order`, to Discord by default."""
    event = Event.objects.filter(order=order).latest("pk")
    subscriber = fields.pop("subscriber", "discord")
    target = fields.pop("target", "")
    DeliveryTarget.objects.get_or_create(subscriber=subscriber, target=target)
    return EventDelivery.objects.create(
        event=event,
        subject_uuid=event.subject_uuid,
        subscriber=subscriber,
        target=target,
        state=state,
        **fields,
    )
