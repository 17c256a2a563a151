"""`SANDBOX=on`: the first start of somebody who has no shop and no Discord."""

import json
import re
import signal
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orderchainer.testing.processes import make_tables
from orderchainer.testing.servers import Service, free_port, plenty, running

pytestmark = pytest.mark.processes

SERVE = ("manage.py", "serve", "--prepare")
WAIT_SECONDS = 30.0
# The customer whose pretend phone has the number +1 212 555 0000.
KWAME = "US.13491208655302741918"


def ask(url: str, data: Any = None, *, token: str = "", method: str | None = None) -> Any:
    """Return the JSON of an answer; send `data` as JSON if there is some."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def token_of_the_demo(service: Service, base: str) -> str:
    """Sign in with the password that the service printed."""
    password = re.search(r"password {2}(\S+)\n", service.output)
    assert password
    told = {"username": "demo@example.com", "password": password[1]}
    token: str = ask(f"{base}/api/auth/token", told)["access_token"]
    return token


def test_orders_of_the_pretend_shop_arrive_and_the_assistant_tells_of_them(tmp_path: Path) -> None:
    port, sandbox_port = free_port(), free_port()
    make_tables(tmp_path)
    with running(
        *SERVE,
        directory=tmp_path,
        PORT=str(port),
        SANDBOX="on",
        SANDBOX_PORT=str(sandbox_port),
        **plenty(),
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
        question = {"project_id": shop["id"], "message": "What is the status of #1001?"}
        answer = ask(f"{base}/api/v1/assistant/query", question, token=token)
        assert answer["reply"].startswith("Order #1001 is ")

        assert service.stop(signal.SIGTERM, within_seconds=10) == 0


def test_an_order_that_a_shop_sends_tells_its_customer_once_on_the_pretend_phone(
    tmp_path: Path,
) -> None:
    port, sandbox_port = free_port(), free_port()
    make_tables(tmp_path)
    with running(
        *SERVE,
        directory=tmp_path,
        PORT=str(port),
        SANDBOX="on",
        SANDBOX_PORT=str(sandbox_port),
        **plenty(),
    ) as service:
        service.wait_for("/readyz")
        base = f"http://127.0.0.1:{port}"
        control = f"http://127.0.0.1:{sandbox_port}/_control"
        phone = f"{control}/whatsapp/page"
        sold = f"{control}/shopify/shops/-/orders"
        token = token_of_the_demo(service, base)
        projects = ask(f"{base}/api/v1/projects", token=token)
        (shop,) = [each for each in projects if each["name"] == "Aurora Workshop"]
        messages = f"{base}/api/v1/messages/{shop['id']}"
        orders = f"{base}/api/v1/orders/{shop['id']}?provider=shopify&days=2&search="

        def write(text: str) -> None:
            data = urllib.parse.urlencode({"user_id": KWAME, "text": text}).encode()
            with urllib.request.urlopen(f"{phone}/write", data, timeout=5):
                pass

        def chat() -> str:
            with urllib.request.urlopen(f"{phone}/chat/{KWAME}", timeout=5) as answer:
                return str(answer.read().decode())

        def wait_until(is_true: Callable[[], object]) -> None:
            deadline = time.monotonic() + WAIT_SECONDS
            while not is_true() and time.monotonic() < deadline:
                time.sleep(0.2)
            assert is_true(), service.output

        def buy_and_send() -> tuple[str, str]:
            """Let Kwame buy in the pretend shop, and the shop send it; return name and our id."""
            made = ask(sold, {"paid": True, "phone": "+12125550000"})
            search = orders + urllib.parse.quote(made["name"])
            wait_until(lambda: ask(search, token=token))
            ask(f"{sold}/{made['id']}/fulfil", {})
            return made["name"], ask(search, token=token)[0]["id"]

        def outcome_of(order_id: str) -> dict[str, Any]:
            found = ask(f"{messages}/rules/outcomes?order_id={order_id}", token=token)
            return dict(found[0]) if found else {}

        rule = {
            "occasion": "status_reached",
            "status": "fulfilled",
            "channel": "whatsapp",
            "content": "{order_number} is on its way to you, {project} says.",
        }
        ask(f"{messages}/rules", rule, token=token)
        wait_until(lambda: ask(f"{control}/shopify/shops/-/subscriptions"))
        # Only those who have written can be told by a free text.
        write("Where are my chairs?")
        wait_until(lambda: "chairs" in str(ask(f"{messages}/inbox", token=token)))

        name, order_id = buy_and_send()

        sentence = f"{name} is on its way to you, Aurora Workshop says."
        wait_until(lambda: sentence in chat())
        outcome = outcome_of(order_id)
        assert (outcome["state"], outcome["channel"]) == ("queued", "whatsapp")
        message = f"{messages}/{outcome['message_id']}"
        wait_until(lambda: ask(message, token=token)["status"] in {"delivered", "read"})

        write("Stop")
        wait_until(lambda: ask(f"{messages}/contacts", token=token)[0]["is_stopped"])
        another, another_id = buy_and_send()
        wait_until(lambda: outcome_of(another_id).get("state") == "skipped")
        reason = outcome_of(another_id)["reason"]
        assert reason == "The customer asked for no more messages."
        # Of the orders that the first sync has brought, nobody was told.
        assert len(ask(f"{messages}/rules/outcomes", token=token)) == 2
        assert chat().count(sentence) == 1
        assert another not in chat()

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
            assert service.output.startswith(f"Port {taken} (SANDBOX_PORT) is in use: another ")
