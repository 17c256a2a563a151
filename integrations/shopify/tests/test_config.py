"""What people paste to connect a shop, and that it leads nowhere but to Shopify."""

import re

import pytest
from pytest_django import Settings

from integrations.shopify.client import base_of
from integrations.shopify.config import NOT_A_SHOP, account_of, clean_key, clean_shop, shop_named
from orderchainer.core.errors import Invalid

SHOP = "my-shop.myshopify.com"


@pytest.mark.parametrize(
    "written",
    [
        "my-shop.myshopify.com",
        "  My-Shop.MyShopify.com\n",
        "https://my-shop.myshopify.com",
        "http://my-shop.myshopify.com/admin/orders?query=x#top",
        "my-shop.myshopify.com/admin",
        "https://admin.shopify.com/store/my-shop",
        "admin.shopify.com/store/my-shop/orders/1?x=y",
    ],
)
def test_a_shop_is_known_however_people_write_it(written: str) -> None:
    assert clean_shop(written) == SHOP


@pytest.mark.parametrize(
    "written",
    [
        "",
        "my-shop",
        "shop.example.com",
        "my-shop.myshopify.com.example.com",
        "example.com/my-shop.myshopify.com",
        "example.com#my-shop.myshopify.com",
        "https://my-shop.myshopify.com@example.com",
        "https://someone@my-shop.myshopify.com",
        "https://my-shop.myshopify.com:8443",
        "https://my-shop.myshopify.com\\@example.com",
        "ftp://my-shop.myshopify.com",
        "javascript://my-shop.myshopify.com",
        "-shop.myshopify.com",
        "my_shop.myshopify.com",
        "my shop.myshopify.com",
        "a.my-shop.myshopify.com",
        ".myshopify.com",
        "my-shop.myshopify.com.",
        "mÿ-shop.myshopify.com",
        "https://admin.shopify.com/store/",
        "https://admin.shopify.com/store/my.shop",
        "https://admin.shopify.com.example.com/store/my-shop",
        "http://[::1]",
        "http://[my-shop.myshopify.com",
        "127.0.0.1",
        f"{'a' * 64}.myshopify.com",
    ],
)
def test_a_shop_url_leads_nowhere_but_to_shopify(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(NOT_A_SHOP)):
        clean_shop(written)


def test_the_configured_base_replaces_the_shops_address(settings: Settings) -> None:
    settings.SHOPIFY_API_BASE = ""
    assert base_of(SHOP) == f"https://{SHOP}"
    settings.SHOPIFY_API_BASE = "http://127.0.0.1:8400/shopify/{shop}"
    assert base_of(SHOP) == f"http://127.0.0.1:8400/shopify/{SHOP}"
    settings.SHOPIFY_API_BASE = "https://proxy.example.com"
    assert base_of(SHOP) == "https://proxy.example.com"


@pytest.mark.parametrize("header", ["My-Shop.myshopify.com", " my-shop.myshopify.com "])
def test_a_webhooks_header_names_a_shop_in_any_case(header: str) -> None:
    assert shop_named(header) == SHOP


@pytest.mark.parametrize("header", ["", "example.com", "https://my-shop.myshopify.com", "é"])
def test_a_webhooks_header_that_is_no_domain_names_no_shop(header: str) -> None:
    assert shop_named(header) == ""


def test_keys_are_taken_without_the_spaces_around_them() -> None:
    assert clean_key(" shpss_0123 \n") == "shpss_0123"


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "kéy", "k\x00y", "k" * 256])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="Must be 1 to 255 letters, digits and signs"):
        clean_key(key)


@pytest.mark.parametrize(
    "keys",
    [
        {"api_key": "k", "api_secret": "s"},
        {"access_token": "t"},
        {"api_key": "k", "api_secret": "s", "access_token": "t"},
        {"access_token": "t", "api_secret": "s"},
    ],
)
def test_the_account_is_the_shop(keys: dict[str, str]) -> None:
    assert account_of({"shop_url": SHOP, **keys}) == SHOP


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        ({}, ["api_key", "api_secret"]),
        ({"api_key": "k"}, ["api_secret"]),
        ({"api_secret": "s"}, ["api_key"]),
    ],
)
def test_keys_that_cannot_open_the_shop_are_refused(
    keys: dict[str, str], missing: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        account_of({"shop_url": SHOP, **keys})

    words = "Send api_key and api_secret, or an access_token."
    assert refused.value.errors == {name: [words] for name in missing}
