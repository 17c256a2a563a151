"""Checks at the start for settings that would make the first call fail."""

import re

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.checks import is_web_address, timeout_problems

_VERSION = re.compile(r"20[0-9]{2}-(01|04|07|10)|unstable", re.ASCII)


@register
def check_shopify_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `SHOPIFY_API_BASE` that is not a URL."""
    base = settings.SHOPIFY_API_BASE
    if not base:
        return []
    with_a_shop = base.replace("{shop}", "demo-shop.myshopify.com")
    if is_web_address(with_a_shop) and not re.search(r"[{}]", with_a_shop):
        return []
    return [
        Error(
            "SHOPIFY_API_BASE is not an http or https URL.",
            hint="It replaces https://{shop}; /admin/… is added to it. {shop} may stand in it for "
            "the shop's domain.",
            id="shopify.E001",
        )
    ]


@register
def check_shopify_api_version(**_: object) -> list[CheckMessage]:
    """Refuse a `SHOPIFY_API_VERSION` that Shopify cannot have."""
    if _VERSION.fullmatch(settings.SHOPIFY_API_VERSION):
        return []
    return [
        Error(
            "SHOPIFY_API_VERSION is not a version of Shopify's API.",
            hint="Versions are named like 2026-10, after January, April, July or October.",
            id="shopify.E002",
        )
    ]


@register
def check_shopify_timeout(**_: object) -> list[CheckMessage]:
    """Refuse a `SHOPIFY_TIMEOUT` that lets a call outlast the lease of its worker."""
    return timeout_problems("SHOPIFY_TIMEOUT", id="shopify.E003")
