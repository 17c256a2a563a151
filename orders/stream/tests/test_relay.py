"""How committed events get into the stream and to the subscribers that want them."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import DataError, connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.tests.factories import make_user
from orderchainer.celery import app
from orderchainer.core import outbox
from orders import tasks
from orders.services import move_order
from orders.stream import deliveries, relay, subscribers
from orders.stream.models import Event, EventDelivery
from orders.stream.queries import stream_after, stream_head, stream_of_owner
from orders.stream.subscribers import Drop, GiveUp, Subscriber, TryAgain, Wanted
from orders.tasks import RELAY_NUDGE_SECONDS, deliver, relay_events, sweep_events
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


class Listener:
    """A subscriber that records its events and answers as a test says. Each order is a target."""

    def __init__(self) -> None:
        self.got: list[tuple[int, str]] = []
        self.answers: list[BaseException] = []

    def wants(self, fresh: Sequence[Event]) -> list[Wanted]:
        return [
            (event, f"order {event.order_id}") for event in fresh if event.type != "order_updated"
        ]

    def deliver(self, event: Event, target: str, /) -> None:
        if self.answers:
            raise self.answers.pop(0)
        assert event.order_id is not None
        self.got.append((event.order_id, event.type))


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    listener = Listener()
    subscriber = Subscriber("listener", listener.wants, listener.deliver)
    monkeypatch.setattr(subscribers, "_subscribers", {"listener": subscriber})
    return listener


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def delivery() -> EventDelivery:
    return EventDelivery.objects.get()


# --- the stream -------------------------------------------------------------------------------


def test_numbers_events_from_one_without_a_gap(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)
    move_order(order_id=first.pk, status="completed", by=ada)

    assert relay.relay_events().count == 4

    assert [(event.position, event.order_id, event.type) for event in stream_after(0, limit=9)] == [
        (1, first.pk, "order_created"),
        (2, second.pk, "order_created"),
        (3, first.pk, "order_status_changed"),
        (4, second.pk, "order_ready"),
    ]
    assert stream_head() == 4
    assert relay.relay_events().count == 0


def test_a_lone_event_is_relayed_at_once_at_any_pace(ada: User) -> None:
    make_order(ada)

    assert relay.relay_events(relay.Pace(seconds=3600)).count == 1


def test_the_next_batch_of_a_process_waits_and_takes_all_that_came_meanwhile(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = relay.Pace(seconds=0.2)
    began = time.monotonic()
    make_order(ada)
    relay.relay_events(pace)
    make_order(ada)
    sleep = time.sleep

    def sleep_while_an_order_comes(seconds: float) -> None:
        make_order(ada)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", sleep_while_an_order_comes)

    assert relay.relay_events(pace).count >= 2
    assert time.monotonic() - began >= 0.2


def test_what_another_process_relays_meanwhile_is_left_to_it(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = relay.Pace(seconds=3600)
    make_order(ada)
    relay.relay_events(pace)
    make_order(ada)
    monkeypatch.setattr(time, "sleep", lambda _seconds: relay.relay_events())

    assert relay.relay_events(pace).count == 0
    assert stream_head() == 2


@pytest.fixture
def endless_burst(ada: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let another order come during each batch, two hundred at most; the batches' positions."""
    batches: list[int] = []

    def go_on(position: int, **_: object) -> None:
        batches.append(position)
        if len(batches) < 200:
            make_order(ada)

    subscribers.stream_advanced.connect(go_on)
    make_order(ada)
    yield batches
    subscribers.stream_advanced.disconnect(go_on)


def test_a_relay_ends_after_its_time_and_says_that_events_are_left(
    endless_burst: list[int],
) -> None:
    relayed = relay.relay_events(seconds=0.1)

    assert 1 <= relayed.count < 200
    assert not relayed.is_complete
    assert Event.objects.filter(position=None).count() == 1


def test_a_relay_without_time_still_takes_a_batch(endless_burst: list[int]) -> None:
    assert relay.relay_events(seconds=0).count == 1


