"""Settings of Shopify that the checks at the start refuse."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


@pytest.mark.parametrize(
    ("name", "value", "complaints"),
    [
        ("SHOPIFY_API_BASE", "", []),
        ("SHOPIFY_API_BASE", "http://127.0.0.1:8400/shopify/{shop}", []),
        ("SHOPIFY_API_BASE", "https://{shop}.proxy.example.com", []),
        ("SHOPIFY_API_BASE", "https://proxy.example.com", []),
        ("SHOPIFY_API_BASE", "127.0.0.1:8400/{shop}", ["shopify.E001"]),
        ("SHOPIFY_API_BASE", "https://x.test/{shop}?a=b", ["shopify.E001"]),
        ("SHOPIFY_API_BASE", "https://x.test/{domain}", ["shopify.E001"]),
        ("SHOPIFY_API_BASE", "ftp://x.test/{shop}", ["shopify.E001"]),
        ("SHOPIFY_API_BASE", "http://[x", ["shopify.E001"]),
        ("SHOPIFY_API_BASE", "http://x.test:eighty", ["shopify.E001"]),
        ("SHOPIFY_API_VERSION", "2026-10", []),
        ("SHOPIFY_API_VERSION", "unstable", []),
        ("SHOPIFY_API_VERSION", "2026-11", ["shopify.E002"]),
        ("SHOPIFY_API_VERSION", "2026-10/..", ["shopify.E002"]),
        ("SHOPIFY_API_VERSION", "", ["shopify.E002"]),
        ("SHOPIFY_TIMEOUT", 15, []),
        ("SHOPIFY_TIMEOUT", 0, ["shopify.E003"]),
        ("SHOPIFY_TIMEOUT", 16, ["shopify.E003"]),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    settings: Settings, name: str, value: Any, complaints: list[str]
) -> None:
    setattr(settings, name, value)

    found = [message.id for message in run_checks()]

    assert [id_ for id_ in found if id_ and id_.startswith("shopify.")] == complaints
