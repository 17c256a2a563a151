"""Who made an order, as the event of its creation tells."""

from django.db.models import Exists, F, OuterRef

from orders.lifecycle import EventType
from orders.stream.models import Event


def made_by_owner() -> Exists:
    """Return whether an order was made by its first owner, and not by somebody for them.

    For querysets of orders.
    """
    created = Event.objects.filter(order=OuterRef("pk"), type=EventType.CREATED)
    return Exists(created.filter(actor_id=F("owner_id")))