@pytest.mark.parametrize("task", [relay_events, sweep_events])
def test_a_burst_without_an_end_keeps_no_delivery_waiting(
    endless_burst: list[int],
    listener: Listener,
    task: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, float | None]] = []
    for each in (deliver, relay_events):
        monkeypatch.setattr(
            each,
            "apply_async",
            lambda each=each, **message: sent.append((each.name, message["expires"])),
        )
    monkeypatch.setattr(tasks, "RELAY_SECONDS", 0.1)

    task()

    assert len(endless_burst) < 200
    *first, last = sent
    assert {name for name, _ in first} == {"orders.deliver"}
    # Another task goes on with the rest.
    assert last == ("orders.relay_events", RELAY_NUDGE_SECONDS)


def test_goes_on_in_batches_where_the_last_relay_ended(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH_SIZE", 3)
    for _ in range(7):
        make_order(ada)
    assert relay.relay_events().count == 7
    make_order(ada)
    relay.relay_events()

    assert [event.position for event in stream_after(5, limit=9)] == [6, 7, 8]


def test_an_owner_reads_only_their_own_events(ada: User) -> None:
    eve = make_user()
    make_order(ada)
    make_order(eve)
    make_order(ada)
    relay.relay_events()

    assert [event.position for event in stream_of_owner(ada.pk, after=1, limit=9)] == [3]


def test_tells_listeners_how_far_the_stream_has_come(ada: User) -> None:
    heard: list[int] = []

    def listen(position: int, **_: object) -> None:
        heard.append(position)

    subscribers.stream_advanced.connect(listen)
    make_order(ada)
    make_order(ada)
    relay.relay_events()
    subscribers.stream_advanced.disconnect(listen)

    assert heard == [2]


# --- deliveries -------------------------------------------------------------------------------


def test_delivers_the_events_that_a_subscriber_wants(ada: User, listener: Listener) -> None:
    order = make_order(ada)

    for delivery_id in relay.relay_events().deliveries:
        deliveries.deliver(delivery_id)

    assert listener.got == [(order.pk, "order_created")]
    assert (delivery().state, delivery().attempts, delivery().last_error) == (
        "sent",
        1,
        "",
    )


def test_a_delivery_that_is_sent_is_not_sent_again(ada: User, listener: Listener) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries

    assert deliveries.deliver(delivery_id) is not None
    assert deliveries.deliver(delivery_id) is None

    assert len(listener.got) == 1


def test_delivers_the_events_of_one_order_one_after_the_other(
    ada: User, listener: Listener
) -> None:
    order = make_order(ada)
    move_order(order_id=order.pk, status="active", by=ada)
    [first] = relay.relay_events().deliveries
    second = EventDelivery.objects.exclude(pk=first).get().pk

    assert deliveries.deliver(second) is None
    outcome = deliveries.deliver(first)

    assert outcome is not None
    assert outcome.nudges == ((second, 0),)
    deliveries.deliver(second)
    assert [type_ for _, type_ in listener.got] == [
        "order_created",
        "order_status_changed",
    ]


def test_an_order_that_cannot_be_delivered_does_not_hold_up_others(
    ada: User, listener: Listener
) -> None:
    listener.answers = [TryAgain("busy")]
    make_order(ada)
    other = make_order(ada)

    for delivery_id in relay.relay_events().deliveries:
        deliveries.deliver(delivery_id)

    assert listener.got == [(other.pk, "order_created")]


def test_tries_again_later_and_later(
    ada: User, listener: Listener, now: time_machine.Traveller
) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries
    delays = []
    for _ in range(4):
        listener.answers = [TryAgain("The other side is down.")]
        deliveries.deliver(delivery_id)
        delays.append((delivery().next_attempt_at - timezone.now()).total_seconds())
        assert deliveries.deliver(delivery_id) is None
        now.move_to(delivery().next_attempt_at)

    assert (delivery().state, delivery().attempts) == ("pending", 4)
    assert delivery().last_error == "The other side is down."
    for delay, longest in zip(delays, [5, 10, 20, 40], strict=True):
        assert longest / 2 <= delay <= longest


def test_waits_as_long_as_the_other_side_asks_and_counts_no_attempt(
    ada: User, listener: Listener, now: time_machine.Traveller
) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries
    listener.answers = [TryAgain("Slow down.", after_seconds=64.5, counts=False)]

    outcome = deliveries.deliver(delivery_id)

    assert delivery().next_attempt_at == timezone.now() + timedelta(seconds=64.5)
    assert delivery().attempts == 0
    # The wait is too long for a delayed message, so the sweep has to find the delivery.
    assert outcome is not None
    assert outcome.nudges == ()
    now.shift(64)
    assert deliveries.due_deliveries() == []
    now.shift(1)
    assert deliveries.due_deliveries() == [delivery_id]


def test_gives_up_within_bounds_and_says_why(
    ada: User, listener: Listener, now: time_machine.Traveller
) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries
    listener.answers = [TryAgain("down")] * 50
    tries = 0
    while delivery().state == "pending":
        deliveries.deliver(delivery_id)
        now.move_to(delivery().next_attempt_at)
        tries += 1

    assert tries == EventDelivery.MAX_ATTEMPTS
    assert delivery().state == "failed"
    assert delivery().last_error == "Gave up after 10 attempts: down"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (GiveUp("Unknown webhook."), "failed"),
        (Drop("Nobody is there."), "dropped"),
    ],
)
def test_stops_if_another_try_is_useless(
    ada: User, listener: Listener, answer: Exception, state: str
) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries
    listener.answers = [answer]

    deliveries.deliver(delivery_id)

    assert (delivery().state, delivery().last_error) == (state, str(answer))
    assert delivery().finished_at is not None


