"""A slow subscriber delays nobody but itself."""

from pathlib import Path

import pytest

from orderchainer.testing.processes import (
    Installation,
    RedisServer,
    embedded,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)
from orderchainer.testing.races import on_postgresql
from orders.tests.bursts import Customer, Discord, discord_emulator, unsettled

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
            lambda: installation.rows("SELECT 1 FROM orders_eventdelivery WHERE attempts > 0"),
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
    """An e-mail may hold a code, and the code expires after a quarter of an hour."""
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


def check_that_a_hanging_webhook_delays_nobody_else(
    installation: Installation, discord: Discord
) -> None:
    """Queue 30 messages for a webhook that hangs; another user's message arrives meanwhile."""
    ada = Customer(installation.url, email="ada@example.com")
    hanging = ada.connect(discord)
    bob = Customer(installation.url, email="bob@example.com")
    bob.connect(discord)
    discord.hang(hanging, seconds=60)
    for number in range(30):
        ada.ask("POST", "/api/orders/", {"title": f"Order {number}"})
    wait_until(
        lambda: discord.calls_to(hanging) > 0 and unsettled(installation) == (0, 30),
        within_seconds=10,
        what="a call that hangs, and the others waiting behind it",
    )

    for number in range(3):
        bob.ask("POST", "/api/orders/", {"title": f"Bob's order {number}"})
        wait_until(
            lambda told=number + 1: len(discord.told_events) == told,  # type: ignore[misc]
            within_seconds=2,
            what="Bob's message",
        )
    crowded = installation.rows(
        "SELECT target FROM orders_eventdelivery WHERE claimed_until IS NOT NULL"
        " GROUP BY subscriber, target HAVING count(*) > 1"
    )
    assert crowded == []
    assert discord.calls_to(hanging) < 5
    # Bob's last message has arrived, but its worker may not have recorded that yet.
    wait_until(
        lambda: unsettled(installation) == (0, 30),
        within_seconds=2,
        what="an end of Bob's deliveries, and none of Ada's",
    )


def test_a_webhook_that_hangs_delays_nobody_elses_messages(tmp_path: Path) -> None:
    with (
        discord_emulator(tmp_path / "discord") as discord,
        embedded(tmp_path, DISCORD_WEBHOOK_HOSTS=discord.host) as installation,
    ):
        installation.start("serve")
        installation.services["serve"].wait_for("/readyz")

        check_that_a_hanging_webhook_delays_nobody_else(installation, discord)


@pytest.mark.services
@on_postgresql
@pytest.mark.skipif(not RedisServer.is_installed(), reason="needs redis-server, to start its own")
def test_a_webhook_that_hangs_delays_nobody_elses_messages_in_production(
    tmp_path: Path,
) -> None:
    with (
        discord_emulator(tmp_path / "discord") as discord,
        redis_server(tmp_path) as redis,
        migrated_postgresql() as database_url,
        production(
            tmp_path,
            database_url=database_url,
            redis_url=redis.url,
            DISCORD_WEBHOOK_HOSTS=discord.host,
        ) as installation,
    ):
        installation.start("web", "worker", "deliveries", "beat")
        installation.wait_until_it_listens("web")
        installation.services["web"].wait_for("/readyz")

        check_that_a_hanging_webhook_delays_nobody_else(installation, discord)
