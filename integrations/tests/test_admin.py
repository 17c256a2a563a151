"""The back office of integrations, their syncs and errands."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import make_staff, make_user
from accounts.tests.projects import Team
from integrations import providers
from integrations.models import Errand, Integration, SyncRun
from integrations.services import change_integration, disconnect_integration
from integrations.tests.factories import connect, make_integration
from integrations.tests.pretend.shop import CONFIG, REFUSED, Shop
from integrations.tests.work import work
from orderchainer.testing.statements import Statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

LIST = "/admin/integrations/integration/"
ADD = f"{LIST}add/?provider=shopify"


@pytest.fixture
def admin() -> User:
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client(admin: User) -> Client:
    return client_of(admin)


def client_of(user: User) -> Client:
    """Return a browser in which `user` is signed in."""
    client = Client()
    client.force_login(user)
    return client


def page_of(integration: Integration) -> str:
    """Return the address of an integration's page."""
    return reverse("admin:integrations_integration_change", args=[integration.pk])


def text_of(response: Any) -> str:
    """Return the page in one line."""
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def run(client: Client, action: str, *rows: Integration) -> str:
    """Run a list action on rows and return the text of the page that follows."""
    posted = {"action": action, "_selected_action": [row.pk for row in rows]}
    return text_of(client.post(LIST, posted, follow=True))


def form(client: Client, integration: Integration, **typed: object) -> dict[str, object]:
    """Return what a browser posts from the integration's form, with `typed` in it."""
    shown = client.get(page_of(integration)).context["adminform"].form
    fields = {name: shown[name].value() for name in shown.fields}
    fields["is_paused"] = "on" if fields["is_paused"] else ""
    return {name: value or "" for name, value in {**fields, **typed}.items()}


# --- Connecting and changing ------------------------------------------------------------------


def test_the_provider_is_asked_for_first(client: Client) -> None:
    for address in (f"{LIST}add/", f"{LIST}add/?provider=etsy", f"{LIST}add/?provider=%00"):
        page = text_of(client.get(address))

        assert 'href="?provider=shopify"' in page


def test_connects_an_account_through_the_service(client: Client, team: Team, admin: User) -> None:
    assert "api_secret" in text_of(client.get(ADD))

    response = client.post(
        ADD,
        {
            "project": team.project.pk,
            **{f"config_{name}": value for name, value in CONFIG.items()},
        },
    )

    integration = Integration.objects.get()
    assert response.status_code == 302
    assert (integration.project, integration.connected_by) == (team.project, admin)
    assert (integration.status, integration.configuration()) == ("connecting", CONFIG)
    assert Errand.objects.get().kind == "check"
    assert "your-api" not in str(LogEntry.objects.values_list("change_message", "object_repr"))


def test_a_refused_configuration_is_shown_at_its_fields_without_the_secrets(
    client: Client, team: Team
) -> None:
    page = text_of(
        client.post(
            ADD,
            {
                "project": team.project.pk,
                "config_shop_url": "evil.example.com",
                "config_api_key": "typed-api-key",
                "config_api_secret": "typed-api-secret",
                "config_label": "Mine",
            },
        )
    )

    assert "This is no domain of a shop." in page
    assert 'value="evil.example.com"' in page
    assert 'value="Mine"' in page
    assert "typed-api" not in page
    assert not Integration.objects.exists()


def test_changes_only_what_was_typed(client: Client, team: Team) -> None:
    integration = make_integration(team, label="Mine")

    unchanged = client.post(page_of(integration), form(client, integration))
    after_nothing = Integration.objects.get()
    changed = client.post(
        page_of(integration),
        form(
            client,
            integration,
            config_api_secret="a-newer-api-secret",
            config_label="",
            is_paused="on",
        ),
    )

    assert (unchanged.status_code, changed.status_code) == (302, 302)
    assert after_nothing.updated_at == integration.updated_at
    after = Integration.objects.get()
    assert after.configuration() == {**CONFIG, "api_secret": "a-newer-api-secret"}
    assert (after.status, after.is_paused) == ("connecting", True)


def test_a_stale_page_changes_nothing_and_keeps_what_was_typed(client: Client, team: Team) -> None:
    integration = make_integration(team, label="Mine")
    stale = form(client, integration, config_label="Typed")
    change_integration(integration=integration, config={"label": "Another"}, by=team.owner)

    page = text_of(client.post(page_of(integration), stale))

    assert "This has changed since you read it" in page
    assert 'value="Typed"' in page
    assert "Now: Another." in page
    assert Integration.objects.get().config["label"] == "Another"


def test_a_page_outlives_a_sync(client: Client, team: Team) -> None:
    integration = make_integration(team)
    typed = form(client, integration, config_label="Typed")
    run(client, "sync_now", integration)
    work()

    assert client.post(page_of(integration), typed).status_code == 302

    assert Integration.objects.get().config["label"] == "Typed"


# --- Actions ----------------------------------------------------------------------------------


