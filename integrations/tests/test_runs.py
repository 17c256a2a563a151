"""Sync runs: slices, progress, ends, and workers that die between any two steps."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.tests.projects import Team
from integrations.errors import CannotSync
from integrations.models import Integration, SyncRun
from integrations.providers import connector_of
from integrations.services import (
    change_integration,
    connect_integration,
    disconnect_integration,
    keep_progress,
    report_trouble,
    request_sync,
)
from integrations.tests.factories import make_integration
from integrations.tests.pretend.shop import Shop, WorkerKilled
from integrations.tests.work import pass_days, skip_waiting, work
from integrations.work import runs
from orderchainer.core.outbox import Drop, GiveUp, TryAgain, claim
from orders.stream.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration(team: Team, shop: Shop) -> Integration:
    """A connected integration whose first sync is done."""
    return make_integration(team)


def now(integration: Integration) -> Integration:
    """Return the integration as it is now."""
    return Integration.objects.get(pk=integration.pk)


def last_run() -> SyncRun:
    """Return the newest run."""
    return SyncRun.objects.latest("id")


def raise_at(step: str, exc: BaseException, shop: Shop) -> None:
    """Have the shop raise at that step, once."""

    def at_step(name: str) -> None:
        if name == step:
            shop.at_step = lambda step: None
            raise exc

    shop.at_step = at_step


# --- Asking -----------------------------------------------------------------------------------


def test_a_second_request_joins_the_run_that_waits_or_runs(
    integration: Integration, team: Team, shop: Shop
) -> None:
    first = request_sync(integration=integration, by=team.owner)
    second = request_sync(integration=integration, by=team.members["agent"])
    shop.pages_of_a_slice = 1
    runs.work_on_run(first.pk)
    third = request_sync(integration=integration, by=team.owner)

    assert first.pk == second.pk == third.pk
    assert (third.word, third.trigger, third.requested_by) == ("running", "person", team.owner)


def test_a_run_asks_again_for_the_ten_minutes_before_the_last_one_began(
    integration: Integration, team: Team, shop: Shop
) -> None:
    first = last_run()

    run = request_sync(integration=integration, by=team.owner)
    work()

    assert integration.last_sync == first.started_at
    assert run.since == first.started_at - timedelta(minutes=10)  # type: ignore[operator]
    assert shop.since == [None, run.since]
    assert now(integration).last_sync == last_run().started_at


def test_a_provider_without_a_sync_has_nothing_to_do(
    team: Team, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = make_integration(team)
    connector = connector_of("shopify")
    assert connector is not None
    object.__setattr__(connector, "sync", None)

    with pytest.raises(CannotSync, match="nothing to sync"):
        request_sync(integration=integration, by=team.owner)


# --- Slices -----------------------------------------------------------------------------------


def test_a_run_is_done_in_slices_and_lets_others_have_the_worker(
    integration: Integration, team: Team, shop: Shop
) -> None:
    shop.pages, shop.pages_of_a_slice = [[1, 2], [3], [4, 5]], 1
    run = request_sync(integration=integration, by=team.owner)

    states = []
    for _ in range(3):
        worked = runs.work_on_run(run.pk)
        run.refresh_from_db()
        states.append((worked and worked.again_after_seconds, run.word, run.seen, run.cursor))

    assert states == [
        (0, "running", 2, {"page": 1}),
        (0, "running", 3, {"page": 2}),
        (None, "done", 5, {"page": 3}),
    ]
    assert (run.created, run.attempts, run.last_error) == (2, 1, "")


def test_the_end_of_a_run_is_an_event_with_its_counts(
    integration: Integration, team: Team, shop: Shop
) -> None:
    run = request_sync(integration=integration, by=team.owner)
    work()

    event = Event.objects.latest("id")
    assert (event.type, event.subject_kind, event.subject_uuid) == (
        "sync_finished",
        "sync_run",
        run.uuid,
    )
    assert (event.project_id, event.actor_id) == (team.project.pk, team.owner.pk)
    assert event.data == {
        "integration_id": str(integration.uuid),
        "provider": "shopify",
        "account": integration.account,
        "status": "done",
        "seen": 3,
        "created": 0,
        "changed": 0,
        "refused": 0,
        "error": "",
    }


def test_a_throttled_run_waits_without_a_failed_attempt(
    integration: Integration, team: Team, shop: Shop
) -> None:
    raise_at("before page 1", TryAgain("Throttled.", after_seconds=40, counts=False), shop)
    run = request_sync(integration=integration, by=team.owner)

    worked = runs.work_on_run(run.pk)

    run.refresh_from_db()
    assert worked is not None
    assert worked.again_after_seconds == 40
    assert (run.word, run.attempts, run.cursor) == ("running", 0, {"page": 1})
    assert 39 < (run.next_attempt_at - timezone.now()).total_seconds() <= 40
    skip_waiting()
    work()
    assert now(integration).last_sync == last_run().started_at


def test_a_failed_run_is_visible_and_leaves_last_sync_where_it_was(
    integration: Integration, team: Team, shop: Shop
) -> None:
    before = integration.last_sync
    raise_at("before page 1", GiveUp("The shop is closed."), shop)
    run = request_sync(integration=integration, by=team.owner)
    work()

    run.refresh_from_db()
    after = now(integration)
    assert (run.word, run.last_error, run.seen) == ("failed", "The shop is closed.", 2)
    assert (after.status, after.last_error, after.last_sync) == (
        "connected",
        "The shop is closed.",
        before,
    )
    assert Event.objects.latest("id").data["status"] == "failed"
    # The next run asks for the same span again, and its success ends the error.
    following = request_sync(integration=integration, by=team.owner)
    assert following.since == run.since
    work()
    assert now(integration).last_error == ""


@pytest.mark.parametrize("failure", [TryAgain("No answer."), RuntimeError("a defect")])
def test_a_run_is_given_up_after_failures_in_a_row_and_progress_ends_the_row(
    integration: Integration, team: Team, shop: Shop, failure: Exception
) -> None:
    shop.pages = [[page] for page in range(3)]
    run = request_sync(integration=integration, by=team.owner)
    for _ in range(7):
        raise_at("before page 0", failure, shop)
        runs.work_on_run(run.pk)
        skip_waiting()
    raise_at("before page 1", failure, shop)
    runs.work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.word, run.attempts) == ("running", 1)

    for _ in range(7):
        skip_waiting()
        raise_at("before page 1", failure, shop)
        runs.work_on_run(run.pk)

    run.refresh_from_db()
    assert run.word == "failed"
    assert run.last_error.startswith("Gave up after 8 attempts: ")
    assert now(integration).last_error == run.last_error


def test_a_run_is_given_up_after_a_week(integration: Integration, team: Team, shop: Shop) -> None:
    run = request_sync(integration=integration, by=team.owner)
    pass_days(8)
    raise_at("before page 0", TryAgain("No answer."), shop)

    runs.work_on_run(run.pk)

    run.refresh_from_db()
    assert run.last_error == "Gave up after 7 days: No answer."


def test_a_finished_run_ends_an_error_that_was_reported_before_it(
    integration: Integration, team: Team, shop: Shop
) -> None:
    report_trouble(integration=integration, reason="The app was uninstalled.")

    request_sync(integration=integration, by=team.owner)
    work()

    assert (now(integration).status, now(integration).last_error) == ("connected", "")


def test_trouble_in_a_run_keeps_its_own_words(
    integration: Integration, team: Team, shop: Shop
) -> None:
    def at_step(step: str) -> None:
        report_trouble(integration=integration, reason="The app was uninstalled.")
        raise GiveUp("401")

    shop.at_step = at_step
    request_sync(integration=integration, by=team.owner)
    work()

    after = now(integration)
    assert (after.status, after.last_error) == ("error", "The app was uninstalled.")
    assert last_run().last_error == "401"


def test_what_could_not_be_stored_is_counted_with_the_first_reason(
    integration: Integration, team: Team, shop: Shop
) -> None:
    run = request_sync(integration=integration, by=team.owner)
    claimed = claim(SyncRun.objects.all(), run.pk)
    assert claimed is not None

    keep_progress(run=claimed, cursor=1, seen=5, created=1, changed=2, refused=2, refusal="First.")
    keep_progress(run=claimed, cursor=2, seen=1, refused=1, refusal="Second.")

    run.refresh_from_db()
    assert (run.seen, run.created, run.changed, run.refused) == (6, 1, 2, 3)
    assert (run.refusal, run.cursor) == ("First.", 2)


# --- Workers that die, and runs that are lost -------------------------------------------------


STEPS = [f"{step} page {page}" for page in (0, 1) for step in ("before", "stored", "kept")]


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_between_any_two_steps_loses_nothing(
    integration: Integration, team: Team, shop: Shop, step: str
) -> None:
    shop.stored.clear()
    run = request_sync(integration=integration, by=team.owner)
    raise_at(step, WorkerKilled(), shop)
    with pytest.raises(WorkerKilled):
        work()
    run.refresh_from_db()
    kept = {"page": int(step[-1]) + 1} if step.startswith("kept") else {"page": int(step[-1])}
    assert (run.word, run.cursor or {"page": 0}) == ("running", kept)
    assert runs.due_runs() == []

    skip_waiting()
    work()

    run.refresh_from_db()
    # A page at most was stored twice, and none was missed or counted twice.
    assert shop.stored.keys() == {1, 2, 3}
    assert sum(shop.stored.values()) <= 3 + len(shop.pages[int(step[-1])])
    assert (run.word, run.seen) == ("done", 3)
    assert now(integration).last_sync == run.started_at


def test_a_worker_that_lost_its_lease_writes_nothing_any_more(
    integration: Integration, team: Team, shop: Shop
) -> None:
    run = request_sync(integration=integration, by=team.owner)
    with time_machine.travel(timezone.now() - timedelta(minutes=5), tick=False):
        SyncRun.objects.filter(pk=run.pk).update(next_attempt_at=timezone.now())
        slow = claim(SyncRun.objects.all(), run.pk)
    assert slow is not None
    work()

    with pytest.raises(Drop):
        keep_progress(run=slow, cursor={"page": 0}, seen=100)

    run.refresh_from_db()
    assert (run.word, run.seen, run.cursor) == ("done", 3, {"page": 2})


@pytest.mark.parametrize("what", ["pause", "disconnect", "close the project"])
def test_a_run_stops_when_its_integration_is_no_longer_at_work(
    integration: Integration, team: Team, shop: Shop, what: str
) -> None:
    def at_step(step: str) -> None:
        if step != "stored page 0":
            return
        if what == "pause":
            change_integration(integration=integration, is_paused=True, by=team.owner)
        elif what == "disconnect":
            disconnect_integration(integration=integration, by=team.owner)
        else:
            team.project.is_active = False
            team.project.save()

    run = request_sync(integration=integration, by=team.owner)
    shop.stored.clear()
    shop.at_step = at_step
    work()

    run.refresh_from_db()
    assert (run.word, run.seen) == ("cancelled", 0)
    assert shop.stored.keys() == {1, 2}
    assert Event.objects.filter(type="sync_finished", subject_uuid=run.uuid).count() == 1


def test_a_run_that_waits_outlives_another_configuration(
    integration: Integration, team: Team, shop: Shop
) -> None:
    run = request_sync(integration=integration, by=team.owner)

    connect_integration(
        project=team.project,
        provider="shopify",
        config={
            "api_key": "your-api-key",
            "api_secret": "a-newer-api-secret",
            "shop_url": integration.account,
        },
        by=team.owner,
    )
    work()

    run.refresh_from_db()
    assert run.word == "done"
    assert now(integration).status == "connected"


def test_a_run_that_fails_with_a_replaced_configuration_tries_the_new_one(
    integration: Integration, team: Team, shop: Shop
) -> None:
    def at_step(step: str) -> None:
        shop.at_step = lambda step: None
        newer = {"api_secret": "a-newer-api-secret"}
        change_integration(integration=integration, config=newer, by=team.owner)
        raise GiveUp("The shop does not know the secret.")

    run = request_sync(integration=integration, by=team.owner)
    shop.at_step = at_step

    work()

    run.refresh_from_db()
    assert (run.word, run.seen, run.last_error) == ("done", 3, "")
    assert (now(integration).status, now(integration).last_error) == ("connected", "")
    assert Event.objects.filter(type="sync_finished", subject_uuid=run.uuid).count() == 1
