"""Checks at the start for settings that would make the first call fail."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# One attempt makes several calls. They begin in the first half of its lease, and the last one takes
# at most twice the timeout: to connect, and to be answered.
LEASE_PER_TIMEOUT = 4

_VERSION = re.compile(r"20[0-9]{2}-(01|04|07|10)|unstable", re.ASCII)


@register
def check_shopify_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `SHOPIFY_API_BASE` that is not a URL."""
    base = settings.SHOPIFY_API_BASE
    if not base:
        return []
    parts = urlsplit(base)
    is_address = parts.scheme in {"http", "https"} and parts.netloc
    has_more = parts.query or parts.fragment or re.search(r"[{}]", base.replace("{shop}", ""))
    if is_address and not has_more:
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
    longest = settings.DELIVERY_LEASE_SECONDS / LEASE_PER_TIMEOUT
    if 0 < settings.SHOPIFY_TIMEOUT <= longest:
        return []
    return [
        Error(
            f"SHOPIFY_TIMEOUT must be over 0 and at most {longest:g} seconds.",
            hint="For a longer timeout, set DELIVERY_LEASE_SECONDS to at least "
            f"{LEASE_PER_TIMEOUT} times as much.",
            id="shopify.E003",
        )
    ]