def test_actions_call_the_services_and_show_refusals(
    client: Client, team: Team, shop: Shop
) -> None:
    one = make_integration(team)
    gone = make_integration(team, shop_url="gone.myshopify.com")
    disconnect_integration(integration=gone)
    work()
    shop.calls.clear()

    assert "Queued for a check: 1." in run(client, "check_now", one)
    assert "Queued for a sync: 1." in run(client, "sync_now", one)
    work()
    assert sorted(shop.calls) == ["check", "maintain", "sync"]
    assert "Paused: 1." in run(client, "pause", one)
    assert "The integration is paused. Resume it first." in run(client, "sync_now", one)
    assert "Resumed: 1." in run(client, "resume", one)
    page = run(client, "disconnect", one, gone)
    assert "Disconnected: 1." in page
    assert "gone.myshopify.com: Integration not found" in page
    one.refresh_from_db()
    assert (one.status, one.secrets) == ("disconnected", None)


# --- What is shown ----------------------------------------------------------------------------


def test_pages_show_how_it_is_and_decrypt_nothing(
    client: Client, team: Team, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.checks = [["Only orders of the last 60 days are visible."], REFUSED]
    integration = make_integration(team, label="<b>Mine</b>")
    run(client, "check_now", integration)
    work()
    gone = make_integration(team, shop_url="gone.myshopify.com")
    disconnect_integration(integration=gone)
    errand = Errand.objects.latest("id")
    sync = SyncRun.objects.latest("id")

    def reveal(_: object) -> str:
        raise AssertionError("the back office decrypts nothing")

    monkeypatch.setattr("orderchainer.core.encryption.Secret.reveal", reveal)
    pages = {
        address: text_of(client.get(address))
        for address in (
            LIST,
            page_of(integration),
            page_of(gone),
            "/admin/integrations/errand/",
            f"/admin/integrations/errand/{errand.pk}/change/",
            "/admin/integrations/syncrun/",
            f"/admin/integrations/syncrun/{sync.pk}/change/",
        )
    }

    for page in pages.values():
        assert "your-api" not in page
        assert "myshopify.com" in page
    shown = pages[page_of(integration)]
    assert str(REFUSED) in shown
    assert "Only orders of the last 60 days are visible." in shown
    assert "Now your...key. Leave it empty to keep it." in shown
    assert "&lt;b&gt;Mine&lt;/b&gt;" in shown
    assert "ask whether the configuration works" in shown
    assert 'name="config_label"' not in pages[page_of(gone)]


@pytest.mark.parametrize("name", ["integration", "syncrun", "errand"])
def test_lists_need_no_more_statements_for_more_rows(client: Client, team: Team, name: str) -> None:
    counts = []
    for number in (1, 5):
        for row in range(number):
            make_integration(team, shop_url=f"shop{number}{row}.myshopify.com")
        seen = Statements()
        with connection.execute_wrapper(seen):
            assert client.get(f"/admin/integrations/{name}/").status_code == 200
        counts.append(len(seen.take()))

    assert counts[0] == counts[1]


# --- Permissions and hostile input ------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "looks", "changes"),
    [
        ((), 403, 403),
        (("view_integration",), 200, 403),
        (("change_integration",), 200, 200),
    ],
)
def test_permissions_decide(
    team: Team, permissions: tuple[str, ...], looks: int, changes: int
) -> None:
    integration = make_integration(team)
    client = client_of(make_staff(*permissions))

    assert client.get(LIST).status_code == looks
    assert client.get(page_of(integration)).status_code == looks
    assert client.get(ADD).status_code == changes
    client.post(LIST, {"action": "disconnect", "_selected_action": [integration.pk]})
    integration.refresh_from_db()
    assert (integration.status == "disconnected") == (changes == 200)


def test_nothing_can_be_deleted(client: Client, team: Team) -> None:
    integration = make_integration(team)

    for name, pk in (
        ("integration", integration.pk),
        ("syncrun", SyncRun.objects.get().pk),
        ("errand", Errand.objects.latest("id").pk),
    ):
        assert client.post(f"/admin/integrations/{name}/{pk}/delete/").status_code == 403


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"project": "x"},
        {"project": "9" * 30},
        {"config_shop_url": "a\x00b"},
        {"config_api_secret": "x" * 5000},
    ],
)
def test_hostile_forms_are_refused(client: Client, team: Team, typed: dict[str, str]) -> None:
    fields = {f"config_{name}": value for name, value in CONFIG.items()}

    response = client.post(
        ADD, {"project": str(team.project.pk), **fields, **typed} if typed else {}
    )

    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert not Integration.objects.exists()


def test_hostile_addresses_are_harmless(client: Client, team: Team) -> None:
    connect(team)

    for query in (
        "?provider=%00",
        "?project__id__exact=x",
        "?status=9",
        "?q=%00",
        "?last_sync_from=x",
        "?e=1",
        "?secrets=x",
    ):
        assert client.get(f"{LIST}{query}").status_code in {200, 302, 400}


def test_the_page_that_asks_for_a_provider_writes_each_as_people_do(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", ["integrations.whatsapp"])

    text = text_of(client.get(f"{LIST}add/"))

    assert ">WhatsApp</a>" in text
