"""PostgreSQL ends every connection, as a restart does, while all processes hold some."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from orderchainer.testing.processes import (
    Installation,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)

pytestmark = [
    pytest.mark.processes,
    pytest.mark.services,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="needs DATABASE_URL to name a PostgreSQL",
    ),
    pytest.mark.skipif(
        shutil.which("redis-server") is None,
        reason="needs redis-server, to start a separate one",
    ),
]

OTHER_BACKENDS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation with every process of the production mode."""
    with (
        migrated_postgresql() as database_url,
        redis_server(tmp_path) as redis,
        production(tmp_path, database_url=database_url, redis_url=redis.url) as started,
    ):
        started.start("web", "daphne", "worker", "beat")
        started.wait_until_it_listens("web")
        started.services["web"].wait_for("/readyz")
        yield started


class Customer:
    """A signed-in customer of the installation."""

    def __init__(self, installation: Installation) -> None:
        self._base = installation.url
        account = {"email": "ada@example.com", "password": "password123"}
        self.id: int = self.post("/api/auth/register", **account)["id"]
        self.headers = {
            "Authorization": f"Bearer {self.post('/api/auth/token', **account)['access_token']}"
        }

    def post(self, path: str, **body: str) -> Any:
        """Send `body` and return the answer."""
        answer = requests.post(
            self._base + path,
            json=body,
            headers=getattr(self, "headers", {}),
            timeout=20,
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    def read_many(self, path: str, times: int = 40) -> set[int]:
        """GET `path` many times, eight at once, so that all pools are used. Return the statuses."""

        def read(_: int) -> int:
            return requests.get(self._base + path, headers=self.headers, timeout=20).status_code

        with ThreadPoolExecutor(8) as threads:
            return set(threads.map(read, range(times)))


def close_code_of(socket: ClientConnection) -> int:
    """Read until the server closes the socket; return the code that it gave."""
    try:
        while True:
            socket.recv(timeout=10)
    except ConnectionClosed as exc:
        return exc.rcvd.code if exc.rcvd else 0


def test_no_request_fails_and_everything_goes_on(installation: Installation) -> None:
    customer = Customer(installation)
    order = customer.post("/api/orders/", title="Before")["id"]
    path = f"/api/orders/{order}"
    port = installation.variables["WS_PORT"]
    with connect(
        f"ws://127.0.0.1:{port}/ws/notifications/{customer.id}/?after=0",
        additional_headers=customer.headers,
    ) as socket:
        while "resumed" not in str(socket.recv(timeout=20)):
            pass
        for round_ in range(3):
            assert customer.read_many(path) == {200}
            [(ended,)] = installation.rows(
                f"SELECT count(pg_terminate_backend(pid, 5000)) {OTHER_BACKENDS}"
            )
            assert ended >= 3

            assert customer.read_many(path) == {200}
            customer.post("/api/orders/", title=f"After {round_}")

            # The relay gives the event its position, and the socket shows it.
            message: dict[str, Any] = {}
            while message.get("title") != f"After {round_}":
                message = json.loads(socket.recv(timeout=20))
        wait_until(
            lambda: installation.services["web"].status_of("/readyz") == 200,
            within_seconds=20,
            what="ready",
        )
        # Production's daphne closes its sockets with this code when it is stopped.
        installation.services["daphne"].stop(signal.SIGTERM, within_seconds=15)
        assert close_code_of(socket) == 1001
    log = (installation.directory / "orderchainer.log").read_text()
    assert '"status":500' not in log
    assert "unhandled_error" not in log
