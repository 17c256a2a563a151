"""What happened to an order."""

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Concat

from accounts.models import Project, User
from orderchainer.core.ids import MAX_ID
from orderchainer.core.windows import Window
from orders.lifecycle import EventType
from orders.queries.single import order_for
from orders.stream.models import Event, EventQuerySet


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


def deletion_of(project: Project, number: int) -> Event | None:
    """Return the event with which an order of the project was deleted, with the `actor_name`.

    None if no order with that number was.
    """
    if not 0 < number <= MAX_ID:
        return None
    events = Event.objects.of_orders().filter(order=number, project_id=project.pk)
    return _with_names(events.filter(type=EventType.DELETED)).first()


def _with_names(events: EventQuerySet) -> EventQuerySet:
    actors = User.objects.filter(pk=OuterRef("actor_id")).values(
        name=Concat("first_name", Value(" "), "last_name")
    )
    return events.annotate(actor_name=Subquery(actors[:1]))


def latest_events(
    order_id: int, *, limit: int, before: int | None = None
) -> tuple[list[Event], bool]:
    """Return an order's last events, newest first, and whether there are older ones.

    `before` is the id of an event, to go on from there. Each event has the `actor_name` of the user
    who did it, or None. Whoever calls this has found the order for somebody who may see it. Takes
    one statement.
    """
    events = Event.objects.of_orders().filter(order=order_id, pk__lt=before or MAX_ID)
    rows = list(_with_names(events).order_by("-pk")[: limit + 1])
    return rows[:limit], len(rows) > limit
