"""`kill -9` in the middle of a sync: every order of the shop arrives, exactly once.

Real processes, a real database, and the emulated Shopify in a process that our crashes leave alone.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from orderchainer.testing.processes import (
    SHORT_LEASE,
    Installation,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)
from orderchainer.testing.servers import free_port, needs_services, running
from orders.tests.bursts import Customer

pytestmark = [pytest.mark.processes, pytest.mark.services, needs_services]

# The end of a lease, the next sweep, and a page.
TAKE_OVER_SECONDS = 60.0


class Shop:
    """A shop of an emulator in another process."""

    def __init__(self, host: str) -> None:
        self.host = host
        # Nobody hears of its orders but by a sync.
        self.ask("POST", "/shops/-/listener", {"url": ""})
        self.ask("POST", "/bucket", {"maximum": 1e6, "restore_rate": 1e6})
        (told,) = self.ask("GET", "/shops")
        self.config = {
            "api_key": told["client_id"],
            "api_secret": told["client_secret"],
            "shop_url": told["domain"],
        }

    @property
    def ids(self) -> list[str]:
        """The ids of all its orders."""
        return [str(order["id"]) for order in self.ask("GET", "/shops/-/orders")]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Use the control plane."""
        url = f"http://{self.host}/_control/shopify{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    directory, port = tmp_path / "shopify", str(free_port())
    directory.mkdir()
    command = ("-m", "integrations.sandbox", "--port", port)
    with running(*command, directory=directory, PORT=port) as service:
        service.wait_for("/_control/requests")
        yield Shop(f"127.0.0.1:{port}")


@contextmanager
def installation_with(shop: Shop, directory: Path) -> Iterator[Installation]:
    """Lend an installation that takes the emulator for Shopify."""
    with (
        migrated_postgresql() as database_url,
        redis_server(directory) as redis,
        production(
            directory,
            database_url=database_url,
            redis_url=redis.url,
            SHOPIFY_API_BASE=f"http://{shop.host}/shopify/{{shop}}",
            **SHORT_LEASE,
        ) as started,
    ):
        started.start("web", "worker", "providers", "syncs", "beat")
        started.wait_until_it_listens("web")
        yield started


def connect(installation: Installation, shop: Shop) -> None:
    """Connect the shop to a project, as its owner does over HTTP."""
    owner = Customer(installation.url, email="ada@example.com")
    (project,) = owner.ask("GET", "/api/v1/projects").json()
    body = {"provider": "shopify", "config": shop.config}
    answer = owner.ask("POST", f"/api/v1/integrations/{project['id']}/connect", body)
    assert answer.status_code == 201, answer.text


def stored(installation: Installation) -> list[str]:
    """Return the ids of the orders from the shop, each as often as it is stored."""
    query = "SELECT external_id FROM orders_order WHERE provider = 'shopify'"
    return [external_id for (external_id,) in installation.rows(query)]


def last_sync(installation: Installation) -> Any:
    [(moment,)] = installation.rows("SELECT last_sync FROM integrations_integration")
    return moment


@pytest.mark.parametrize(
    ("orders", "kills"), [(600, 5), (2100, 3)], ids=["in pages", "from a file"]
)
def test_a_sync_that_is_killed_again_and_again_brings_every_order_exactly_once(
    tmp_path: Path, shop: Shop, orders: int, kills: int
) -> None:
    shop.ask("POST", "/shops/-/seed", {"count": orders - len(shop.ids), "days": 30})
    wanted = sorted(shop.ids)
    assert len(wanted) == orders
    with installation_with(shop, tmp_path) as installation:
        connect(installation, shop)
        for number in range(kills):
            # At least one more order is stored between two kills, so each run makes progress.
            had = len(stored(installation)) if number else 0
            wait_until(
                lambda had=had: len(stored(installation)) > had,  # type: ignore[misc]
                within_seconds=TAKE_OVER_SECONDS,
                what=f"another order after kill {number}",
            )
            time.sleep(random.uniform(0, 0.4))
            installation.kill("syncs")
            before = stored(installation)
            assert len(before) == len(set(before))
            # It moves only when everything is stored.
            assert last_sync(installation) is None or len(before) == orders
            installation.start("syncs")

        wait_until(
            lambda: last_sync(installation) is not None,
            within_seconds=3 * TAKE_OVER_SECONDS,
            what="the end of the sync",
        )
        assert sorted(stored(installation)) == wanted
        [(state, refused)] = installation.rows("SELECT state, refused FROM integrations_syncrun")
        assert (state, refused) == ("done", 0)
        assert installation.rows("SELECT count(*) FROM integrations_shopifyline") == [(0,)]
        # Each order has one event of its making.
        made = "SELECT count(*) FROM orders_event WHERE type = 'order_created'"
        assert installation.rows(made) == [(orders,)]
