"""The page of one integration."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.projects import Team
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.services import disconnect_integration, request_sync
from integrations.tests.factories import connect, make_integration
from integrations.tests.pages.scenes import (
    HOSTILE,
    address,
    at,
    make_delivery,
    make_run,
    text_of,
)
from integrations.tests.pretend.shop import REFUSED, Shop

pytestmark = pytest.mark.django_db


def test_shows_health_syncs_webhooks_and_settings(team: Team, viewer: Client, shop: Shop) -> None:
    shop.checks = [("Shopify hides customers.",)]
    integration = make_integration(team)
    make_delivery(integration, topic="orders/paid")

    page = text_of(viewer.get(at(team, integration)))

    assert "<h1>yourstore.myshopify.com</h1>" in page
    assert "Shopify hides customers." in page
    assert "First sync" in page
    assert "3 seen, 3 new, 0 changed" in page
    assert "orders/paid" in page
    assert "by owner@example.com" in page


def test_no_secret_is_shown(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)

    page = text_of(manager.get(at(team, integration)))

    assert "your...key" in page
    assert "Never shown" in page
    assert "your-api-key" not in page
    assert "your-api-secret" not in page


def test_trouble_says_why(team: Team, viewer: Client, shop: Shop) -> None:
    shop.checks = [REFUSED]
    integration = make_integration(team)
    make_delivery(
        integration, state=InboundDelivery.State.FAILED, last_error="No such order.", attempts=10
    )
    make_run(integration, state=SyncRun.State.FAILED, last_error="It is down.")

    page = text_of(viewer.get(at(team, integration)))

    assert "The shop does not know this API key." in page
    assert "No such order." in page
    assert "It is down." in page


def test_a_sync_that_waits_is_looked_at_again(team: Team, viewer: Client, shop: Shop) -> None:
    integration = make_integration(team)
    assert "data-unsettled" not in text_of(viewer.get(at(team, integration)))
    request_sync(integration=integration, by=team.owner)

    page = text_of(viewer.get(at(team, integration)))

    assert "Syncing now" in page
    assert "data-unsettled" in page
    headers = {"HX-Request": "true", "HX-Target": "integration"}
    part = text_of(viewer.get(at(team, integration), headers=headers))
    assert part.lstrip().startswith('<div class="stack" id="integration"')


def test_only_the_newest_rows_are_shown(team: Team, viewer: Client, shop: Shop) -> None:
    integration = connect(team)
    for number in range(7):
        make_delivery(integration, topic=f"topic-{number}")

    page = text_of(viewer.get(at(team, integration)))

    assert [f"topic-{number}" in page for number in range(7)] == [False] * 2 + [True] * 5


def test_what_is_not_there_is_a_404(team: Team, manager: Client, shop: Shop) -> None:
    gone = make_integration(team)
    disconnect_integration(integration=gone)

    for name in (gone.uuid, "0" * 32, "nonsense", "connect"):
        response = manager.get(address(team, "integrations", name))
        assert response.status_code == 404
        assert "All integrations" in text_of(response)


def test_text_of_others_stays_text(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    make_delivery(integration, topic=HOSTILE[:30], last_error=HOSTILE)
    make_run(integration, refusal=HOSTILE)
    Integration.objects.filter(pk=integration.pk).update(
        account_name=HOSTILE, last_error=HOSTILE, notes=[HOSTILE]
    )

    page = text_of(manager.get(at(team, integration)))

    assert "<img src=x" not in page
    assert "{{ 7 }}" in page


def test_it_takes_as_many_statements_for_few_rows_as_for_many(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)
    counts = []
    for rows in (1, 30):
        for _ in range(rows):
            make_delivery(integration)
            make_run(integration)
        with CaptureQueriesContext(connection) as captured:
            manager.get(at(team, integration))
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 8
