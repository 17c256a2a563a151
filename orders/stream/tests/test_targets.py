"""Targets of subscribers: each has its own lane, one delivery at a time, and pauses if it hangs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.tests.factories import make_user
from orderchainer.core import outbox
from orders.models import Order
from orders.services import move_order
from orders.stream import deliveries, subscribers
from orders.stream.models import DeliveryTarget, Event, EventDelivery
from orders.stream.relay import relay_events
from orders.stream.subscribers import Drop, Subscriber, TryAgain, Wanted
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

TIMEOUT = TryAgain("No answer.", timed_out=True)


class Wire:
    """A subscriber with two webhooks, which records what each of them receives."""

    def __init__(self) -> None:
        self.targets = ["a", "b"]
        self.got: list[tuple[str, str]] = []
        # What each target does with its next messages. After these it accepts all.
        self.does: dict[str, list[Exception | Callable[[], None]]] = {"a": [], "b": []}

    def wants(self, fresh: Sequence[Event]) -> list[Wanted]:
        return [(event, target) for event in fresh for target in self.targets]

    def deliver(self, event: Event, target: str, /) -> None:
        if self.does.get(target):
            does = self.does[target].pop(0)
            if isinstance(does, Exception):
                raise does
            does()
        self.got.append((target, str(event.data["title"])))


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    subscriber = Subscriber("wire", wire.wants, wire.deliver)
    monkeypatch.setattr(subscribers, "_subscribers", {"wire": subscriber})
    return wire


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def orders_of(ada: User, *titles: str) -> list[Order]:
    orders = [make_order(ada, title=title) for title in titles]
    relay_events()
    return orders


def ids_to(target: str) -> list[int]:
    found = EventDelivery.objects.filter(target=target).order_by("pk")
    return list(found.values_list("pk", flat=True))


def pause_of(target: str) -> float | None:
    until = DeliveryTarget.objects.get(target=target).paused_until
    return None if until is None else (until - timezone.now()).total_seconds()


# --- lanes ------------------------------------------------------------------------------------


def test_one_event_goes_to_two_targets_of_one_subscriber(ada: User, wire: Wire) -> None:
    make_order(ada, title="Desk")

    for delivery_id in relay_events().deliveries:
        deliveries.deliver(delivery_id)

    assert wire.got == [("a", "Desk"), ("b", "Desk")]


def test_a_pair_that_is_wanted_twice_is_delivered_once(ada: User, wire: Wire) -> None:
    wire.targets = ["a", "a"]

    orders_of(ada, "Desk")

    assert len(ids_to("a")) == 1


def test_a_target_whose_name_is_too_long_loses_no_event(ada: User, wire: Wire) -> None:
    wire.targets = ["x" * 65]

    orders_of(ada, "Desk")

    assert EventDelivery.objects.get().target == ""


def test_the_relay_names_one_delivery_for_each_target(ada: User, wire: Wire) -> None:
    for number in range(5):
        make_order(ada, title=f"Order {number}")

    assert relay_events().deliveries == [ids_to("a")[0], ids_to("b")[0]]


def test_each_delivery_wakes_the_next_of_its_target(ada: User, wire: Wire) -> None:
    orders_of(ada, "First", "Second")
    first, second = ids_to("a")

    outcome = deliveries.deliver(first)

    assert outcome is not None
    assert outcome.nudges == ((second, 0),)


def test_while_a_target_is_busy_only_the_others_get_something(ada: User, wire: Wire) -> None:
    orders_of(ada, "First", "Second")
    first, second = ids_to("a")
    of_b = ids_to("b")[0]

    def meanwhile() -> None:
        assert deliveries.due_deliveries() == [of_b]
        assert deliveries.deliver(second) is None
        assert deliveries.deliver(of_b) is not None

    wire.does["a"] = [meanwhile]
    deliveries.deliver(first)

    assert wire.got == [("b", "First"), ("a", "First")]
    assert EventDelivery.objects.get(pk=second).attempts == 0


def test_an_order_that_waits_for_its_next_try_delays_no_other(ada: User, wire: Wire) -> None:
    wire.targets = ["a"]
    wire.does["a"] = [TryAgain("Busy.")]
    first, _ = orders_of(ada, "First", "Second")
    move_order(order_id=first.pk, status="active", by=ada)
    relay_events()
    postponed, other, later_of_first = ids_to("a")

    deliveries.deliver(postponed)

    assert deliveries.due_deliveries() == [other]
    deliveries.deliver(other)
    assert deliveries.deliver(later_of_first) is None
    assert wire.got == [("a", "Second")]


def test_a_target_with_many_deliveries_takes_one_place_in_the_sweep(
    ada: User, wire: Wire, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    wire.targets = ["a"]
    orders_of(ada, *(f"Order {number}" for number in range(20)))
    wire.targets = ["b"]
    orders_of(ada, "Late")

    with django_assert_num_queries(2):
        due = deliveries.due_deliveries(limit=2)

    assert due == [ids_to("a")[0], ids_to("b")[0]]


@pytest.mark.parametrize("count", [1, 20])
def test_relaying_a_batch_costs_the_same_however_many_targets_there_are(
    count: int, ada: User, wire: Wire, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    wire.targets = [f"target {number}" for number in range(count)]
    for _ in range(count):
        make_order(ada)

    with django_assert_num_queries(14):
        relay_events()


# --- targets that hang ------------------------------------------------------------------------


def test_a_target_that_does_not_answer_is_paused_for_longer_each_time(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    wire.targets = ["a"]
    wire.does["a"] = [TIMEOUT] * 3
    orders_of(ada, *(f"Order {number}" for number in range(4)))

    for delivery_id, longest in zip(ids_to("a"), [5, 10, 20], strict=False):
        deliveries.deliver(delivery_id)
        pause = pause_of("a")
        assert pause is not None
        assert longest / 2 <= pause <= longest
        assert deliveries.due_deliveries() == []
        assert deliveries.deliver(ids_to("a")[3]) is None
        now.shift(timedelta(seconds=pause))
        assert len(deliveries.due_deliveries()) == 1

    deliveries.deliver(ids_to("a")[3])
    target = DeliveryTarget.objects.get()
    assert (target.timeouts, target.paused_until) == (0, None)


def test_a_paused_target_is_looked_at_again_when_its_pause_ends(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    wire.does["a"] = [TIMEOUT]
    orders_of(ada, "First", "Second")
    first, second = ids_to("a")

    outcome = deliveries.deliver(first)

    assert outcome is not None
    [(nudged, seconds)] = outcome.nudges
    assert (nudged, seconds) == (second, pause_of("a"))


def test_pauses_are_bounded(ada: User, wire: Wire, now: time_machine.Traveller) -> None:
    wire.does["a"] = [TIMEOUT]
    orders_of(ada, "First")
    DeliveryTarget.objects.update(timeouts=10_000)

    deliveries.deliver(ids_to("a")[0])

    pause = pause_of("a")
    assert pause is not None
    assert pause <= deliveries.MAX_PAUSE_SECONDS


def test_a_target_that_hangs_pauses_no_other(ada: User, wire: Wire) -> None:
    wire.does["a"] = [TIMEOUT]
    orders_of(ada, "Desk")

    deliveries.deliver(ids_to("a")[0])

    assert deliveries.due_deliveries() == ids_to("b")


def test_a_target_that_answers_with_an_error_is_not_paused(ada: User, wire: Wire) -> None:
    wire.does["a"] = [TryAgain("500")]
    orders_of(ada, "First", "Second")

    deliveries.deliver(ids_to("a")[0])

    assert pause_of("a") is None


def test_a_delivery_that_gets_too_old_during_a_pause_is_given_up(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    wire.targets = ["a"]
    wire.does["a"] = [TIMEOUT]
    orders_of(ada, "First", "Second")
    now.shift(timedelta(hours=25))
    orders_of(ada, "Third")

    deliveries.deliver(ids_to("a")[0])

    rows = EventDelivery.objects.order_by("pk").values_list("state", "last_error")
    gave_up = ("failed", "Gave up after a day: No answer.")
    assert list(rows) == [gave_up, gave_up, ("pending", "")]


def test_a_new_webhook_under_an_old_targets_name_starts_unpaused(ada: User, wire: Wire) -> None:
    wire.does["a"] = [TIMEOUT]
    orders_of(ada, "First", "Second")
    deliveries.deliver(ids_to("a")[0])

    deliveries.forget_timeouts(subscriber="wire", target="a")

    assert ids_to("a")[1] in deliveries.due_deliveries()


# --- workers that die, and retries by hand ----------------------------------------------------


def test_a_worker_that_dies_gives_its_target_back(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    wire.targets = ["a"]
    wire.does["a"] = [die]
    orders_of(ada, "First", "Second")
    with pytest.raises(KeyboardInterrupt):
        deliveries.deliver(ids_to("a")[0])
    assert deliveries.due_deliveries() == []

    now.shift(outbox.lease())

    [due] = deliveries.due_deliveries()
    deliveries.deliver(due)
    assert len(wire.got) == 1


def test_a_late_worker_does_not_free_another_workers_target(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    wire.targets = ["a"]
    orders_of(ada, "First", "Second")
    first, second = ids_to("a")
    slow = deliveries._claim(first)
    assert slow is not None
    now.shift(outbox.lease())
    assert deliveries._claim(second) is not None

    deliveries._release(slow, took_it=True)

    assert deliveries.due_deliveries() == []


def test_retrying_a_delivery_in_flight_sends_nothing_twice(ada: User, wire: Wire) -> None:
    wire.targets = ["a"]
    orders_of(ada, "Desk")
    [id_] = ids_to("a")

    def meanwhile() -> None:
        assert EventDelivery.objects.get().is_in_flight
        assert deliveries.retry_now([id_]) == []
        assert deliveries.due_deliveries() == []
        assert deliveries.deliver(id_) is None

    wire.does["a"] = [meanwhile]
    deliveries.deliver(id_)

    assert wire.got == [("a", "Desk")]
    assert EventDelivery.objects.get().state == "sent"
    assert not EventDelivery.objects.get().is_in_flight


def test_a_dead_workers_delivery_can_be_retried(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    wire.targets = ["a"]
    orders_of(ada, "Desk")
    [id_] = ids_to("a")
    assert deliveries._claim(id_) is not None
    now.shift(outbox.lease())

    assert deliveries.retry_now([id_]) == [id_]

    deliveries.deliver(id_)
    assert wire.got == [("a", "Desk")]


def test_a_delivery_dropped_in_flight_cannot_be_retried_at_once(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    wire.targets = ["a"]
    orders_of(ada, "Desk")
    [id_] = ids_to("a")

    def meanwhile() -> None:
        deliveries.drop_pending(subscriber="wire", target="a", reason="Deleted.")
        assert deliveries.retry_now([id_]) == []

    wire.does["a"] = [meanwhile]
    deliveries.deliver(id_)

    assert EventDelivery.objects.get().state == "dropped"
    assert DeliveryTarget.objects.get().busy_until is None


def test_a_retry_by_hand_does_not_wait_for_the_pause_to_end(
    ada: User, wire: Wire, now: time_machine.Traveller
) -> None:
    wire.targets = ["a"]
    wire.does["a"] = [TIMEOUT, Drop("no")]
    orders_of(ada, "Desk")
    [id_] = ids_to("a")
    deliveries.deliver(id_)
    assert deliveries.due_deliveries() == []

    assert deliveries.retry_now([id_]) == [id_]

    assert deliveries.due_deliveries() == [id_]
