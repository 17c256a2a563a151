"""`kill -9` in the middle of a storm of checkouts: no unit is lost or sold twice.

Real processes, real database, real HTTP. While the service is dead, every order in the database is
whole, whether or not its request was answered. Once the service is back, each request that is
repeated with its key has made one order.
"""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderchainer.testing.processes import (
    Installation,
    embedded,
    migrated_postgresql,
    production,
    redis_server,
)
from orders.tests.bursts import Customer, check_stream, wait_until_settled
from orders.tests.storms import (
    Storm,
    check_acknowledged,
    check_repeats,
    check_shelves,
    hire_seller,
    open_storefront,
    run_manage,
)

pytestmark = pytest.mark.processes

CUSTOMERS = 6
PRODUCTS = 4
# More of each product than the storm takes, because nobody can check out in an empty shop.
STOCK = 200
CRASHES = 3


def storm_at(installation: Installation) -> Storm:
    """Return a storm of new customers in front of full shelves."""
    products = open_storefront(installation, products=PRODUCTS, stock=STOCK)
    customers = [
        Customer(installation.url, email=f"customer{number}@example.com")
        for number in range(CUSTOMERS)
    ]
    return Storm(customers, products, hire_seller(installation))


def check_that_no_unit_was_lost(installation: Installation, storm: Storm, name: str) -> None:
    """Kill the process `name` during the storm, again and again, and check what could break."""
    with storm:
        for _ in range(CRASHES):
            storm.wait_for(random.randint(5, 25))
            installation.kill(name)
            check_shelves(installation)
            installation.start(name)
        storm.wait_for(10)
        storm.stop()

    check_shelves(installation)
    check_acknowledged(installation, storm)
    check_repeats(storm)
    check_acknowledged(installation, storm)
    run_manage(installation, "check_stock")
    wait_until_settled(installation, within_seconds=30)
    check_stream(installation)


def test_the_embedded_mode_loses_no_unit_however_often_it_is_killed(
    tmp_path: Path,
) -> None:
    with embedded(tmp_path) as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        check_that_no_unit_was_lost(installation, storm_at(installation), "serve")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Installation]:
    """Web and worker on their own PostgreSQL database and Redis."""
    with (
        migrated_postgresql() as database_url,
        redis_server(tmp_path) as redis,
        production(tmp_path, database_url=database_url, redis_url=redis.url) as started,
    ):
        started.start("web", "worker")
        started.wait_until_it_listens("web")
        yield started


@pytest.mark.services
@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="needs DATABASE_URL to name a PostgreSQL",
)
@pytest.mark.skipif(
    shutil.which("redis-server") is None,
    reason="needs redis-server, to start one of its own",
)
def test_production_loses_no_unit_however_often_it_is_killed(
    services: Installation,
) -> None:
    check_that_no_unit_was_lost(services, storm_at(services), "web")
