"""What a project configures to connect a shop, and how we read it."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from integrations.contracts import ConfigKey, Exposure
from orderchainer.core.errors import Invalid

MAX_KEY_LENGTH = 255

# We send tokens to this host, so nothing else may stand in its place.
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com")
# How the address bar shows a shop's own back office.
_ADMIN_HOST = "admin.shopify.com"
_ADMIN_PATH = re.compile(r"/store/([a-z0-9][a-z0-9-]{0,62})(?:/.*)?")
# A key goes into a header or a form. Spaces and controls would come from a bad copy.
_KEY = re.compile(r"[!-~]+")

NOT_A_SHOP = (
    "Must be the shop's address at Shopify, such as my-shop.myshopify.com. Shopify shows it under "
    "Settings, Domains."
)


def clean_shop(text: str) -> str:
    """Return the domain of a shop, such as `my-shop.myshopify.com`, however people write it.

    Accepts the domain, a URL on it, and the address of the shop's back office at
    admin.shopify.com. Raises ValueError with a sentence for people.
    """
    text = text.strip().lower()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as exc:
        raise ValueError(NOT_A_SHOP) from exc
    if parts.scheme not in {"http", "https"} or parts.username is not None or port is not None:
        raise ValueError(NOT_A_SHOP)
    if host == _ADMIN_HOST and (match := _ADMIN_PATH.fullmatch(parts.path)):
        host = f"{match[1]}.myshopify.com"
    if not _DOMAIN.fullmatch(host):
        raise ValueError(NOT_A_SHOP)
    return host


def shop_named(header: str) -> str:
    """Return the shop that a webhook's header names, or nothing if it is no domain of a shop."""
    domain = header.strip().lower()
    return domain if _DOMAIN.fullmatch(domain) else ""


def clean_key(text: str) -> str:
    """Return a key, secret or token as it was copied. Raises ValueError."""
    text = text.strip()
    if not _KEY.fullmatch(text) or len(text) > MAX_KEY_LENGTH:
        msg = f"Must be 1 to {MAX_KEY_LENGTH} letters, digits and signs without spaces."
        raise ValueError(msg)
    return text


def account_of(config: Mapping[str, str]) -> str:
    """Return the shop's domain. Raises `Invalid` if the keys cannot open the shop."""
    missing = [name for name in ("api_key", "api_secret") if not config.get(name)]
    if missing and not config.get("access_token"):
        words = "Send api_key and api_secret, or an access_token."
        raise Invalid({name: [words] for name in missing})
    return config["shop_url"]


KEYS = (
    ConfigKey(
        "api_key",
        Exposure.MASKED,
        clean_key,
        is_required=False,
        help="The app's client id.",
        label="Client ID",
    ),
    ConfigKey(
        "api_secret",
        Exposure.SECRET,
        clean_key,
        is_required=False,
        help="The app's client secret. Shopify signs webhooks with it.",
        label="Client secret",
    ),
    ConfigKey(
        "shop_url",
        Exposure.OPEN,
        clean_shop,
        help="The shop's address at Shopify: my-shop.myshopify.com.",
        label="Address of the shop",
    ),
    ConfigKey(
        "access_token",
        Exposure.SECRET,
        clean_key,
        is_required=False,
        help="The Admin API access token of an older app. It replaces api_key; webhooks still "
        "need api_secret.",
        label="Access token",
    ),
)
