"""The webhook subscriptions of a shop: restored where they are missing, removed at the end."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.models import Integration
from integrations.shopify.models import ShopifyLine, ShopifyToken
from integrations.shopify.subscriptions import TOPICS, disconnect, maintain, receiver
from integrations.shopify.tests.shop import PretendShop, make_integration, make_run
from integrations.work.errands import run_errand
from integrations.work.runs import work_on_run
from integrations.work.schedule import schedule_syncs
from orderchainer.core.outbox import GiveUp, TryAgain
from orders.models import Order

URL = "https://orders.example.com/api/v1/webhooks/shopify"


@pytest.fixture(autouse=True)
def _public(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://orders.example.com"


def subscribed(shop: PretendShop) -> list[tuple[str, str]]:
    """Return the topics in the shop with their URLs, by topic."""
    return sorted((each.enum, each.uri) for each in shop.shop.subscriptions.values())


ALL = sorted((topic, URL) for topic in TOPICS)


def test_missing_subscriptions_are_restored_and_the_rest_is_left_alone(
    integration: Integration, shop: PretendShop
) -> None:
    maintain(integration)
    assert subscribed(shop) == ALL
    ids = list(shop.shop.subscriptions)
    for lost in (ids[0], ids[4]):
        del shop.shop.subscriptions[lost]

    maintain(integration)

    assert subscribed(shop) == ALL
    assert set(ids[1:4]) <= set(shop.shop.subscriptions)
    maintain(integration)
    assert len(shop.queries("Subscribe")) == len(TOPICS) + 2


def test_subscriptions_to_other_addresses_are_not_ours(
    integration: Integration, shop: PretendShop, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://old.example.com"
    maintain(integration)
    settings.PUBLIC_URL = "https://orders.example.com"
    maintain(integration)
    assert len(subscribed(shop)) == 2 * len(TOPICS)

    disconnect(integration, integration.reveal())

    assert {url for _, url in subscribed(shop)} == {
        "https://old.example.com/api/v1/webhooks/shopify"
    }


def test_subscriptions_are_found_on_every_page(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.shopify.subscriptions.PAGE", 3)
    maintain(integration)
    maintain(integration)
    assert subscribed(shop) == ALL
    disconnect(integration, integration.reveal())
    assert subscribed(shop) == []


def test_nothing_is_subscribed_that_cannot_come_or_cannot_be_verified(
    integration: Integration, owner: User, shop: PretendShop, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.SHOPIFY_API_BASE = ""
    assert receiver() == ""
    maintain(integration)
    disconnect(integration, integration.reveal())
    settings.SHOPIFY_API_BASE = shop.base
    integration.delete()
    maintain(make_integration(shop, owner, secrets={"access_token": shop.shop.access_token}))

    assert shop.calls() == []


def test_whoever_plays_shopify_over_http_may_post_over_http(
    integration: Integration, shop: PretendShop, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    shop.shop.allows_http = True
    maintain(integration)
    assert subscribed(shop) == sorted(
        (topic, "http://127.0.0.1:8000/api/v1/webhooks/shopify") for topic in TOPICS
    )


def test_a_refused_subscription_is_told_and_keeps_no_other_away(
    integration: Integration, shop: PretendShop
) -> None:
    refused = [{"field": ["uri"], "message": "Address is taken"}]
    maintain(integration)
    for lost in list(shop.shop.subscriptions)[:2]:
        del shop.shop.subscriptions[lost]
    # The first call lists what is there.
    shop.sandbox.faults.clear()
    listed: Any = {
        "webhookSubscriptions": {
            "pageInfo": {"hasNextPage": False},
            "nodes": [{"topic": topic, "uri": URL} for topic in TOPICS[2:]],
        }
    }
    shop.answer({"data": listed})
    shop.answer({"data": {"webhookSubscriptionCreate": {"userErrors": refused}}})

    with pytest.raises(GiveUp, match=f"Shopify refused webhooks. {TOPICS[0]}: Address is taken"):
        maintain(integration)

    assert len(subscribed(shop)) == len(TOPICS) - 1


def test_a_failure_is_tried_again(integration: Integration, shop: PretendShop) -> None:
    shop.go_wrong("status", status=500)
    with pytest.raises(TryAgain):
        maintain(integration)
    shop.go_wrong("status", status=500)
    with pytest.raises(TryAgain):
        disconnect(integration, integration.reveal())


def test_the_schedule_restores_lost_subscriptions_and_brings_what_was_missed(
    integration: Integration, shop: PretendShop
) -> None:
    maintain(integration)
    Integration.objects.update(last_sync=timezone.now(), next_sync_at=timezone.now())
    # Shopify gave up after four hours, and deleted what we had subscribed to.
    shop.shop.subscriptions.clear()
    missed = shop.order()

    scheduled = schedule_syncs()
    for errand in scheduled.errands:
        run_errand(errand)
    for run in scheduled.runs:
        work_on_run(run)

    assert subscribed(shop) == ALL
    assert Order.objects.get(provider="shopify").external_id == str(missed.id)


# --- The end ----------------------------------------------------------------------------------


def test_disconnecting_removes_our_subscriptions_and_what_we_keep(
    integration: Integration, shop: PretendShop
) -> None:
    maintain(integration)
    ShopifyLine.objects.create(run=make_run(integration), gid="a", body="{}")
    secrets = integration.reveal()
    # By then, the integration itself has no secrets any more.
    Integration.objects.update(status="disconnected", secrets=None)
    integration.refresh_from_db()

    disconnect(integration, secrets)

    assert subscribed(shop) == []
    assert not ShopifyToken.objects.exists()
    assert not ShopifyLine.objects.exists()


def test_subscriptions_stay_if_another_project_needs_them(
    integration: Integration, shop: PretendShop
) -> None:
    maintain(integration)
    other = make_integration(shop, make_user())

    disconnect(integration, integration.reveal())
    assert subscribed(shop) == ALL

    other.project.is_active = False
    other.project.save()
    disconnect(integration, integration.reveal())
    assert subscribed(shop) == []


def test_an_app_that_is_gone_already_is_no_failure(
    integration: Integration, shop: PretendShop
) -> None:
    shop.shop.uninstall()
    disconnect(integration, integration.reveal())
    assert not ShopifyToken.objects.exists()
