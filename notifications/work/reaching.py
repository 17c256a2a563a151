"""Whether a person can be reached at an address. What happened last counts, not what came last.

Providers tell of it late, out of order and more than once. Their moments are whole seconds. If a
block and a return are of the same second, the return counts, because a message to somebody who has
blocked us does no harm. A message before a block of the same second does not. Each function is one
or two conditional statements, and needs no lock.
"""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from notifications.models import ContactAddress, Message
from notifications.models.messages import Direction


def note_reachable(address_id: int, at: datetime) -> bool:
    """Write that a person takes messages at an address since `at`; tell whether that is news."""
    at = min(at, timezone.now())
    rows = _last_told(address_id).filter(Q(told_at=None) | Q(told_at__lte=at))
    news = {"unreachable_since": None, "reachable_told_at": at}
    if rows.exclude(unreachable_since=None).update(**news):
        return True
    rows.update(reachable_told_at=at)
    return False


def note_unreachable(address_id: int, at: datetime) -> bool:
    """Write that a person cannot be reached since `at`; tell whether that is news.

    Whoever has written since then can be reached.
    """
    at = min(at, timezone.now())
    said = Message.objects.filter(
        address=OuterRef("pk"), direction=Direction.INBOUND, written_at__gt=at
    )
    rows = _last_told(address_id).filter(Q(told_at=None) | Q(told_at__lt=at), ~Exists(said))
    news = {"unreachable_since": at, "reachable_told_at": at}
    if rows.filter(unreachable_since=None).update(**news):
        return True
    rows.update(reachable_told_at=at)
    return False


def _last_told(address_id: int) -> QuerySet[ContactAddress]:
    """Return an address with the moment of the last that we heard about it, as `told_at`."""
    told_at = Coalesce(F("reachable_told_at"), F("unreachable_since"))
    return ContactAddress.objects.filter(pk=address_id).annotate(told_at=told_at)
