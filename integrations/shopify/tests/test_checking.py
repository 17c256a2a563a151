"""Whether a configuration works: what a shop answers, and what people should know all the same."""

from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from integrations.contracts import CheckRefused
from integrations.models import Integration
from integrations.shopify.checking import (
    NO_ADDRESS,
    NO_CUSTOMERS,
    NO_SECRET,
    ONLY_60_DAYS,
    check,
)
from integrations.shopify.tests.shop import TOKEN_PATH, PretendShop, make_integration
from orderchainer.core.outbox import TryAgain


def notes(integration: Integration) -> list[str]:
    return list(check(integration).notes)


def refusal(integration: Integration) -> str:
    with pytest.raises(CheckRefused) as refused:
        check(integration)
    return str(refused.value)


def test_a_shop_that_lets_us_see_everything_needs_no_note(
    integration: Integration, shop: PretendShop
) -> None:
    shop.order()
    shop.shop.scopes = ["read_orders", "read_all_orders"]
    assert notes(integration) == []


def test_says_that_the_first_sync_brings_60_days_only(integration: Integration) -> None:
    assert notes(integration) == [ONLY_60_DAYS]


def test_says_that_customers_are_hidden(integration: Integration, shop: PretendShop) -> None:
    shop.order()
    shop.shop.protected_data = "errors"
    assert notes(integration) == [ONLY_60_DAYS, NO_CUSTOMERS]


def test_says_why_webhooks_cannot_come(
    integration: Integration, owner: User, shop: PretendShop, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.SHOPIFY_API_BASE = "https://proxy.example.com"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integrations.shopify.client.base_of", lambda _: shop_base(shop))
        assert notes(integration) == [ONLY_60_DAYS, NO_ADDRESS]
        settings.PUBLIC_URL = "https://orders.example.com"
        assert notes(integration) == [ONLY_60_DAYS]
        integration.delete()
        pasted = make_integration(shop, owner, secrets={"access_token": shop.shop.access_token})
        assert notes(pasted) == [ONLY_60_DAYS, NO_SECRET]


def shop_base(shop: PretendShop) -> str:
    return shop.base.replace("{shop}", shop.domain)


def test_an_app_that_may_not_read_orders_is_refused(
    integration: Integration, shop: PretendShop
) -> None:
    shop.shop.scopes = ["read_products"]
    assert refusal(integration) == (
        "The app may not read orders. Give it the scope read_orders and install it again."
    )


def test_an_address_that_is_not_the_shops_own_is_refused(
    owner: User, shop: PretendShop, settings: Settings
) -> None:
    settings.SHOPIFY_API_BASE = f"http://{shop.sandbox.host}/shopify"
    integration = make_integration(shop, owner, account="alias.myshopify.com")
    assert refusal(integration) == (
        "The shop's own address is demo-shop.myshopify.com. Connect it with that shop_url."
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"match": TOKEN_PATH, "status": 401}, "Shopify does not accept api_key and api_secret"),
        ({"match": TOKEN_PATH, "status": 404}, "Shopify knows no such shop"),
        ({"status": 402}, "Shopify has frozen the shop"),
        ({"status": 403}, "Shopify does not let the app into the shop"),
        ({"status": 400}, "Shopify refused the call with 400"),
    ],
)
def test_what_no_other_try_changes_is_refused(
    integration: Integration, shop: PretendShop, fault: dict[str, Any], words: str
) -> None:
    shop.go_wrong("status", **fault)
    assert refusal(integration).startswith(words)


@pytest.mark.parametrize("fault", [{"status": 500}, {"match": TOKEN_PATH, "status": 503}])
def test_what_another_try_may_change_is_tried_again(
    integration: Integration, shop: PretendShop, fault: dict[str, Any]
) -> None:
    shop.go_wrong("status", **fault)
    with pytest.raises(TryAgain):
        check(integration)
