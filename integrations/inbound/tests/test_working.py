"""Working on stored deliveries: every end, retries, and what a crash leaves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Project
from integrations.inbound.tasks import sweep_deliveries, work_on_delivery
from integrations.inbound.tests.factories import make_delivery, make_integration, post
from integrations.inbound.tests.pretend.provider import Handler
from integrations.inbound.working import due_deliveries, work_on
from integrations.models import InboundDelivery, Integration
from integrations.payloads import payload_of
from integrations.services import disconnect_integration
from integrations.tests.pretend.shop import WorkerKilled
from orderchainer.core.outbox import Drop, GiveUp, TryAgain

pytestmark = pytest.mark.django_db

State = InboundDelivery.State
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def raising(outcome: BaseException) -> Callable[[InboundDelivery], None]:
    """Return a handler that raises `outcome`."""

    def handle(delivery: InboundDelivery) -> None:
        raise outcome

    return handle


def test_a_delivery_is_handled_once(pretend: Handler) -> None:
    make_integration()
    post()
    delivery = InboundDelivery.objects.get()
    with time_machine.travel(NOW, tick=False):
        delivery.next_attempt_at = NOW
        delivery.save(update_fields=["next_attempt_at"])

        assert work_on(delivery.pk) is None
        assert work_on(delivery.pk) is None

    assert pretend.got == [delivery.pk]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.last_error) == (State.DONE, 1, "")
    assert (delivery.finished_at, delivery.claimed_until) == (NOW, None)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Drop("Not ours."), State.IGNORED), (GiveUp("Nonsense."), State.FAILED)],
    ids=["dropped", "given up"],
)
def test_a_handler_can_end_a_delivery(pretend: Handler, outcome: Exception, state: str) -> None:
    pretend.does = raising(outcome)
    delivery = make_delivery()

    assert work_on(delivery.pk) is None

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == (state, str(outcome))
    assert due_deliveries() == []


def test_a_body_that_cannot_be_read_is_kept_and_failed(pretend: Handler) -> None:
    pretend.does = lambda delivery: payload_of(delivery)
    make_integration()
    assert post(b'{"id":').status_code == 200
    delivery = InboundDelivery.objects.get()

    work_on(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
    assert delivery.last_error.startswith("The body cannot be read as JSON: ")
    assert bytes(delivery.body) == b'{"id":'


@pytest.mark.parametrize("outcome", [TryAgain("Busy."), KeyError("a defect")], ids=["busy", "bug"])
def test_failed_attempts_are_repeated_ever_later_and_end(
    pretend: Handler, outcome: Exception
) -> None:
    pretend.does = raising(outcome)
    pauses: list[float] = []
    with time_machine.travel(NOW, tick=False) as clock:
        delivery = make_delivery()
        while delivery.state == State.RECEIVED:
            work_on(delivery.pk)
            delivery.refresh_from_db()
            wait = delivery.next_attempt_at - timezone.now()
            pauses.append(wait.total_seconds())
            clock.shift(wait)

    assert delivery.state == State.FAILED
    assert len(pretend.got) == InboundDelivery.MAX_ATTEMPTS == 10
    reason = "Busy." if isinstance(outcome, TryAgain) else "Internal error: KeyError"
    assert delivery.last_error == f"Gave up after 10 attempts: {reason}"
    for pause, longest in zip(pauses[:9], (5, 10, 20, 40, 80, 160, 320, 640, 1280), strict=True):
        assert longest / 2 <= pause <= longest


def test_the_provider_can_ask_to_wait_without_losing_an_attempt(pretend: Handler) -> None:
    pretend.does = raising(TryAgain("Throttled.", after_seconds=30, counts=False))
    delivery = make_delivery()

    assert work_on(delivery.pk) == 30

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (State.RECEIVED, 0)


def test_one_delivery_that_fails_takes_no_other_along(pretend: Handler) -> None:
    def handle(delivery: InboundDelivery) -> None:
        if delivery.topic == "bad":
            raise RuntimeError

    pretend.does = handle
    integration = make_integration()
    rows = [make_delivery(integration, topic=topic) for topic in ("good", "bad", "good")]

    for pk in due_deliveries():
        work_on(pk)

    assert [InboundDelivery.objects.get(pk=row.pk).state for row in rows] == [
        State.DONE,
        State.RECEIVED,
        State.DONE,
    ]


# --- What nobody works on ---------------------------------------------------------------------


def disconnect() -> None:
    """Take the integration's secrets away."""
    Integration.objects.update(status=Integration.Status.DISCONNECTED, secrets=None)


def pause() -> None:
    """Let the integration rest."""
    Integration.objects.update(is_paused=True)


