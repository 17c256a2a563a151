"""`SANDBOX=on`: the first start of somebody who has no shop and no Discord."""

import json
import re
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from orderchainer.testing.servers import PLENTY, Service, free_port, running

pytestmark = pytest.mark.processes

SERVE = ("manage.py", "serve", "--prepare")
WAIT_SECONDS = 30.0


def ask(url: str, data: Any = None, *, token: str = "") -> Any:
    """Return the JSON of an answer; send `data` as JSON if there is some."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def token_of_the_demo(service: Service, base: str) -> str:
    """Sign in with the password that the service printed."""
    password = re.search(r"password {2}(\S+)\n", service.output)
    assert password
    told = {"username": "demo@example.com", "password": password[1]}
    token: str = ask(f"{base}/api/auth/token", told)["access_token"]
    return token


def test_orders_of_the_pretend_shop_arrive_by_sync_and_by_webhook(tmp_path: Path) -> None:
    port, sandbox_port = free_port(), free_port()
    with running(
        *SERVE,
        directory=tmp_path,
        PORT=str(port),
        SANDBOX="on",
        SANDBOX_PORT=str(sandbox_port),
        **PLENTY,
    ) as service:
        service.wait_for("/readyz")
        base = f"http://127.0.0.1:{port}"
        control = f"http://127.0.0.1:{sandbox_port}/_control"
        assert "Aurora Workshop is connected to the pretend shop" in service.output
        token = token_of_the_demo(service, base)
        projects = ask(f"{base}/api/v1/projects", token=token)
        (shop,) = [each for each in projects if each["name"] == "Aurora Workshop"]

        def titles() -> set[str]:
            query = "provider=shopify&days=3650&page_size=200"
            orders = ask(f"{base}/api/v1/orders/{shop['id']}?{query}", token=token)
            return {order["title"] for order in orders}

        def wait_for(what: set[str]) -> None:
            deadline = time.monotonic() + WAIT_SECONDS
            while not what <= titles() and time.monotonic() < deadline:
                time.sleep(0.2)
            assert what <= titles(), service.output

        wait_for({f"#{number}" for number in range(1001, 1026)})
        while not ask(f"{control}/shopify/shops/-/subscriptions"):
            time.sleep(0.1)
        made = ask(f"{control}/shopify/shops/-/orders", {"paid": True})
        wait_for({made["name"]})
        messages = ask(f"{control}/discord/messages")
        assert messages

        assert service.stop(signal.SIGTERM, within_seconds=10) == 0


def test_says_which_port_is_taken(tmp_path: Path) -> None:
    with running(
        "-m", "integrations.sandbox", "--port", str(taken := free_port()), directory=tmp_path / "a"
    ) as sandbox:
        while "Sandbox:" not in sandbox.output:
            time.sleep(0.05)
        with running(
            *SERVE, directory=tmp_path / "b", SANDBOX="on", SANDBOX_PORT=str(taken)
        ) as service:
            assert service.process.wait(timeout=30) == 1
            expected = f"Cannot listen: 127.0.0.1:{taken} for the sandbox: Address already in use"
            assert expected in service.output
