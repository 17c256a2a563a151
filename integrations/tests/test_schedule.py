"""The schedule of syncs, and what is forgotten after a while."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.tests.projects import Team
from integrations import tasks
from integrations.models import Errand, Integration, SyncRun
from integrations.models.integrations import sealed
from integrations.services import (
    change_integration,
    connect_integration,
    disconnect_integration,
    report_trouble,
    request_sync,
)
from integrations.tests.factories import connect, make_integration
from integrations.tests.pretend.shop import CONFIG, Shop
from integrations.tests.work import skip_waiting, work
from integrations.work.schedule import forget_finished, forget_old_secrets, schedule_syncs
from orderchainer.core.encryption import Secret
from orderchainer.core.outbox import GiveUp, TryAgain

pytestmark = pytest.mark.django_db


def make_due() -> None:
    """Let the time of every integration come."""
    Integration.objects.update(next_sync_at=timezone.now())


def test_an_integration_at_work_gets_a_run_and_its_upkeep_once_per_interval(
    team: Team, shop: Shop, settings: Settings
) -> None:
    settings.SYNC_INTERVAL_MINUTES = 15
    integration = make_integration(team)
    assert schedule_syncs().runs == []
    make_due()
    shop.calls.clear()

    scheduled = schedule_syncs()
    again = schedule_syncs()
    work()

    assert (len(scheduled.runs), len(scheduled.errands)) == (1, 1)
    assert (again.runs, again.errands) == ([], [])
    assert sorted(shop.calls) == ["maintain", "sync"]
    assert SyncRun.objects.latest("id").trigger == "schedule"
    integration.refresh_from_db()
    minutes = (integration.next_sync_at - timezone.now()).total_seconds() / 60
    assert 13.4 < minutes <= 16.5


def test_integrations_that_are_all_late_are_spread_over_the_interval(
    team: Team, shop: Shop, settings: Settings
) -> None:
    settings.SYNC_INTERVAL_MINUTES = 15
    for number in range(12):
        make_integration(team, shop_url=f"shop{number}.myshopify.com")
    Integration.objects.update(next_sync_at=timezone.now() - timedelta(hours=5))

    schedule_syncs()

    times = sorted(Integration.objects.values_list("next_sync_at", flat=True))
    assert times[-1] - times[0] > timedelta(minutes=3)
    assert times[-1] <= timezone.now() + timedelta(minutes=15)


def test_a_run_that_still_waits_is_joined_and_an_errand_keeps_its_pause(
    team: Team, shop: Shop
) -> None:
    integration = make_integration(team)
    waiting = request_sync(integration=integration)
    shop.maintain_raises = TryAgain("No answer.", after_seconds=300)
    make_due()
    schedule_syncs()
    work()
    maintain = Errand.objects.filter(kind="maintain").latest("id")
    make_due()

    scheduled = schedule_syncs()

    assert SyncRun.objects.latest("id").pk == waiting.pk + 1
    assert scheduled.errands == []
    before = maintain.next_attempt_at
    maintain.refresh_from_db()
    assert maintain.next_attempt_at == before


def test_an_integration_in_trouble_is_checked_before_it_syncs_again(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    report_trouble(integration=integration, reason="The app was uninstalled.")
    shop.calls.clear()
    make_due()

    schedule_syncs()
    work()

    assert shop.calls[0] == "check"
    assert sorted(shop.calls[1:]) == ["maintain", "sync"]
    integration.refresh_from_db()
    assert integration.status == "connected"


@pytest.mark.parametrize("what", ["paused", "disconnected", "closed", "switched off"])
def test_what_is_not_at_work_is_left_alone(
    team: Team, shop: Shop, settings: Settings, what: str
) -> None:
    integration = make_integration(team)
    if what == "paused":
        change_integration(integration=integration, is_paused=True)
    elif what == "disconnected":
        disconnect_integration(integration=integration)
        work()
    elif what == "closed":
        team.project.is_active = False
        team.project.save()
    else:
        settings.SYNC_INTERVAL_MINUTES = 0
    make_due()
    shop.calls.clear()

    scheduled = schedule_syncs()

    assert (scheduled.runs, scheduled.errands, shop.calls) == ([], [], [])


def test_replaced_secrets_are_wiped_after_their_hour(team: Team, shop: Shop) -> None:
    integration = connect(team)
    connect(team, api_secret="a-newer-api-secret")

    assert forget_old_secrets() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert forget_old_secrets() == 1

    integration.refresh_from_db()
    assert (integration.old_secrets, integration.old_secrets_until) == (None, None)
    assert integration.reveal()["api_secret"] == "a-newer-api-secret"


def test_finished_work_is_kept_for_a_month(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    late = timezone.now() + timedelta(days=30, seconds=1)
    request_sync(integration=integration)

    assert forget_finished() == 0
    with time_machine.travel(late, tick=False):
        assert forget_finished() == 3

    assert [run.word for run in SyncRun.objects.all()] == ["queued"]
    assert not Errand.objects.exists()


def test_a_deleted_project_is_disconnected_after_a_week(
    team: Team, shop: Shop, nudges: list[tuple[str, int, float]]
) -> None:
    integration = make_integration(team)
    other = connect_integration(
        project=team.owner.personal_project, provider="shopify", config=CONFIG
    ).integration
    work()
    team.project.is_active = False
    team.project.save()

    with time_machine.travel(timezone.now() + timedelta(days=6)):
        tasks.flush_finished()
        integration.refresh_from_db()
        assert integration.reveal() != {}
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        tasks.flush_finished()
        tasks.flush_finished()

    goodbye = Errand.objects.get(kind="disconnect")
    assert nudges == [("integrations.run_errand", goodbye.pk, 0)]
    for each, status in ((integration, "disconnected"), (other, "connected")):
        each.refresh_from_db()
        assert each.status == status
    assert (integration.secrets, integration.old_secrets) == (None, None)
    skip_waiting()
    work()
    assert len(shop.goodbyes) == 1
    goodbye.refresh_from_db()
    assert (goodbye.state, goodbye.secrets) == ("sent", None)


# --- Tasks ------------------------------------------------------------------------------------


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, float]]:
    """Every nudge as (task, id, countdown)."""
    sent: list[tuple[str, int, float]] = []

    def nudge(task: object, pk: int, *, countdown: float = 0, **_: object) -> None:
        sent.append((task.name, pk, countdown))  # type: ignore[attr-defined]  # a Celery task

    monkeypatch.setattr(tasks, "nudge", nudge)
    return sent


def test_tasks_queue_what_follows_them(
    team: Team, shop: Shop, nudges: list[tuple[str, int, float]]
) -> None:
    integration = connect(team)
    check = Errand.objects.get()
    shop.pages_of_a_slice = 1

    tasks.run_errand(check.pk)
    tasks.run_errand(check.pk)

    run, maintain = SyncRun.objects.get(), Errand.objects.get(kind="maintain")
    assert nudges == [
        ("integrations.run_errand", maintain.pk, 0),
        ("integrations.sync", run.pk, 0),
    ]
    nudges.clear()
    tasks.sync(run.pk)
    assert nudges == [("integrations.sync", run.pk, 0)]
    nudges.clear()
    tasks.sync(run.pk)
    tasks.sync(run.pk)
    assert nudges == []
    make_due()
    tasks.schedule_syncs()
    scheduled = list(nudges)
    nudges.clear()
    tasks.sweep()
    # The upkeep of the first check still waits, and the schedule adds no second one.
    assert scheduled == [("integrations.sync", run.pk + 1, 0)]
    assert nudges == [
        ("integrations.run_errand", maintain.pk, 0),
        ("integrations.sync", run.pk + 1, 0),
    ]
    assert integration.errands.filter(kind="maintain").count() == 1


def test_an_errand_that_must_wait_is_nudged_later(
    team: Team, shop: Shop, nudges: list[tuple[str, int, float]]
) -> None:
    shop.checks = [TryAgain("Wait.", after_seconds=7), GiveUp("No.")]
    connect(team)
    check = Errand.objects.get()

    tasks.run_errand(check.pk)

    assert nudges == [("integrations.run_errand", check.pk, 7)]


# --- Changing keys ----------------------------------------------------------------------------


def test_every_secret_is_encrypted_with_the_first_key(
    team: Team, shop: Shop, settings: Settings
) -> None:
    make_integration(team)
    connect(team, api_secret="a-newer-api-secret")
    gone = make_integration(team, shop_url="gone.myshopify.com")
    disconnect_integration(integration=gone)
    old = settings.CREDENTIALS_KEYS
    new = Fernet.generate_key().decode()
    settings.CREDENTIALS_KEYS = [new, *old]
    out = StringIO()

    call_command("reencrypt_credentials", stdout=out)

    assert out.getvalue() == "Encrypted 3 secrets with the first key.\n"
    settings.CREDENTIALS_KEYS = [new]
    integration = Integration.objects.get(status="connected")
    versions = integration.reveal_versions(timezone.now())
    assert [version["api_secret"] for version in versions] == [
        "a-newer-api-secret",
        CONFIG["api_secret"],
    ]
    work()
    assert shop.goodbyes[0]["api_secret"] == CONFIG["api_secret"]


@pytest.mark.parametrize("change", ["an open key", "the sweep", "the secrets"])
def test_what_changes_meanwhile_leaves_no_secret_under_an_old_key(
    team: Team, shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    integration = make_integration(team)
    connect(team, api_secret="a-newer-api-secret")
    rows = Integration.objects.filter(pk=integration.pk)
    last = {**rows.get().reveal(), "api_secret": "the-last-api-secret"}
    changes: dict[str, dict[str, Any]] = {
        "an open key": {"config_version": F("config_version") + 1},
        "the sweep": {"old_secrets": None, "old_secrets_until": None},
        # They are encrypted with the old key, as by a process that does not know the new one.
        "the secrets": {"secrets": sealed(last)},
    }
    old = settings.CREDENTIALS_KEYS
    new = Fernet.generate_key().decode()
    settings.CREDENTIALS_KEYS = [new, *old]
    reseal = Secret.resealed
    changed: list[int] = []

    def change_and_reseal(secret: Secret) -> Secret:
        if not changed:
            changed.append(rows.update(**changes[change]))
        return reseal(secret)

    monkeypatch.setattr(Secret, "resealed", change_and_reseal)
    out = StringIO()
    call_command("reencrypt_credentials", stdout=out)

    count = 1 if change == "the sweep" else 2
    assert out.getvalue() == f"Encrypted {count} secrets with the first key.\n"
    settings.CREDENTIALS_KEYS = [new]
    versions = rows.get().reveal_versions(timezone.now())
    newest = "the-last-api-secret" if change == "the secrets" else "a-newer-api-secret"
    assert [version["api_secret"] for version in versions] == [newest, CONFIG["api_secret"]][:count]