def close_project() -> None:
    """Delete the project as its owner does: its rows stay."""
    Project.objects.update(is_active=False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (disconnect, "The integration is disconnected."),
        (close_project, "The integration is disconnected."),
        (pause, "The integration is paused."),
    ],
    ids=["disconnected", "closed", "paused"],
)
def test_what_came_before_the_integration_stopped_is_ignored(
    pretend: Handler, change: Callable[[], None], reason: str
) -> None:
    delivery = make_delivery()
    change()

    work_on(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == (State.IGNORED, reason)
    assert pretend.got == []


def test_disconnecting_ignores_what_waits_and_refuses_what_comes(pretend: Handler) -> None:
    integration = make_integration()
    waiting = make_delivery(integration)
    done = make_delivery(integration, state=State.DONE)
    others = make_delivery()

    def disconnect_meanwhile(delivery: InboundDelivery) -> None:
        disconnect_integration(integration=integration)

    pretend.does = disconnect_meanwhile
    work_on(waiting.pk)

    for delivery, state in ((waiting, State.IGNORED), (done, State.DONE), (others, State.RECEIVED)):
        delivery.refresh_from_db()
        assert delivery.state == state
    # What the worker found afterwards does not count.
    assert waiting.last_error == "The integration was disconnected."
    count = InboundDelivery.objects.count()
    assert post().status_code == 200  # of the other one, which has the same account
    others.integration.delete()
    assert post().status_code == 401
    assert InboundDelivery.objects.filter(integration=integration).count() == count - 1


def test_calls_of_a_paused_integration_are_kept_but_ignored(pretend: Handler) -> None:
    make_integration(is_paused=True)

    assert post().status_code == 200
    work_on(InboundDelivery.objects.get().pk)

    assert InboundDelivery.objects.get().state == State.IGNORED
    assert pretend.got == []


def test_a_paused_integration_ignores_no_topic_that_counts_all_the_same(
    pretend: Handler,
) -> None:
    integration = make_integration(is_paused=True)
    rows = [make_delivery(integration, topic=topic) for topic in ("orders/create", "privacy")]

    for row in rows:
        work_on(row.pk)
        row.refresh_from_db()

    assert [row.state for row in rows] == [State.IGNORED, State.DONE]
    assert pretend.got == [rows[1].pk]


def test_a_provider_that_this_release_does_not_know_is_ignored() -> None:
    delivery = make_delivery(make_integration(provider="carrier"))

    work_on(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == State.IGNORED
    assert delivery.last_error == "This release does not know the provider's webhooks."


# --- Crashes ----------------------------------------------------------------------------------


def test_a_crash_between_storing_and_working_leaves_a_row_that_the_sweep_finds(
    pretend: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_integration()
    # The process dies before the nudge, which runs after the commit: nothing is nudged in a test.
    post()
    delivery = InboundDelivery.objects.get()
    nudged: list[tuple[int, ...]] = []
    monkeypatch.setattr(
        work_on_delivery, "apply_async", lambda args, **options: nudged.append(args)
    )

    sweep_deliveries()
    work_on_delivery(*nudged[0])
    sweep_deliveries()

    assert nudged == [(delivery.pk,)]
    assert pretend.got == [delivery.pk]


def test_a_worker_that_dies_costs_a_lease(pretend: Handler) -> None:
    pretend.does = raising(WorkerKilled())
    with time_machine.travel(NOW, tick=False) as clock:
        delivery = make_delivery()
        with pytest.raises(WorkerKilled):
            work_on(delivery.pk)
        pretend.does = lambda delivery: None

        assert due_deliveries() == []
        assert work_on(delivery.pk) is None
        clock.shift(timedelta(seconds=60))
        assert due_deliveries() == [delivery.pk]
        work_on(delivery.pk)

    assert pretend.got == [delivery.pk] * 2
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (State.DONE, 2)


def test_a_delivery_that_kills_its_worker_each_time_ends(pretend: Handler) -> None:
    delivery = make_delivery(attempts=InboundDelivery.MAX_ATTEMPTS)

    work_on(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
    assert delivery.last_error == "Gave up after 10 attempts: the last one was cut off."
    assert pretend.got == []


def test_an_outcome_that_comes_after_the_lease_does_not_count(pretend: Handler) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        delivery = make_delivery()

        def handle_slowly(row: InboundDelivery) -> None:
            pretend.does = raising(GiveUp("The second worker found it bad."))
            clock.shift(timedelta(seconds=61))
            work_on(row.pk)

        pretend.does = handle_slowly
        work_on(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
    assert delivery.last_error == "The second worker found it bad."