def test_a_subscriber_that_crashes_is_tried_again(ada: User, listener: Listener) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries
    listener.answers = [KeyError("secret")]

    deliveries.deliver(delivery_id)

    assert (delivery().state, delivery().last_error) == (
        "pending",
        "Internal error: KeyError",
    )


def mistaken(_: Sequence[Event]) -> list[Wanted]:
    raise KeyError("defect")


def with_a_wrong_query(_: Sequence[Event]) -> list[Wanted]:
    with connection.cursor() as cursor:
        # PostgreSQL refuses it, and whatever comes after it in the transaction.
        cursor.execute("SELECT 1 / 0")
    raise DataError("division by zero")


@pytest.mark.parametrize("broken", [mistaken, with_a_wrong_query])
def test_a_subscriber_that_cannot_choose_gets_all_and_the_stream_goes_on(
    broken: Callable[[Sequence[Event]], list[Wanted]],
    ada: User,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    healthy = Subscriber("healthy", listener.wants, listener.deliver)
    subscriber = Subscriber("listener", broken, listener.deliver)
    monkeypatch.setattr(subscribers, "_subscribers", {"healthy": healthy, "listener": subscriber})
    make_order(ada)

    relayed = relay.relay_events()

    assert relayed.count == 1
    rows = EventDelivery.objects.order_by("subscriber").values_list("subscriber", "target")
    assert [(name, bool(target)) for name, target in rows] == [
        ("healthy", True),
        ("listener", False),
    ]


def test_a_worker_that_dies_gives_its_delivery_back(
    ada: User, listener: Listener, now: time_machine.Traveller
) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries
    listener.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        deliveries.deliver(delivery_id)
    assert deliveries.due_deliveries() == []

    now.shift(outbox.lease())

    assert deliveries.due_deliveries() == [delivery_id]
    deliveries.deliver(delivery_id)
    assert (delivery().state, delivery().attempts) == ("sent", 2)


def test_a_late_worker_does_not_overwrite_the_outcome(
    ada: User, listener: Listener, now: time_machine.Traveller
) -> None:
    make_order(ada)
    [delivery_id] = relay.relay_events().deliveries
    slow = outbox.claim(EventDelivery.objects.all(), delivery_id)
    assert slow is not None
    now.shift(outbox.lease())
    deliveries.deliver(delivery_id)

    outbox.settle(slow, TryAgain("timed out"))

    assert delivery().state == "sent"


def test_drops_the_pending_deliveries_to_one_target(ada: User, listener: Listener) -> None:
    eve = make_user()
    order = make_order(ada)
    make_order(eve)
    relay.relay_events()

    dropped = deliveries.drop_pending(
        subscriber="listener", target=f"order {order.pk}", reason="Deleted."
    )

    assert dropped == 1

    states = EventDelivery.objects.order_by("pk").values_list("state", "last_error")
    assert list(states) == [("dropped", "Deleted."), ("pending", "")]


def test_retries_failed_deliveries_now_and_leaves_sent_ones(ada: User, listener: Listener) -> None:
    make_order(ada)
    make_order(ada)
    listener.answers = [GiveUp("no")]
    failed, sent = relay.relay_events().deliveries
    deliveries.deliver(failed)
    deliveries.deliver(sent)

    assert deliveries.retry_now([failed, sent]) == [failed]

    assert deliveries.due_deliveries() == [failed]


def test_a_retry_by_hand_gets_a_new_day_and_all_attempts(
    ada: User, listener: Listener, now: time_machine.Traveller
) -> None:
    make_order(ada)
    listener.answers = [GiveUp("no"), TryAgain("away")]
    [id_] = relay.relay_events().deliveries
    deliveries.deliver(id_)
    now.shift(timedelta(days=3))
    deliveries.retry_now([id_])

    deliveries.deliver(id_)

    assert (delivery().state, delivery().attempts) == ("pending", 1)
    now.shift(timedelta(minutes=1))
    deliveries.deliver(id_)
    assert delivery().state == "sent"


def test_a_delivery_that_no_worker_survives_is_given_up(
    ada: User, listener: Listener, now: time_machine.Traveller
) -> None:
    class Killed(BaseException):
        """Ends a worker in the middle, so that no code of ours runs after it."""

    make_order(ada)
    [id_] = relay.relay_events().deliveries
    listener.answers = [Killed() for _ in range(EventDelivery.MAX_ATTEMPTS)]
    for _ in range(EventDelivery.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            deliveries.deliver(id_)
        assert delivery().state == "pending"
        now.shift(outbox.lease())

    deliveries.deliver(id_)

    assert (delivery().state, listener.got) == ("failed", [])
    assert delivery().last_error == ("Gave up after 10 attempts: the last one was cut off.")


def test_messages_of_the_sweep_expire_before_the_next_sweep(ada: User, listener: Listener) -> None:
    make_order(ada)
    with app.connection_for_write() as connection:
        queue = connection.SimpleQueue(settings.DELIVERIES_QUEUE)
        queue.clear()

        sweep_events()

        message = queue.get(timeout=1)
    lifetime = datetime.fromisoformat(message.headers["expires"]) - timezone.now()
    assert message.headers["task"] == "orders.deliver"
    assert timedelta(seconds=4) < lifetime <= timedelta(seconds=5)


def test_the_sweep_finds_deliveries_whose_message_was_lost(ada: User, listener: Listener) -> None:
    make_order(ada)
    sweep_events()
    assert stream_head() == 1
    [due] = deliveries.due_deliveries()
    deliver(due)

    assert len(listener.got) == 1


def test_nudges_that_nobody_gets_to_expire(
    ada: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[float] = []
    monkeypatch.setattr(
        relay_events, "apply_async", lambda **message: sent.append(message["expires"])
    )

    with django_capture_on_commit_callbacks(execute=True):
        make_order(ada)

    # Thousands of them would keep the heartbeat waiting, and one relay serves them all.
    assert sent == [RELAY_NUDGE_SECONDS]
    sweep = settings.CELERY_BEAT_SCHEDULE["sweep-events"]["schedule"].total_seconds()
    assert sent[0] < sweep
