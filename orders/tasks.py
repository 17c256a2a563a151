"""The Celery tasks of orders. Each may run twice, late, or twice at the same time."""

from celery import shared_task

from orderchainer.core.background import nudge
from orders.services.handing_over import hand_over_orders
from orders.services.releasing import release_assigned_orders
from orders.stream import deliveries, relay

# By then the next sweep has nudged whatever is still due. Without a limit, nudges for deliveries
# that workers do not get to would pile up with every sweep and delay everything else.
SWEPT_NUDGE_SECONDS = 5
# Each commit with events sends a nudge, and one relay serves all that wait. If workers fall behind,
# nudges that are older are dropped unread: younger ones follow, or the next sweep. Without a limit,
# thousands would stand before the heartbeat and the sweeps.
RELAY_NUDGE_SECONDS = 3
# How far apart the batches of a worker process are. In a busy time this is what an event waits.
RELAY_PACE = relay.Pace(seconds=0.05)
# How long a task relays before it queues the deliveries and lets other tasks have their turn. While
# events come without an end, this is what a delivery waits.
RELAY_SECONDS = 0.5


@shared_task(name="orders.relay_events")
def relay_events() -> None:
    """Relay what was committed."""
    relayed = relay.relay_events(RELAY_PACE, seconds=RELAY_SECONDS)
    for delivery_id in relayed.deliveries:
        nudge(deliver, delivery_id)
    if not relayed.is_complete:
        nudge(relay_events, expires_after=RELAY_NUDGE_SECONDS)


@shared_task(name="orders.deliver")
def deliver(delivery_id: int) -> None:
    """Try one delivery, then queue those that should follow it."""
    outcome = deliveries.deliver(delivery_id)
    if outcome is not None:
        for following_id, seconds in outcome.nudges:
            nudge(deliver, following_id, countdown=seconds)


@shared_task(name="orders.sweep_events")
def sweep_events() -> None:
    """Relay events and queue due deliveries that a crash, a dead broker or a long pause left."""
    relayed = relay.relay_events(seconds=RELAY_SECONDS)
    for delivery_id in deliveries.due_deliveries():
        nudge(deliver, delivery_id, expires_after=SWEPT_NUDGE_SECONDS)
    if not relayed.is_complete:
        nudge(relay_events, expires_after=RELAY_NUDGE_SECONDS)


@shared_task(name="orders.hand_over")
def hand_over(project_id: int | None = None) -> None:
    """Take orders from people who left a project, or any project.

    An owner of the project gets the orders that they owned as one of its members. What was assigned
    to them is assigned to nobody.
    """
    hand_over_orders(project_id=project_id)
    if release_assigned_orders(project_id=project_id):
        nudge(relay_events)
