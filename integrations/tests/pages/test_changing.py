"""What can be done with an integration: sync, pause, change, disconnect."""

import pytest
from django.test import Client

from accounts.tests.projects import Team
from integrations.models import Integration, SyncRun
from integrations.services import (
    change_integration,
    connect_integration,
    disconnect_integration,
)
from integrations.tests.factories import make_integration
from integrations.tests.pages.scenes import at, fields_on, send, text_of
from integrations.tests.pretend.shop import CONFIG, Shop
from integrations.tests.work import work

pytestmark = pytest.mark.django_db


# --- Syncing ----------------------------------------------------------------------------------


def test_an_agent_syncs_and_joins_the_sync_that_waits(
    team: Team, agent: Client, shop: Shop
) -> None:
    integration = make_integration(team)

    for _ in range(2):
        response = agent.post(at(team, integration, "sync"))
        assert (response.status_code, response["Location"]) == (303, at(team, integration))

    run = SyncRun.objects.get(state=SyncRun.State.QUEUED)
    assert run.requested_by == team.members["agent"]
    page = text_of(agent.get(at(team, integration)))
    assert "The sync is queued." in page
    assert "Requested" in page


def test_agents_are_offered_only_the_sync(team: Team, agent: Client, shop: Shop) -> None:
    integration = make_integration(team)

    page = text_of(agent.get(at(team, integration)))

    assert "Sync now" in page
    for word in ("Pause", "/edit", "/disconnect", "Test</button>"):
        assert word not in page


def test_viewers_are_offered_nothing(team: Team, viewer: Client, shop: Shop) -> None:
    integration = make_integration(team)

    assert f'action="{at(team, integration)}' not in text_of(viewer.get(at(team, integration)))


def test_a_paused_one_cannot_sync(team: Team, agent: Client, shop: Shop) -> None:
    integration = make_integration(team)
    change_integration(integration=integration, is_paused=True)
    runs = SyncRun.objects.count()

    response = agent.post(at(team, integration, "sync"))

    assert response.status_code == 409
    assert "The integration is paused. Resume it first." in text_of(response)
    assert "Back to the integration" in text_of(response)
    assert SyncRun.objects.count() == runs
    assert "disabled" in text_of(agent.get(at(team, integration)))


# --- Pausing ----------------------------------------------------------------------------------


def test_pausing_and_resuming(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)

    assert manager.post(at(team, integration, "pause"), {"paused": "yes"}).status_code == 303
    integration.refresh_from_db()
    assert integration.is_paused
    assert "Resume" in text_of(manager.get(at(team, integration)))

    assert manager.post(at(team, integration, "pause"), {"paused": "no"}).status_code == 303
    integration.refresh_from_db()
    assert not integration.is_paused
    # It catches up.
    assert SyncRun.objects.filter(state=SyncRun.State.QUEUED).count() == 1


def test_a_pause_says_what_it_means_before_and_while_it_lasts(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)
    assert "pause it instead" in text_of(manager.get(at(team, integration)))

    manager.post(at(team, integration, "pause"), {"paused": "yes"})

    page = text_of(manager.get(at(team, integration)))
    assert "nothing is synced or sent, and webhooks are stored but ignored" in page
    # The message goes, this stays.
    again = text_of(manager.get(at(team, integration)))
    assert "Webhooks are stored but ignored; they can be replayed" in again


def connect_bot(team: Team) -> Integration:
    """Connect a bot. No worker asks Telegram."""
    config = {"bot_token": f"123456:{'a' * 35}"}
    return connect_integration(
        project=team.project, provider="telegram", config=config, by=team.owner
    ).integration


def test_what_nobody_fetches_later_is_not_promised(team: Team, manager: Client) -> None:
    integration = connect_bot(team)
    for asked in ("yes", "no"):
        manager.post(at(team, integration, "pause"), {"paused": asked})

    page = text_of(manager.get(at(team, integration)))
    assert "What came during the pause was ignored." in page
    assert "catches up" not in page
    page = text_of(manager.get(at(team, integration, "disconnect")))
    assert "Messages that wait to be sent fail" in page
    assert "everything is fetched again" not in page


@pytest.mark.parametrize("body", [{}, {"paused": ""}, {"paused": "maybe"}])
def test_a_pause_without_a_choice_is_refused(
    body: dict[str, str], team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)

    assert manager.post(at(team, integration, "pause"), body).status_code == 400
    integration.refresh_from_db()
    assert not integration.is_paused


# --- Changing ---------------------------------------------------------------------------------


