"""Two workers at once on one target, on PostgreSQL, with and without the target's lock."""

import threading
import time
from collections.abc import Sequence

import pytest

from accounts.tests.factories import make_user
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream import deliveries, subscribers
from orders.stream.models import (
    DeliveryTarget,
    DeliveryTargetQuerySet,
    Event,
    EventDelivery,
)
from orders.stream.relay import relay_events
from orders.stream.subscribers import Subscriber, Wanted
from orders.tests.factories import make_order

pytestmark = [
    pytest.mark.services,
    on_postgresql,
    pytest.mark.django_db(transaction=True),
]


class Door:
    """A target that counts how many deliveries it gets at once."""

    def __init__(self) -> None:
        self.inside = 0
        self.most_inside = 0
        self.delivered = 0
        self._lock = threading.Lock()

    def wants(self, fresh: Sequence[Event]) -> list[Wanted]:
        return [(event, "door") for event in fresh]

    def deliver(self, event: Event, target: str, /) -> None:
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
        time.sleep(0.3)
        with self._lock:
            self.inside -= 1
            self.delivered += 1


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door()
    subscriber = Subscriber("door", door.wants, door.deliver)
    monkeypatch.setattr(subscribers, "_subscribers", {"door": subscriber})
    return door


def deliveries_of(count: int) -> list[int]:
    """Return the ids of deliveries about so many orders, all to one target."""
    ada = make_user()
    for _ in range(count):
        make_order(ada)
    relay_events()
    return list(EventDelivery.objects.order_by("pk").values_list("pk", flat=True))


def before_taking_the_target() -> Meeting:
    """Return the point at which both workers have claimed a delivery and see the target free."""
    return Meeting('UPDATE "orders_deliverytarget"')


def test_two_workers_with_two_deliveries_of_one_target_go_one_by_one(
    door: Door,
) -> None:
    first, second = deliveries_of(2)

    outcomes = race(
        lambda: deliveries.deliver(first),
        lambda: deliveries.deliver(second),
        meeting=before_taking_the_target(),
    )

    assert outcomes.count(None) == 1
    assert (door.most_inside, door.delivered) == (1, 1)
    # The delivery of the slower worker is as if nobody had claimed it.
    [left] = EventDelivery.objects.filter(state="pending")
    assert (left.attempts, left.claimed_until) == (0, None)
    assert deliveries.due_deliveries() == [left.pk]


def test_eight_workers_on_one_target_and_one_delivery_send_it_once(door: Door) -> None:
    [only] = deliveries_of(1)

    race(*[lambda: deliveries.deliver(only)] * 8)

    assert (door.most_inside, door.delivered) == (1, 1)
    assert DeliveryTarget.objects.get().busy_until is None


def test_many_workers_deliver_everything_and_never_two_at_once(door: Door) -> None:
    ids = deliveries_of(6)

    def work() -> None:
        while EventDelivery.objects.filter(state="pending").exists():
            for id_ in ids:
                deliveries.deliver(id_)

    outcomes = race(work, work, work)

    assert outcomes == [None, None, None]
    assert (door.most_inside, door.delivered) == (1, 6)


def test_without_taking_the_target_two_workers_are_at_it_at_once(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: a worker that has claimed a delivery also takes the target."""
    first, second = deliveries_of(2)
    monkeypatch.setattr(DeliveryTargetQuerySet, "available", lambda self, now: self)

    race(
        lambda: deliveries.deliver(first),
        lambda: deliveries.deliver(second),
        meeting=before_taking_the_target(),
    )

    assert door.most_inside == 2


def test_a_retry_by_hand_during_the_flight_sends_nothing_twice(door: Door) -> None:
    [only] = deliveries_of(1)

    def retry() -> object:
        while not door.inside:
            time.sleep(0.01)
        return deliveries.retry_now([only]), deliveries.deliver(only)

    _, retried = race(lambda: deliveries.deliver(only), retry)

    assert retried == ([], None)
    assert door.delivered == 1
