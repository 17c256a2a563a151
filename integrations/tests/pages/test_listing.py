"""The list of providers, and of what a project has connected."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.services import create_project
from accounts.tests.projects import Team
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.services import change_integration, connect_integration, disconnect_integration
from integrations.tests.factories import connect, make_integration
from integrations.tests.pages.scenes import (
    HOSTILE,
    address,
    make_delivery,
    make_run,
    text_of,
)
from integrations.tests.pretend.shop import CONFIG, REFUSED, Shop

pytestmark = pytest.mark.django_db


def test_each_provider_says_what_it_gives_and_what_one_needs(team: Team, manager: Client) -> None:
    page = text_of(manager.get(address(team, "integrations")))

    assert page.count("<h1>") == 1
    assert "<title>Integrations of Tea &amp; Cake · OrderChainer</title>" in page
    for name, label in (("shopify", "Shopify"), ("whatsapp", "WhatsApp"), ("telegram", "Telegram")):
        assert f"<h2>{label}</h2>" in page
        assert f'href="{address(team, "integrations", "connect", name)}"' in page
    assert "Orders of your shop appear here within seconds" in page
    assert "You need: The token of a bot" in page
    # The navigation leads here.
    assert f'<a href="{address(team, "integrations")}" aria-current="page"' in page


def test_those_who_may_only_look_are_offered_nothing_to_connect(team: Team, viewer: Client) -> None:
    page = text_of(viewer.get(address(team, "integrations")))

    assert "Owners and managers connect it." in page
    assert "/connect/" not in page
    assert "You need:" not in page


def test_a_connection_says_how_well_it_works(team: Team, viewer: Client, shop: Shop) -> None:
    integration = make_integration(team)

    page = text_of(viewer.get(address(team, "integrations")))

    assert f'href="{address(team, "integrations", integration.uuid)}"' in page
    assert "yourstore.myshopify.com" in page
    assert "Connected" in page
    assert "Synced <time" in page
    assert "next <time" in page
    assert "data-unsettled" not in page


def test_what_failed_lately_is_counted(team: Team, viewer: Client, shop: Shop) -> None:
    integration = make_integration(team)
    failed = InboundDelivery.State.FAILED
    make_delivery(integration, state=failed)
    make_delivery(integration, state=failed)
    make_delivery(integration)
    make_run(integration, state=SyncRun.State.FAILED)
    make_run(integration, state=SyncRun.State.FAILED, days_ago=8)

    page = text_of(viewer.get(address(team, "integrations")))

    assert "1 sync and 2 webhooks failed in the last 7 days" in page


def test_a_refusal_of_the_provider_is_said(team: Team, viewer: Client, shop: Shop) -> None:
    shop.checks = [REFUSED]
    make_integration(team)

    page = text_of(viewer.get(address(team, "integrations")))

    assert "Not working" in page
    assert "The shop does not know this API key." in page


def test_what_is_under_way_is_said_and_looked_at_again(
    team: Team, viewer: Client, shop: Shop
) -> None:
    connect(team)

    page = text_of(viewer.get(address(team, "integrations")))

    assert "Being checked" in page
    assert "Asking Shopify now" in page
    assert "data-unsettled" in page


def test_a_paused_one_has_no_next_sync(team: Team, viewer: Client, shop: Shop) -> None:
    change_integration(integration=make_integration(team), is_paused=True)

    page = text_of(viewer.get(address(team, "integrations")))

    assert "Paused" in page
    assert "next <time" not in page


def test_without_a_schedule_there_is_no_next_sync(
    team: Team, viewer: Client, shop: Shop, settings: Settings
) -> None:
    make_integration(team)
    settings.SYNC_INTERVAL_MINUTES = 0

    assert "next <time" not in text_of(viewer.get(address(team, "integrations")))


def test_a_late_sync_is_due_now(team: Team, viewer: Client, shop: Shop) -> None:
    integration = make_integration(team)
    Integration.objects.filter(pk=integration.pk).update(next_sync_at=integration.created_at)

    assert "next now" in text_of(viewer.get(address(team, "integrations")))


def test_what_is_disconnected_and_what_others_have_is_not_shown(
    team: Team, manager: Client, shop: Shop
) -> None:
    disconnect_integration(integration=connect(team))
    elsewhere = create_project(owner=team.owner, name="Elsewhere")
    connect_integration(project=elsewhere, provider="shopify", config=CONFIG, by=team.owner)

    page = text_of(manager.get(address(team, "integrations")))

    assert "myshopify.com" not in page


def test_one_of_a_provider_that_is_gone_is_still_shown(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)
    Integration.objects.filter(pk=integration.pk).update(provider="etsy")

    page = text_of(manager.get(address(team, "integrations")))

    assert "<h2>Etsy</h2>" in page
    assert "/connect/etsy" not in page


def test_text_of_others_stays_text(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    Integration.objects.filter(pk=integration.pk).update(
        account_name=HOSTILE, last_error=HOSTILE, status="error"
    )

    page = text_of(manager.get(address(team, "integrations")))

    assert "<img src=x" not in page
    assert "{{ 7 }}" in page


def test_a_part_can_be_read_alone(team: Team, viewer: Client, shop: Shop) -> None:
    make_integration(team)

    headers = {"HX-Request": "true", "HX-Target": "integrations"}
    page = text_of(viewer.get(address(team, "integrations"), headers=headers))

    assert page.lstrip().startswith('<ul class="providers" id="integrations"')
    assert "<html" not in page


def test_the_list_takes_as_many_statements_for_one_as_for_many(
    team: Team, manager: Client, shop: Shop
) -> None:
    counts = []
    for first, last in ((0, 1), (1, 8)):
        for number in range(first, last):
            integration = connect(team, shop_url=f"shop-{number}.myshopify.com")
            make_delivery(integration, state=InboundDelivery.State.FAILED)
        with CaptureQueriesContext(connection) as captured:
            manager.get(address(team, "integrations"))
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 8
