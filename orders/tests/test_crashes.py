"""`kill -9` in the middle of a burst loses nothing: real processes, real database, real HTTP.

After every crash, whatever died: what was acknowledged with 201 is there, each event stands in the
stream exactly once, and Discord (an emulator) has been told of each, in order.
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orderchainer.testing.processes import (
    SHORT_LEASE,
    Installation,
    RedisServer,
    embedded,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)
from orders.tests.bursts import (
    Burst,
    Customer,
    Discord,
    check_answers,
    check_deliveries,
    check_orders,
    check_stream,
    discord_emulator,
    unsettled,
    wait_until_settled,
)

pytestmark = pytest.mark.processes

CUSTOMERS = 4
# Enough for a dead worker's lease to end, the next sweep to run, and all deliveries to be made.
SETTLING_SECONDS = 40.0


@pytest.fixture
def discord(tmp_path: Path) -> Iterator[Discord]:
    """The Discord of all customers, which our crashes leave alone."""
    with discord_emulator(tmp_path / "discord") as emulator:
        yield emulator


def burst_at(installation: Installation, discord: Discord) -> Burst:
    """Return a burst of new customers who are all connected with Discord.

    Discord is so slow that a process that is killed has a delivery under way.
    """
    discord.be_slow(0.03)
    customers = [
        Customer(installation.url, email=f"customer{number}@example.com")
        for number in range(CUSTOMERS)
    ]
    for customer in customers:
        customer.connect(discord)
    return Burst(customers)


def check_that_nothing_was_lost(installation: Installation, burst: Burst, discord: Discord) -> None:
    """Wait until all work is done, then check all that a crash could have broken."""
    wait_until_settled(installation, within_seconds=SETTLING_SECONDS)
    check_orders(installation, burst)
    check_stream(installation)
    check_deliveries(installation, discord)
    check_answers(burst)


# --- The embedded mode ------------------------------------------------------------------------


def test_the_embedded_mode_loses_nothing_however_often_it_is_killed(
    tmp_path: Path, discord: Discord
) -> None:
    with embedded(tmp_path, DISCORD_WEBHOOK_HOSTS=discord.host, **SHORT_LEASE) as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        with burst_at(installation, discord) as burst:
            for _ in range(3):
                burst.wait_for(random.randint(5, 25))
                installation.kill("serve")
                installation.start("serve")
            burst.wait_for(10)
            burst.stop()

        check_that_nothing_was_lost(installation, burst, discord)


# --- Production -------------------------------------------------------------------------------

needs_services = [
    pytest.mark.services,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="needs DATABASE_URL to name a PostgreSQL",
    ),
    pytest.mark.skipif(
        shutil.which("redis-server") is None,
        reason="needs redis-server, to start and kill one of its own",
    ),
]


def on_services(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of the production mode."""
    for mark in needs_services:
        test = mark(test)
    return test


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that nobody else uses."""
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def installation(tmp_path: Path, redis: RedisServer, discord: Discord) -> Iterator[Installation]:
    """Web, workers and beat on PostgreSQL and Redis."""
    with (
        migrated_postgresql() as database_url,
        production(
            tmp_path,
            database_url=database_url,
            redis_url=redis.url,
            DISCORD_WEBHOOK_HOSTS=discord.host,
            **SHORT_LEASE,
        ) as started,
    ):
        started.start("web", "worker", "deliveries", "beat")
        started.wait_until_it_listens("web")
        yield started


def deliveries_under_way(installation: Installation) -> bool:
    """Say whether a worker has begun a delivery whose outcome is not recorded yet."""
    begun = "SELECT 1 FROM orders_eventdelivery WHERE state = 'pending' AND attempts > 0 LIMIT 1"
    return bool(installation.rows(begun))


def wait_until_work_piles_up(installation: Installation) -> None:
    """Wait until there is more to deliver than worker processes, so that all of them are at it.

    On a busy machine it takes a while until workers have started.
    """
    wait_until(
        lambda: deliveries_under_way(installation) and unsettled(installation)[1] > 10,
        within_seconds=SETTLING_SECONDS + 20,
        what="deliveries under way",
    )


@on_services
@pytest.mark.parametrize(
    "dying",
    [["web"], ["worker", "deliveries"], ["web", "worker", "deliveries"]],
    ids="+".join,
)
def test_production_loses_nothing_when_processes_are_killed(
    installation: Installation, discord: Discord, dying: list[str]
) -> None:
    kills_deliveries = "deliveries" in dying
    with burst_at(installation, discord) as burst:
        burst.wait_for(random.randint(10, 30))
        if kills_deliveries:
            # On a busy machine the kill comes late, so make sure that deliveries last until then.
            discord.be_slow(0.25)
        # Kill the deliveries' worker first, while it has deliveries under way. The kill can come
        # just after a delivery and before the next, so repeat it until it interrupted one.
        for _ in range(5):
            wait_until_work_piles_up(installation)
            installation.kill(*sorted(dying))
            if not kills_deliveries or deliveries_under_way(installation):
                break
            installation.start(*dying)
        discord.be_slow(0.03)
        installation.start(*dying)
        burst.wait_for(10)
        burst.stop()

    check_that_nothing_was_lost(installation, burst, discord)
    [(attempts,)] = installation.rows("SELECT max(attempts) FROM orders_eventdelivery")
    # Deliveries that a dead worker had begun were begun again.
    assert attempts > 1 if kills_deliveries else attempts == 1


@on_services
def test_a_dead_redis_costs_requests_a_moment_and_loses_nothing(
    installation: Installation, redis: RedisServer, discord: Discord
) -> None:
    with burst_at(installation, discord) as burst:
        burst.wait_for(random.randint(10, 30))
        redis.kill()
        burst.wait_for(30)
        # This leaves time for a busy machine. Waiting for the broker would take six seconds.
        assert burst.slowest_seconds < 2
        redis.start()
        burst.wait_for(10)
        burst.stop()

    check_that_nothing_was_lost(installation, burst, discord)
    # The restarted Redis is empty, so this needs a new heartbeat.
    installation.services["web"].wait_for("/readyz")


@on_services
def test_a_worker_outlives_its_broker(
    installation: Installation, redis: RedisServer, discord: Discord
) -> None:
    discord.be_slow(0.4)
    customer = Customer(installation.url, email="ada@example.com")
    customer.connect(discord)
    for round_ in range(3):
        told = len(discord.told_events)
        customer.ask("POST", "/api/orders/", {"title": f"Order {round_}"})
        # So few deliveries that the worker still asks for more. It then loses its connection and
        # its unfinished work.
        wait_until(
            lambda: installation.rows(
                "SELECT 1 FROM orders_eventdelivery WHERE state = 'pending' AND attempts > 0"
            ),
            within_seconds=20,
            what="a delivery under way",
        )
        redis.kill()
        time.sleep(random.uniform(0, 1))
        redis.start()

        wait_until_settled(installation, within_seconds=SETTLING_SECONDS)
        assert len(discord.told_events) > told
        installation.services["web"].wait_for("/readyz")
        for name in ("worker", "deliveries"):
            assert installation.services[name].process.poll() is None, name


@on_services
def test_a_redis_that_hangs_is_waited_for_once_and_loses_nothing(
    installation: Installation, redis: RedisServer, discord: Discord
) -> None:
    with burst_at(installation, discord) as burst:
        burst.wait_for(random.randint(10, 30))
        redis.stall()
        burst.wait_for(30)
        # The timeout of the connection, and time for a busy machine.
        assert burst.slowest_seconds < 4
        redis.go_on()
        burst.wait_for(10)
        burst.stop()

    check_that_nothing_was_lost(installation, burst, discord)
