"""The access token of an integration: kept, renewed early, and renewed once if it is refused."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from integrations.models import Integration
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.client import NoAccess, TokenRefused
from integrations.shopify.models import ShopifyToken
from integrations.shopify.tests.shop import API_PATH, TOKEN_PATH, PretendShop, make_integration
from orderchainer.core.encryption import Secret
from orderchainer.core.outbox import GiveUp, TryAgain
from orderchainer.testing.written_log import WrittenLog

QUERY = "query Names { shop { name } }"
NAME = {"shop": {"name": "Demo Shop"}}
DAY = 24 * 60 * 60


def ask(integration: Integration) -> object:
    """Ask as a worker's attempt does, with the integration as it is now."""
    return AdminApi(Integration.objects.get(pk=integration.pk)).ask(QUERY).data


def test_a_token_is_kept_encrypted_and_used_again(
    integration: Integration, shop: PretendShop
) -> None:
    assert ask(integration) == ask(integration) == NAME

    assert len(shop.calls(TOKEN_PATH)) == 1
    kept = ShopifyToken.objects.get(integration=integration)
    text = shop.calls(API_PATH)[0].headers["x-shopify-access-token"]
    assert kept.token.reveal() == text
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM integrations_shopifytoken")
        assert text not in str(cursor.fetchall())


def test_a_token_is_renewed_when_most_of_its_time_is_over(
    integration: Integration, shop: PretendShop
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        ask(integration)
        clock.shift(0.89 * DAY)
        ask(integration)
        assert len(shop.calls(TOKEN_PATH)) == 1
        clock.shift(0.02 * DAY)
        ask(integration)
        ask(integration)
    assert len(shop.calls(TOKEN_PATH)) == 2
    kept = ShopifyToken.objects.get(integration=integration)
    assert kept.expires_at - now == timedelta(days=1 + 0.91, seconds=-1)


def test_a_token_that_cannot_be_renewed_is_used_until_it_ends(
    integration: Integration, shop: PretendShop
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask(integration)
        clock.shift(0.95 * DAY)
        for status in (500, 429):
            shop.go_wrong("status", match=TOKEN_PATH, status=status)
            assert ask(integration) == NAME
        clock.shift(0.05 * DAY)
        shop.go_wrong("status", match=TOKEN_PATH, status=500)
        with pytest.raises(TryAgain, match="500"):
            ask(integration)


def test_a_token_that_is_refused_is_renewed_once(
    integration: Integration, shop: PretendShop
) -> None:
    ask(integration)
    shop.shop.expire_tokens()

    assert ask(integration) == NAME
    assert len(shop.calls(TOKEN_PATH)) == 2

    for _ in range(2):
        shop.go_wrong("status", status=401)
    with pytest.raises(TokenRefused):
        ask(integration)
    assert len(shop.calls(TOKEN_PATH)) == 3


def test_a_token_of_another_configuration_is_not_used(
    integration: Integration, shop: PretendShop
) -> None:
    ask(integration)
    Integration.objects.update(config_version=2)

    ask(integration)

    assert len(shop.calls(TOKEN_PATH)) == 2
    assert ShopifyToken.objects.get().config_version == 2


def test_a_token_whose_key_is_lost_is_replaced(integration: Integration, shop: PretendShop) -> None:
    ask(integration)
    lost = Fernet(Fernet.generate_key()).encrypt(b"shpat_lost").decode()
    ShopifyToken.objects.update(token=Secret(lost))

    assert ask(integration) == NAME
    assert len(shop.calls(TOKEN_PATH)) == 2


def test_a_configuration_whose_key_is_lost_is_given_up(integration: Integration) -> None:
    lost = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    Integration.objects.update(secrets=Secret(lost))
    with pytest.raises(GiveUp, match="CREDENTIALS_KEYS"):
        ask(integration)


def test_a_pasted_token_is_used_as_it_is(owner: User, shop: PretendShop) -> None:
    token = shop.shop.access_token
    integration = make_integration(shop, owner, secrets={**shop.credentials, "access_token": token})

    assert ask(integration) == NAME
    assert shop.calls(API_PATH)[0].headers["x-shopify-access-token"] == token

    # It cannot be renewed.
    shop.go_wrong("status", status=401)
    with pytest.raises(TokenRefused):
        ask(integration)
    assert shop.calls(TOKEN_PATH) == []
    assert not ShopifyToken.objects.exists()


def test_secrets_that_open_nothing_are_told(owner: User, shop: PretendShop) -> None:
    integration = make_integration(shop, owner, secrets={"api_key": "only"})
    with pytest.raises(NoAccess, match="no access_token, and no api_key with api_secret"):
        ask(integration)
    assert shop.calls() == []


def test_calls_begin_only_while_they_can_end_within_the_lease(
    integration: Integration, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DELIVERY_LEASE_SECONDS = 60
    passed = [0.0]
    monkeypatch.setattr("integrations.shopify.admin_api.monotonic", lambda: passed[0])
    api = AdminApi(integration)
    passed[0] = 29.0
    assert api.ask(QUERY).data == NAME
    passed[0] = 31.0
    with pytest.raises(TryAgain, match="too slow") as refused:
        api.ask(QUERY)
    assert refused.value.timed_out
    api.go_on()
    assert api.ask(QUERY).data == NAME


def test_what_shopify_announces_is_logged_once(
    integration: Integration, shop: PretendShop, log: WrittenLog
) -> None:
    shop.shop.deprecated_reason = "https://shopify.dev/changes"
    api = AdminApi(integration)
    for _ in range(3):
        api.ask(QUERY)
    AdminApi(integration, announced=api.announced).ask(QUERY)

    (line,) = log.lines("shopify_announcement")
    assert line["words"] == "Shopify is about to change what we use: https://shopify.dev/changes."
    assert line["shop"] == shop.domain


def test_a_kept_token_is_encrypted_again_with_the_first_key(
    integration: Integration, shop: PretendShop, settings: Settings
) -> None:
    ask(integration)
    new, old = Fernet.generate_key().decode(), settings.CREDENTIALS_KEYS[0]
    settings.CREDENTIALS_KEYS = [new, old]
    call_command("reencrypt_credentials", stdout=StringIO())
    settings.CREDENTIALS_KEYS = [new]

    kept = ShopifyToken.objects.get()
    assert kept.token.reveal() == shop.calls(API_PATH)[0].headers["x-shopify-access-token"]
