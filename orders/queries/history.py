"""What happened to an order."""

from django.db.models import OuterRef, Subquery

from accounts.models import User
from orderchainer.core.windows import Window
from orders.queries.single import order_for
from orders.stream.models import Event


def history_for(user: User, order_id: int, window: Window) -> tuple[list[Event], int]:
    """Return a window of an order's events, oldest first, and how many there are in all.

    Each event has the `actor_uuid` of the user who did it, or None.
    """
    order = order_for(user, order_id)
    events = Event.objects.of_orders().filter(order=order)
    actors = User.objects.filter(pk=OuterRef("actor_id")).values("uuid")
    told = events.annotate(actor_uuid=Subquery(actors[:1])).order_by("pk")
    rows = list(told[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(rows))
    return rows, events.count() if total is None else total
