"""Delete deliveries that are old, and erase late ones of people who want to be forgotten."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from integrations.inbound.erasing import about_erased_orders, erase_bodies
from integrations.models import InboundDelivery
from orderchainer.core.outbox import PENDING

# Each batch has its own transaction. A body can have megabytes, so batches are small.
BATCH = 200
MAX_ERASING_SECONDS = 60


def forget_old_deliveries(*, batch: int = BATCH) -> int:
    """Delete the deliveries that came more than `INBOUND_RETENTION_DAYS` ago; return how many.

    Those that are not over stay until they are: a request to forget a customer can wait for days.
    """
    before = timezone.now() - timedelta(days=settings.INBOUND_RETENTION_DAYS)
    old = InboundDelivery.objects.filter(created_at__lt=before).exclude(state=PENDING)
    count = 0
    while keys := list(old.order_by("created_at").values_list("pk", flat=True)[:batch]):
        # All conditions again, because somebody may have had one worked on again meanwhile.
        old.filter(pk__in=keys).delete()
        count += len(keys)
    return count


def erase_late_bodies() -> None:
    """Erase the bodies that came after the customers of their orders were erased."""
    erase_bodies(about_erased_orders(), seconds=MAX_ERASING_SECONDS)
