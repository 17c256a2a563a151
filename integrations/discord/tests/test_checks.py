"""Settings of Discord that the checks at the start refuse."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


def ids() -> list[str | None]:
    """Return the ids of our checks that complain."""
    found = [message.id for message in run_checks()]
    return [id_ for id_ in found if id_ and id_.startswith("integrations.")]


@pytest.mark.parametrize(
    ("name", "value", "complaints"),
    [
        ("DISCORD_WEBHOOK_HOSTS", [], []),
        ("DISCORD_WEBHOOK_HOSTS", ["discord.com", "http://127.0.0.1:8400"], []),
        ("DISCORD_WEBHOOK_HOSTS", ["http://discord.com"], ["integrations.E001"]),
        ("DISCORD_WEBHOOK_HOSTS", ["https://x.test/path"], ["integrations.E001"]),
        ("DISCORD_API_BASE", "http://127.0.0.1:8400/api", []),
        ("DISCORD_API_BASE", "127.0.0.1:8400", ["integrations.E002"]),
        ("DISCORD_API_BASE", "https://x.test?a=b", ["integrations.E002"]),
        ("DISCORD_API_BASE", "http://[x", ["integrations.E002"]),
        ("DISCORD_API_BASE", "http://x.test:eighty", ["integrations.E002"]),
        ("DISCORD_WEBHOOK_TIMEOUT", 5, []),
        ("DISCORD_WEBHOOK_TIMEOUT", 0, ["integrations.E003"]),
        ("DISCORD_WEBHOOK_TIMEOUT", 60, ["integrations.E003"]),
        ("DELIVERY_LEASE_SECONDS", 10, []),
        ("DELIVERY_LEASE_SECONDS", 9, ["integrations.E003"]),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    settings: Settings, name: str, value: Any, complaints: list[str]
) -> None:
    setattr(settings, name, value)
    assert ids() == complaints