def test_a_new_secret_is_saved_and_tested(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    path = at(team, integration, "edit")

    response = send(manager, path, api_secret="another-secret", label="Main")

    assert (response.status_code, response["Location"]) == (303, at(team, integration, "test"))
    integration.refresh_from_db()
    assert integration.configuration() == {
        **CONFIG,
        "api_secret": "another-secret",
        "label": "Main",
    }
    work()
    assert shop.calls.count("check") == 2


def test_the_form_shows_masks_and_no_secret(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team, label="Main")

    page = text_of(manager.get(at(team, integration, "edit")))

    assert "Now your...key. Leave it empty to keep it." in page
    assert "It is not shown. Leave it empty to keep it." in page
    assert 'value="Main"' in page
    assert "your-api-key" not in page
    assert "your-api-secret" not in page


def test_nothing_typed_changes_nothing(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team, label="Main")

    response = send(manager, at(team, integration, "edit"))

    assert response["Location"] == at(team, integration)
    assert Integration.objects.get().config_version == 1
    assert shop.calls.count("check") == 1


def test_an_open_key_that_is_emptied_is_removed(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team, label="Main")

    send(manager, at(team, integration, "edit"), label="")

    integration.refresh_from_db()
    assert "label" not in integration.config


# Secrets that stand nowhere else, because all output of the run is searched for them.
REMOVABLE = {
    "shop_url": "yourstore.myshopify.com",
    "api_key": "key_removal_test",
    "api_secret": "shpss_removal_test",
    "access_token": "shpat_removal_test",
}


def test_a_secret_that_nobody_needs_is_removed(team: Team, manager: Client) -> None:
    made = connect_integration(project=team.project, provider="shopify", config=REMOVABLE)
    integration = made.integration
    path = at(team, integration, "edit")
    page = text_of(manager.get(path))
    assert "Remove “Access token”" in page
    # A shop is known by its address.
    assert "Remove “Shop" not in page

    both = {"remove-access_token": "on", "access_token": "shpat_another_one"}
    refused = manager.post(path, {**fields_on(manager.get(path).content.decode()), **both})
    assert refused.status_code == 400
    assert "Type a new value or remove it, not both." in text_of(refused)
    assert "shpat_another_one" not in text_of(refused)
    sent = fields_on(manager.get(path).content.decode())
    response = manager.post(path, {**sent, "remove-access_token": "on"})

    assert response.status_code == 303
    integration.refresh_from_db()
    kept = {name: value for name, value in REMOVABLE.items() if name != "access_token"}
    assert integration.configuration() == kept


def test_a_secret_that_is_needed_is_not_removed(team: Team, manager: Client) -> None:
    config = {name: value for name, value in REMOVABLE.items() if name != "access_token"}
    made = connect_integration(project=team.project, provider="shopify", config=config)
    path = at(team, made.integration, "edit")

    sent = fields_on(manager.get(path).content.decode())
    refused = manager.post(path, {**sent, "remove-api_secret": "on"})

    assert refused.status_code == 400
    made.integration.refresh_from_db()
    assert made.integration.configuration() == config


def test_another_account_is_refused(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)

    response = send(manager, at(team, integration, "edit"), shop_url="other.myshopify.com")

    assert response.status_code == 400
    assert "This is another account. Connect it as a new integration." in text_of(response)
    integration.refresh_from_db()
    assert integration.account == "yourstore.myshopify.com"


def test_a_page_that_was_overtaken_shows_both_values(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team, label="Main")
    path = at(team, integration, "edit")
    sent = fields_on(manager.get(path).content.decode())
    change_integration(integration=integration, config={"label": "Theirs"})

    response = manager.post(path, {**sent, "label": "Mine", "api_secret": "my-new-secret"})

    assert response.status_code == 412
    page = text_of(response)
    assert "Somebody has changed the integration since you opened this page" in page
    assert "It is now “Theirs”." in page
    assert 'value="Mine"' in page
    assert "my-new-secret" not in page
    integration.refresh_from_db()
    assert integration.configuration()["api_secret"] == "your-api-secret"
    # Saved again, it counts.
    again = fields_on(response.content.decode())
    answer = manager.post(path, {**again, "label": "Mine"})
    assert answer.status_code == 303
    integration.refresh_from_db()
    assert integration.config["label"] == "Mine"


def test_a_form_sent_twice_changes_it_once(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    path = at(team, integration, "edit")
    sent = fields_on(manager.get(path).content.decode())

    for _ in range(2):
        response = manager.post(path, {**sent, "api_secret": "another-secret"})
        assert response.status_code == 303

    assert Integration.objects.get().config_version == 2


def test_a_sync_meanwhile_overtakes_nothing(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    path = at(team, integration, "edit")
    sent = fields_on(manager.get(path).content.decode())
    manager.post(at(team, integration, "sync"))
    work()

    assert manager.post(path, {**sent, "label": "Mine"}).status_code == 303


def test_one_of_a_provider_that_is_gone_cannot_be_changed(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)
    Integration.objects.update(provider="etsy")

    response = manager.get(at(team, integration, "edit"))

    assert response.status_code == 409
    assert "You can only disconnect it." in text_of(response)
    assert manager.get(at(team, integration)).status_code == 200
    assert manager.get(at(team, integration, "test")).status_code == 200
    assert manager.post(at(team, integration, "disconnect")).status_code == 303


# --- Disconnecting ----------------------------------------------------------------------------


def test_disconnecting_asks_first_and_says_what_follows(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)
    path = at(team, integration, "disconnect")

    page = text_of(manager.get(path))
    assert "Orders and messages stay as they are." in page
    assert "We remove our webhooks at Shopify." in page
    assert "everything is fetched again" in page
    assert "Messages that wait" not in page
    integration.refresh_from_db()
    assert integration.status == Integration.Status.CONNECTED

    response = send(manager, path)

    assert response.status_code == 303
    integration.refresh_from_db()
    assert (integration.status, integration.secrets) == ("disconnected", None)
    page = text_of(manager.get(response["Location"]))
    assert "yourstore.myshopify.com is disconnected." in page
    work()
    assert len(shop.goodbyes) == 1
    # A button that is pressed twice finds it gone.
    assert manager.post(path).status_code == 404


def test_nothing_can_be_done_with_a_disconnected_one(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)
    disconnect_integration(integration=integration)

    for part in ("", "test", "edit", "disconnect", "deliveries"):
        assert manager.get(at(team, integration, *filter(None, [part]))).status_code == 404
    for part in ("test", "sync", "pause", "edit", "disconnect"):
        response = manager.post(at(team, integration, part), {"paused": "yes"})
        assert response.status_code == 404
