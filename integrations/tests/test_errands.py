"""Checks, upkeep and goodbyes: what a worker asks a provider outside of syncs."""

import pytest

from accounts.tests.projects import Team
from integrations.contracts import CheckRefused
from integrations.models import Errand, Integration, SyncRun
from integrations.services import (
    change_integration,
    disconnect_integration,
    report_health,
    report_trouble,
    request_check,
)
from integrations.tests.factories import connect, make_integration
from integrations.tests.pretend.shop import REFUSED, Shop, WorkerKilled
from integrations.tests.work import pass_days, skip_waiting, work
from integrations.work import errands
from orderchainer.core.outbox import Drop, GiveUp, TryAgain
from orders.stream.models import Event

pytestmark = pytest.mark.django_db


def now(integration: Integration) -> Integration:
    """Return the integration as it is now."""
    return Integration.objects.get(pk=integration.pk)


def test_a_check_connects_and_begins_the_upkeep_and_the_first_sync(team: Team, shop: Shop) -> None:
    shop.checks = [["Only orders of the last 60 days are visible."]]

    integration = make_integration(team)

    assert sorted(shop.calls) == ["check", "maintain", "sync"]
    assert integration.status == "connected"
    assert integration.notes == ["Only orders of the last 60 days are visible."]
    run = SyncRun.objects.get()
    assert (run.trigger, run.word, run.since) == ("connected", "done", None)


def test_a_refused_check_shows_the_providers_reason(team: Team, shop: Shop) -> None:
    shop.checks = [REFUSED]

    integration = make_integration(team)

    assert (integration.status, integration.last_error) == ("error", str(REFUSED))
    assert shop.calls == ["check"]
    assert not SyncRun.objects.exists()
    event = Event.objects.order_by("id").last()
    assert event is not None
    assert (event.data["previous_status"], event.data["status"]) == ("connecting", "error")
    assert event.data["error"] == str(REFUSED)
    assert Errand.objects.get().state == "sent"


def test_while_no_answer_comes_people_see_why_it_is_still_connecting(
    team: Team, shop: Shop
) -> None:
    shop.checks = [TryAgain("The shop did not answer."), ()]
    integration = make_integration(team)
    assert (integration.status, integration.last_error) == (
        "connecting",
        "The shop did not answer.",
    )

    skip_waiting()
    work()

    assert (now(integration).status, now(integration).last_error) == ("connected", "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (GiveUp("The shop is closed."), "The shop is closed."),
        (TryAgain("No answer."), "Gave up after 6 attempts: No answer."),
        (KeyError("x"), "Gave up after 6 attempts: Internal error: KeyError"),
    ],
)
def test_a_check_that_never_succeeds_ends_as_an_error(
    team: Team, shop: Shop, answer: Exception, reason: str
) -> None:
    shop.checks = [answer]
    integration = make_integration(team)

    for _ in range(6):
        skip_waiting()
        work()

    assert (now(integration).status, now(integration).last_error) == ("error", reason)
    assert Errand.objects.get().state == "failed"


def test_a_check_without_an_answer_keeps_the_words_of_an_error(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    report_trouble(integration=integration, reason="The app was uninstalled.")
    shop.checks = [GiveUp("No answer.")]

    request_check(integration=integration, by=team.owner)
    work()

    assert now(integration).last_error == "The app was uninstalled."


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (TryAgain("No answer."), "Gave up after 6 attempts: No answer."),
        (KeyError("x"), "Gave up after 6 attempts: Internal error: KeyError"),
    ],
    ids=["no_answer", "defect"],
)
def test_an_integration_that_works_stays_connected_while_its_provider_is_down(
    team: Team, shop: Shop, answer: Exception, reason: str
) -> None:
    integration = make_integration(team)
    told = Event.objects.count()
    shop.checks = [*[answer] * 6, ()]

    request_check(integration=integration, by=team.owner)
    for _ in range(6):
        skip_waiting()
        work()

    assert (now(integration).status, now(integration).last_error) == ("connected", reason)
    assert Event.objects.count() == told
    request_check(integration=integration, by=team.owner)
    work()
    assert (now(integration).status, now(integration).last_error) == ("connected", "")


def test_a_check_that_finds_nothing_to_do_changes_nothing(team: Team, shop: Shop) -> None:
    shop.checks = [Drop("Not now.")]

    assert make_integration(team).status == "connecting"


def test_an_answer_about_an_old_configuration_is_asked_for_again(team: Team, shop: Shop) -> None:
    integration = connect(team)

    def type_it_right() -> None:
        shop.in_check = lambda: None
        change_integration(
            integration=integration, config={"api_secret": "a-newer-api-secret"}, by=team.owner
        )

    shop.in_check = type_it_right
    shop.checks = [REFUSED, ()]
    work()

    assert shop.calls[:2] == ["check", "check"]
    assert now(integration).status == "connected"
    assert [errand.kind for errand in Errand.objects.order_by("id")] == ["check", "maintain"]


def test_an_answer_that_comes_after_the_goodbye_changes_nothing(team: Team, shop: Shop) -> None:
    integration = connect(team)
    shop.in_check = lambda: disconnect_integration(integration=integration, by=team.owner)

    work()

    assert now(integration).status == "disconnected"
    assert shop.calls == ["check", "disconnect"]


