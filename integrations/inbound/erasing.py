"""Erase the bodies of deliveries that have the data of customers who want to be forgotten.

The row stays, with its state and the moment of the erasure. Erasing twice changes nothing.
"""

from time import monotonic

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from integrations.models import InboundDelivery
from orders.models import Order

# Each batch is a statement and a transaction of its own.
BATCH = 200

ERASED = "Its body was erased, because a customer wants to be forgotten."


def erase_bodies(deliveries: QuerySet[InboundDelivery], *, seconds: float) -> bool:
    """Erase the bodies of `deliveries`; return False if some are left after so many seconds."""
    left = deliveries.filter(erased_at=None).order_by("pk")
    until = monotonic() + seconds
    while ids := list(left.values_list("pk", flat=True)[:BATCH]):
        InboundDelivery.objects.filter(pk__in=ids).update(body=b"", erased_at=timezone.now())
        if monotonic() >= until:
            return not left.exists()
    return True


def about_erased_orders() -> QuerySet[InboundDelivery]:
    """Return the deliveries about orders whose customers were erased."""
    erased = Order.objects.filter(
        project=OuterRef("integration__project"),
        provider=OuterRef("integration__provider"),
        external_id=OuterRef("about"),
        customer_erased_at__isnull=False,
    )
    return InboundDelivery.objects.exclude(about="").filter(Exists(erased))
