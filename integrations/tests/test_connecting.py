"""Connecting an account, changing its configuration, pausing and disconnecting it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.errors import RoleNotEnough
from accounts.services import set_member
from accounts.tests.factories import make_user
from accounts.tests.projects import Role, Team
from integrations.errors import (
    CannotSync,
    ConfigRefused,
    IntegrationNotFound,
    TooManyIntegrations,
)
from integrations.models import Errand, InboundDelivery, Integration, SyncRun
from integrations.models.integrations import opened
from integrations.services import (
    change_integration,
    connect_integration,
    connecting,
    disconnect_integration,
    request_check,
    request_sync,
)
from integrations.tests.factories import connect, make_integration
from integrations.tests.pretend.shop import CONFIG, Shop
from integrations.tests.work import work
from orderchainer.core.encryption import Secret
from orderchainer.core.errors import Invalid
from orders.stream.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

Status = Integration.Status

SHOWN = {"api_key": "your...key", "shop_url": "yourstore.myshopify.com"}
SECRETS = {"api_key": "your-api-key", "api_secret": "your-api-secret"}


def statuses() -> list[tuple[str | None, str]]:
    """Return (status before, status) of every event about an integration, oldest first."""
    events = Event.objects.filter(type="integration_status_changed").order_by("id")
    return [(event.data["previous_status"], event.data["status"]) for event in events]


def errands_of(integration: Integration) -> list[tuple[str, str]]:
    """Return (kind, state) of its errands, oldest first."""
    return list(integration.errands.order_by("id").values_list("kind", "state"))


# --- Connecting -------------------------------------------------------------------------------


def test_a_new_account_is_stored_encrypted_and_its_check_is_queued(team: Team) -> None:
    connected = connect_integration(
        project=team.project, provider="shopify", config=CONFIG, by=team.owner
    )

    assert connected.is_new
    integration = Integration.objects.get()
    assert integration == connected.integration
    assert (integration.status, integration.account) == ("connecting", CONFIG["shop_url"])
    assert integration.config == SHOWN
    assert integration.reveal() == SECRETS
    assert integration.configuration() == CONFIG
    assert integration.connected_by == team.owner
    assert errands_of(integration) == [("check", "pending")]
    event = Event.objects.get()
    assert (event.type, event.actor_id) == ("integration_status_changed", team.owner.pk)
    assert (event.subject_kind, event.subject_uuid) == ("integration", integration.uuid)
    assert event.data == {
        "provider": "shopify",
        "account": CONFIG["shop_url"],
        "status": "connecting",
        "previous_status": None,
        "is_paused": False,
        "error": "",
    }


def test_the_same_account_again_keeps_its_id_and_its_old_secrets_for_an_hour(
    team: Team,
) -> None:
    before = make_integration(team)
    now = timezone.now()

    with time_machine.travel(now, tick=False):
        again = connect_integration(
            project=team.project,
            provider="shopify",
            config={
                **CONFIG,
                "api_secret": "a-newer-api-secret",
                "shop_url": "YourStore.myshopify.com",
            },
            by=team.owner,
        )

    assert not again.is_new
    integration = Integration.objects.get()
    assert (integration.pk, integration.uuid) == (before.pk, before.uuid)
    assert integration.status == "connecting"
    assert integration.config_version == before.config_version + 1
    newer = {**SECRETS, "api_secret": "a-newer-api-secret"}
    almost_over, over = now + timedelta(minutes=59, seconds=59), now + timedelta(hours=1)
    assert integration.reveal_versions(almost_over) == [newer, SECRETS]
    assert integration.reveal_versions(over) == [newer]
    assert integration.old_secrets_until == over


def test_secrets_that_were_replaced_twice_within_an_hour_still_count(team: Team) -> None:
    connect(team)

    for secret in ("a-wrong-api-secret", "a-newer-api-secret"):
        connect(team, api_secret=secret)

    versions = Integration.objects.get().reveal_versions(timezone.now())
    assert [version["api_secret"] for version in versions] == [
        "a-newer-api-secret",
        "a-wrong-api-secret",
        "your-api-secret",
    ]


def test_connecting_with_the_same_configuration_checks_it_again(team: Team) -> None:
    before = make_integration(team)

    again = connect_integration(
        project=team.project, provider="shopify", config=CONFIG, by=team.owner
    )

    assert (again.is_new, again.integration.status) == (False, "connecting")
    assert again.integration.config_version == before.config_version
    assert again.integration.old_secrets is None
    assert errands_of(again.integration)[-1] == ("check", "pending")


def test_two_projects_can_connect_the_same_account(team: Team) -> None:
    mine = connect(team)
    owner = make_user()

    theirs = connect_integration(
        project=owner.personal_project,
        provider="shopify",
        config={**CONFIG, "api_secret": "made-up-by-me"},
        by=owner,
    )

    assert theirs.is_new
    assert theirs.integration.pk != mine.pk
    assert Integration.objects.get(pk=mine.pk).reveal() == SECRETS


@pytest.mark.parametrize(
    ("config", "errors"),
    [
        (
            {},
            {"api_secret": ["This key is required."], "shop_url": ["This key is required."]},
        ),
        (
            {**CONFIG, "api_secret": 5, "shop_url": ["x"], "api_key": {"a": 1}},
            {name: ["Must be a text."] for name in ("api_secret", "shop_url", "api_key")},
        ),
        ({**CONFIG, "api_secret": None}, {"api_secret": ["This key is required."]}),
        ({**CONFIG, "api_secret": "  "}, {"api_secret": ["May not be blank."]}),
        (
            {**CONFIG, "api_secret": "a\x00b", "shop_url": "a\nb", "api_key": "\ud800"},
            {
                name: ["Must be one line of printable characters."]
                for name in ("api_secret", "shop_url", "api_key")
            },
        ),
        (
            {**CONFIG, "api_secret": "x" * 1_000_000},
            {"api_secret": ["Must have at most 4096 characters."]},
        ),
        (
            {**CONFIG, "shop_url": "evil.example.com"},
            {"shop_url": ["This is no domain of a shop. Try yourstore.myshopify.com."]},
        ),
        (
            {**CONFIG, "token": "x"},
            {"token": ["There is no such key. The keys are api_key, api_secret, shop_url, label."]},
        ),
        (
            {**CONFIG, "k" * 1_000_000: "x"},
            {
                "k" * 50: [
                    "There is no such key. The keys are api_key, api_secret, shop_url, label."
                ]
            },
        ),
        (
            {"api_secret": "your-api-secret", "shop_url": CONFIG["shop_url"]},
            {"api_key": ["api_secret needs it."]},
        ),
    ],
)
def test_a_wrong_configuration_names_its_keys_and_stores_nothing(
    team: Team, config: dict[str, object], errors: dict[str, list[str]]
) -> None:
    with pytest.raises(ConfigRefused) as refused:
        connect_integration(project=team.project, provider="shopify", config=config, by=team.owner)

    assert refused.value.errors == errors
    assert not Integration.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("provider", ["discord", "nothing", "", "shopify\x00"])
def test_an_unknown_provider_is_refused(team: Team, provider: str) -> None:
    with pytest.raises(Invalid) as refused:
        connect_integration(project=team.project, provider=provider, config=CONFIG, by=team.owner)

    assert refused.value.errors == {
        "provider": ["There is no such provider. The providers are: shopify."]
    }
    assert not Integration.objects.exists()


def test_a_project_has_a_bounded_number_of_integrations(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "MAX_INTEGRATIONS", 1)
    first = connect(team)

    with pytest.raises(TooManyIntegrations):
        connect(team, shop_url="second.myshopify.com")

    disconnect_integration(integration=first, by=team.owner)
    assert connect(team, shop_url="second.myshopify.com").status == "connecting"


# --- Changing ---------------------------------------------------------------------------------


def test_values_that_were_read_can_be_sent_back_without_a_change(team: Team) -> None:
    before = make_integration(team)
    told = len(statuses())

    after = change_integration(
        integration=before, config=dict(before.config), is_paused=False, by=team.owner
    )

    assert after.updated_at == before.updated_at
    assert (after.status, after.config_version) == ("connected", before.config_version)
    assert after.configuration() == CONFIG
    assert len(statuses()) == told


def test_a_new_value_is_checked_by_the_provider_and_the_rest_stays(team: Team, shop: Shop) -> None:
    before = make_integration(team)

    after = change_integration(
        integration=before,
        config={**before.config, "api_secret": "a-newer-api-secret", "label": "Mine"},
        by=team.owner,
    )

    assert after.status == "connecting"
    assert after.config == {**SHOWN, "label": "Mine"}
    assert after.configuration() == {**CONFIG, "api_secret": "a-newer-api-secret", "label": "Mine"}
    work()
    assert shop.calls.count("check") == 2
    after.refresh_from_db()
    assert after.status == "connected"


def test_an_optional_key_is_removed_with_null(team: Team) -> None:
    before = make_integration(team, label="Mine")

    after = change_integration(integration=before, config={"label": None}, by=team.owner)

    assert after.config == SHOWN


def test_another_account_is_no_change_of_this_one(team: Team) -> None:
    before = make_integration(team)

    with pytest.raises(ConfigRefused) as refused:
        change_integration(
            integration=before, config={"shop_url": "other.myshopify.com"}, by=team.owner
        )

    assert refused.value.errors == {
        "shop_url": ["This is another account. Connect it as a new integration."]
    }
    before.refresh_from_db()
    assert before.config == SHOWN


def test_lost_secrets_can_be_typed_anew(team: Team) -> None:
    integration = make_integration(team)
    Integration.objects.update(secrets=Secret("gone"))
    integration.refresh_from_db()

    with pytest.raises(ConfigRefused) as refused:
        change_integration(integration=integration, config={"label": "x"}, by=team.owner)
    after = change_integration(integration=integration, config=SECRETS, by=team.owner)

    assert refused.value.errors == {"api_secret": ["This key is required."]}
    assert after.configuration() == CONFIG
    assert after.old_secrets is None


def test_pausing_drops_the_run_and_resuming_catches_up(team: Team) -> None:
    integration = make_integration(team)
    running = request_sync(integration=integration, by=team.owner)

    change_integration(integration=integration, is_paused=True, by=team.owner)

    running.refresh_from_db()
    assert (running.state, running.last_error) == ("cancelled", "The integration was paused.")
    with pytest.raises(CannotSync, match="paused"):
        request_sync(integration=integration, by=team.owner)
    paused, finished = Event.objects.order_by("-id")[:2]
    assert (finished.type, finished.data["status"]) == ("sync_finished", "cancelled")
    assert (paused.data["is_paused"], paused.data["status"]) == (True, "connected")
    change_integration(integration=integration, is_paused=False, by=team.owner)
    assert SyncRun.objects.order_by("id").last().word == "queued"  # type: ignore[union-attr]


# --- Disconnecting ----------------------------------------------------------------------------


def test_disconnecting_drops_all_work_and_wipes_the_secrets(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    connect(team, api_secret="a-newer-api-secret")
    run = request_sync(integration=integration, by=team.owner)
    delivery = InboundDelivery.objects.create(integration=integration, key="1", body=b"{}")
    done = InboundDelivery.objects.create(
        integration=integration, key="2", body=b"{}", state="done"
    )

    disconnect_integration(integration=integration, by=team.owner)

    integration.refresh_from_db()
    assert integration.status == "disconnected"
    assert (integration.secrets, integration.old_secrets) == (None, None)
    for row, state in ((run, "cancelled"), (delivery, "ignored"), (done, "done")):
        row.refresh_from_db()
        assert row.state == state
    assert errands_of(integration)[-2:] == [("check", "dropped"), ("disconnect", "pending")]
    assert Event.objects.order_by("id").last().data["status"] == "disconnected"  # type: ignore[union-attr]
    errand = integration.errands.get(kind="disconnect")
    assert opened(errand.secrets) == {**SECRETS, "api_secret": "a-newer-api-secret"}

    work()

    errand.refresh_from_db()
    assert (errand.state, errand.secrets) == ("sent", None)
    assert shop.goodbyes == [{**SECRETS, "api_secret": "a-newer-api-secret"}]
    for refused in (request_check, request_sync, disconnect_integration, change_integration):
        with pytest.raises(IntegrationNotFound):
            refused(integration=integration, by=team.owner)


def test_connecting_again_revives_a_disconnected_account(team: Team, shop: Shop) -> None:
    before = make_integration(team)
    disconnect_integration(integration=before, by=team.owner)

    again = connect_integration(
        project=team.project,
        provider="shopify",
        config={**CONFIG, "api_secret": "a-newer-api-secret"},
        by=team.members["manager"],
    )

    assert (again.is_new, again.integration.pk) == (True, before.pk)
    assert again.integration.status == "connecting"
    assert again.integration.connected_by == team.members["manager"]
    assert again.integration.last_sync is None
    # Secrets from before the goodbye do not count.
    assert len(again.integration.reveal_versions(timezone.now())) == 1
    work()
    assert shop.goodbyes == []
    errand = Errand.objects.get(kind="disconnect")
    assert (errand.state, errand.secrets) == ("dropped", None)
    # The first sync asks for everything once more.
    assert shop.since == [None, None]


# --- Roles, asked again under the lock --------------------------------------------------------


@pytest.mark.parametrize(("role", "may_sync"), [("agent", True), ("viewer", False)])
def test_only_managers_manage_and_agents_sync(team: Team, role: str, may_sync: bool) -> None:
    integration = make_integration(team)
    by = team.members[role]
    before = (len(statuses()), Errand.objects.count())

    with pytest.raises(RoleNotEnough):
        connect_integration(project=team.project, provider="shopify", config=CONFIG, by=by)
    for refused in (request_check, disconnect_integration):
        with pytest.raises(RoleNotEnough):
            refused(integration=integration, by=by)
    with pytest.raises(RoleNotEnough):
        change_integration(integration=integration, is_paused=True, by=by)
    if may_sync:
        request_sync(integration=integration, by=by)
    else:
        with pytest.raises(RoleNotEnough):
            request_sync(integration=integration, by=by)

    assert (len(statuses()), Errand.objects.count()) == before


def test_a_role_that_was_taken_away_counts_for_nothing(team: Team) -> None:
    by = team.members["manager"]
    set_member(project=team.project, user=by, role=Role.VIEWER)

    with pytest.raises(RoleNotEnough):
        connect_integration(project=team.project, provider="shopify", config=CONFIG, by=by)

    assert not Integration.objects.exists()
