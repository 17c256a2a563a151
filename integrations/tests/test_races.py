"""Two requests, or a request and a worker, at the same moment."""

from collections.abc import Callable

import pytest

from accounts.services import set_member
from accounts.tests.projects import Role, Team, make_team
from integrations.errors import IntegrationNotFound
from integrations.models import Errand, Integration, SyncRun
from integrations.services import (
    change_integration,
    connect_integration,
    disconnect_integration,
    request_sync,
)
from integrations.services import connecting as service
from integrations.tests.factories import make_integration
from integrations.tests.pretend.shop import CONFIG, Shop
from integrations.tests.work import work
from integrations.work import runs
from integrations.work.schedule import schedule_syncs
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(transactional_db: None) -> Team:
    """A project with a member in each role, committed."""
    return make_team()


def connecting(team: Team, secret: str = CONFIG["api_secret"]) -> Callable[[], object]:
    """Return a function that connects the shop and tells (is new, id)."""

    def work() -> object:
        connected = connect_integration(
            project=team.project,
            provider="shopify",
            config={**CONFIG, "api_secret": secret},
            by=team.owner,
        )
        return connected.is_new, connected.integration.pk

    return work


def test_two_connects_of_one_account_make_one_integration(team: Team, shop: Shop) -> None:
    outcomes = race(
        connecting(team, "secret-of-the-one"),
        connecting(team, "secret-of-the-other"),
        meeting=Meeting('INSERT INTO "integrations_integration"'),
    )

    integration = Integration.objects.get()
    assert sorted(outcomes, reverse=True) == [(True, integration.pk), (False, integration.pk)]  # type: ignore[type-var]
    assert Errand.objects.count() == 1
    work()
    integration.refresh_from_db()
    assert integration.status == "connected"
    statuses = Event.objects.filter(type="integration_status_changed").count()
    assert statuses == 2


@on_postgresql
def test_without_the_lock_the_second_connect_would_fail(
    team: Team, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "lock_project", lambda project: project)

    outcomes = race(
        connecting(team, "secret-of-the-one"),
        connecting(team, "secret-of-the-other"),
        meeting=Meeting('INSERT INTO "integrations_integration"'),
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IntegrityError", "tuple"]
    assert Integration.objects.count() == 1


def test_connect_and_disconnect_at_once_leave_one_of_both_states_whole(
    team: Team, shop: Shop
) -> None:
    integration = make_integration(team)

    outcomes = race(
        connecting(team, "a-newer-api-secret"),
        lambda: disconnect_integration(integration=integration, by=team.owner),
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    work()
    integration.refresh_from_db()
    if integration.status == "disconnected":
        assert integration.secrets is None
        assert shop.goodbyes == [{"api_key": "your-api-key", "api_secret": "a-newer-api-secret"}]
    else:
        assert integration.status == "connected"
        assert integration.reveal()["api_secret"] == "a-newer-api-secret"
        assert shop.goodbyes == []
    assert not Errand.objects.filter(state="pending").exists()


def test_two_disconnects_say_goodbye_once(team: Team, shop: Shop) -> None:
    integration = make_integration(team)

    def leave() -> None:
        disconnect_integration(integration=integration, by=team.owner)

    outcomes = race(leave, leave)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        IntegrationNotFound.__name__,
        "NoneType",
    ]
    work()
    assert shop.calls.count("disconnect") == 1


def test_two_requests_for_a_sync_get_one_run(team: Team, shop: Shop) -> None:
    integration = make_integration(team)

    def ask() -> int:
        return request_sync(integration=integration, by=team.members["agent"]).pk

    first, second = race(ask, ask, meeting=Meeting('INSERT INTO "integrations_syncrun"'))

    assert first == second
    assert SyncRun.objects.filter(trigger="person").count() == 1


def test_two_schedulers_and_a_person_queue_one_run(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    Integration.objects.update(next_sync_at=integration.created_at)

    def ask() -> object:
        return request_sync(integration=integration, by=team.owner).pk

    race(schedule_syncs, schedule_syncs, ask)

    assert SyncRun.objects.filter(state="pending").count() == 1
    assert Errand.objects.filter(kind="maintain", state="pending").count() == 1


def test_two_workers_do_not_share_a_run(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    run = request_sync(integration=integration, by=team.owner)
    shop.calls.clear()

    outcomes = race(lambda: runs.work_on_run(run.pk), lambda: runs.work_on_run(run.pk))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "Worked"]
    assert shop.calls == ["sync"]


def test_a_goodbye_during_a_sync_stops_it_and_nothing_is_half_written(
    team: Team, shop: Shop
) -> None:
    integration = make_integration(team)
    before = integration.last_sync
    run = request_sync(integration=integration, by=team.owner)

    race(
        lambda: runs.work_on_run(run.pk),
        lambda: disconnect_integration(integration=integration, by=team.owner),
    )

    run.refresh_from_db()
    integration.refresh_from_db()
    assert integration.status == "disconnected"
    assert run.word in {"done", "cancelled"}
    assert (integration.last_sync != before) == (run.word == "done")
    assert Event.objects.filter(type="sync_finished", subject_uuid=run.uuid).count() == 1


@on_postgresql
def test_a_role_that_is_taken_away_meanwhile_disconnects_nothing(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    manager = team.members["manager"]

    outcomes = race(
        lambda: disconnect_integration(integration=integration, by=manager),
        lambda: set_member(project=team.project, user=manager, role=Role.VIEWER),
    )

    integration.refresh_from_db()
    was_refused = type(outcomes[0]).__name__ == "RoleNotEnough"
    assert (integration.status == "connected") == was_refused


def test_two_changes_at_once_both_arrive(team: Team, shop: Shop) -> None:
    integration = make_integration(team)

    race(
        lambda: change_integration(
            integration=integration, config={"label": "Mine"}, by=team.owner
        ),
        lambda: change_integration(
            integration=integration, config={"api_secret": "a-newer-api-secret"}, by=team.owner
        ),
    )

    integration.refresh_from_db()
    assert integration.configuration() == {
        **CONFIG,
        "api_secret": "a-newer-api-secret",
        "label": "Mine",
    }
