"""A subscriber that takes its time, and everybody else who does not wait for it."""

from pathlib import Path

import pytest

from orderchainer.testing.processes import embedded, wait_until
from orders.tests.bursts import Customer, discord_emulator, unsettled

pytestmark = pytest.mark.processes


def test_a_slow_discord_holds_up_no_event(tmp_path: Path) -> None:
    with (
        discord_emulator(tmp_path / "discord") as discord,
        embedded(tmp_path, DISCORD_WEBHOOK_HOSTS=discord.host) as installation,
    ):
        installation.start("serve")
        installation.services["serve"].wait_for("/readyz")
        discord.be_slow(3)
        ada = Customer(installation.url, email="ada@example.com")
        ada.connect(discord)
        for number in range(20):
            ada.ask("POST", "/api/orders/", {"title": f"Order {number}"})
        wait_until(
            lambda: installation.rows(
                "SELECT 1 FROM orders_eventdelivery WHERE attempts > 0"
            ),
            within_seconds=10,
            what="Discord being told",
        )

        ada.ask("POST", "/api/orders/", {"title": "One more"})

        wait_until(
            lambda: unsettled(installation)[0] == 0,
            within_seconds=2,
            what="the event in the stream",
        )
        assert unsettled(installation)[1] > 10


def test_a_slow_discord_holds_up_no_email(tmp_path: Path) -> None:
    """The code in it is good for a quarter of an hour."""
    with (
        discord_emulator(tmp_path / "discord") as discord,
        embedded(tmp_path, DISCORD_WEBHOOK_HOSTS=discord.host) as installation,
    ):
        installation.start("serve")
        installation.services["serve"].wait_for("/readyz")
        discord.be_slow(3)
        ada = Customer(installation.url, email="ada@example.com")
        ada.connect(discord)
        for number in range(20):
            ada.ask("POST", "/api/orders/", {"title": f"Order {number}"})
        wait_until(
            lambda: unsettled(installation)[1] > 10,
            within_seconds=10,
            what="deliveries that wait",
        )

        Customer(installation.url, email="bob@example.com")

        wait_until(
            lambda: installation.rows(
                "SELECT 1 FROM accounts_outgoingemail"
                " WHERE recipient = 'bob@example.com' AND state = 'sent'"
            ),
            within_seconds=2,
            what="the e-mail that asks Bob to confirm his address",
        )
        assert unsettled(installation)[1] > 10