def test_a_check_of_a_paused_integration_begins_no_sync(team: Team, shop: Shop) -> None:
    integration = connect(team)
    change_integration(integration=integration, is_paused=True, by=team.owner)

    work()

    assert (now(integration).status, shop.calls) == ("connected", ["check"])


def test_a_check_that_waits_is_joined_and_tried_at_once(team: Team, shop: Shop) -> None:
    shop.checks = [TryAgain("No answer.", after_seconds=300), ()]
    integration = make_integration(team)

    first = request_check(integration=integration, by=team.owner)
    second = request_check(integration=integration, by=team.owner)
    work()

    assert first.pk == second.pk == Errand.objects.get(kind="check").pk
    assert now(integration).status == "connected"


def test_a_worker_that_dies_in_a_check_loses_nothing(team: Team, shop: Shop) -> None:
    def die() -> None:
        shop.in_check = lambda: None
        raise WorkerKilled

    integration = connect(team)
    shop.in_check = die
    with pytest.raises(WorkerKilled):
        work()
    assert errands.due_errands() == []

    skip_waiting()
    work()

    assert now(integration).status == "connected"


def test_a_check_that_kills_each_worker_is_given_up(team: Team, shop: Shop) -> None:
    def die() -> None:
        raise WorkerKilled

    integration = connect(team)
    shop.in_check = die
    for _ in range(6):
        with pytest.raises(WorkerKilled):
            work()
        skip_waiting()
    work()

    assert now(integration).status == "error"
    assert shop.calls == ["check"] * 6


# --- Upkeep and goodbyes ----------------------------------------------------------------------


def test_a_failed_upkeep_leaves_the_integration_connected(team: Team, shop: Shop) -> None:
    shop.maintain_raises = GiveUp("No more webhooks, please.")

    integration = make_integration(team)

    errand = Errand.objects.get(kind="maintain")
    assert (errand.state, errand.last_error) == ("failed", "No more webhooks, please.")
    assert (integration.status, integration.last_error) == ("connected", "")


def test_whoever_tests_an_integration_again_has_it_restored_at_the_provider_at_once(
    team: Team, shop: Shop
) -> None:
    shop.maintain_raises = GiveUp("No more webhooks, please.")
    integration = make_integration(team)
    shop.maintain_raises = None
    shop.calls.clear()

    request_check(integration=integration, by=team.owner)
    work()

    assert sorted(shop.calls) == ["check", "maintain"]
    assert Errand.objects.filter(kind="maintain").latest("id").state == "sent"


@pytest.mark.parametrize("why", ["error", "paused"])
def test_one_that_does_not_work_is_only_checked(team: Team, shop: Shop, why: str) -> None:
    integration = make_integration(team)
    shop.checks = [CheckRefused("Wrong key.")]
    if why == "error":
        report_trouble(integration=integration, reason="Wrong key.")
    else:
        change_integration(integration=integration, is_paused=True, by=team.owner)
    shop.calls.clear()

    request_check(integration=integration, by=team.owner)
    work()

    assert shop.calls == ["check"]


@pytest.mark.parametrize("failure", [GiveUp("Gone."), TryAgain("No answer.")])
def test_a_goodbye_that_fails_leaves_no_secret_behind(
    team: Team, shop: Shop, failure: Exception
) -> None:
    shop.disconnect_raises = failure
    integration = make_integration(team)
    disconnect_integration(integration=integration, by=team.owner)

    work()
    pass_days(2)
    skip_waiting()
    work()

    errand = Errand.objects.get(kind="disconnect")
    assert (errand.state, errand.secrets) == ("failed", None)


# --- What providers' packages report ----------------------------------------------------------


def test_trouble_is_shown_and_ends_with_health(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    told = Event.objects.count()

    report_trouble(integration=integration, reason="The app was uninstalled.")
    report_trouble(integration=integration, reason="The app was uninstalled.")
    troubled = now(integration)
    report_health(integration=integration)
    report_health(integration=integration)

    assert (troubled.status, troubled.last_error) == ("error", "The app was uninstalled.")
    assert (now(integration).status, now(integration).last_error) == ("connected", "")
    assert Event.objects.count() == told + 2


def test_reports_about_an_old_configuration_change_nothing(team: Team, shop: Shop) -> None:
    before = make_integration(team)
    connect(team, api_secret="a-newer-api-secret")
    work()

    report_trouble(integration=before, reason="The secret is wrong.")

    assert now(before).status == "connected"
    disconnect_integration(integration=before, by=team.owner)
    report_trouble(integration=now(before), reason="The secret is wrong.")
    assert now(before).status == "disconnected"


def test_health_does_not_end_trouble_that_came_later(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    called_at = integration.status_since

    report_trouble(integration=integration, reason="The app was uninstalled.")
    report_health(integration=integration, called_at=called_at)

    assert now(integration).status == "error"


def test_a_sentence_that_is_too_long_is_cut(team: Team, shop: Shop) -> None:
    shop.checks = [CheckRefused("x" * 5000)]

    assert len(make_integration(team).last_error) == 500
