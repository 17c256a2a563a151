"""Customers who carry on while the service crashes, and what must be true once it is back.

A `Burst` places, chains and moves orders over HTTP and remembers what was acknowledged. Like a
careful client, it repeats a request that got no answer, with the same `Idempotency-Key`.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from orderchainer.testing.processes import Installation, wait_until
from orderchainer.testing.servers import free_port, running

PASSWORD = "correct horse battery"
REQUEST_SECONDS = 30.0
# How long a customer goes on asking a service that does not answer.
PATIENCE_SECONDS = 60.0


class Discord:
    """An emulator of Discord in another process, which our crashes leave alone."""

    def __init__(self, url: str) -> None:
        self.host = url.removeprefix("http://")
        self._url = f"{url}/_control"

    def new_webhook(self) -> str:
        """Make a webhook in a channel; return its URL."""
        made = self._ask("POST", "/discord/webhooks", {})
        return f"http://{self.host}{made['path']}"

    def limit_nothing(self) -> None:
        """Accept any number of messages a second."""
        self._ask("POST", "/discord/bucket", {})

    def be_slow(self, seconds: float) -> None:
        """From now on, wait `seconds` before each answer."""
        self._ask("DELETE", "/faults")
        fault = {"kind": "delay", "seconds": seconds, "times": 100_000}
        self._ask("POST", "/faults", fault)

    def hang(self, webhook_url: str, seconds: float) -> None:
        """Let every call to one webhook wait `seconds`, and then close it without an answer."""
        fault = {
            "kind": "hang",
            "seconds": seconds,
            "times": 100_000,
            "match": _secret_part(webhook_url),
        }
        self._ask("POST", "/faults", fault)

    def calls_to(self, webhook_url: str) -> int:
        """Count the calls to one webhook so far."""
        part = _secret_part(webhook_url)
        return sum(part in request["path"] for request in self._ask("GET", "/requests"))

    @property
    def told_events(self) -> list[str]:
        """The hexadecimal ids of the events in its messages, in the order of their arrival."""
        return [
            message["embeds"][0]["footer"]["text"].rpartition(" ")[2].replace("-", "")
            for message in self._ask("GET", "/discord/messages")
        ]

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = requests.request(method, self._url + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def _secret_part(webhook_url: str) -> str:
    """Return the part of a webhook's URL that is the same in every version of the API."""
    return webhook_url.partition("/webhooks/")[2]


@contextmanager
def discord_emulator(directory: Path) -> Iterator[Discord]:
    """Lend an emulator that limits no rate; it keeps its files in the new `directory`."""
    directory.mkdir()
    port = str(free_port())
    command = ("-m", "integrations.sandbox", "--port", port)
    with running(*command, directory=directory, PORT=port) as service:
        service.wait_for("/_control/requests")
        discord = Discord(f"http://127.0.0.1:{port}")
        discord.limit_nothing()
        yield discord


class Customer:
    """A user with a token, who repeats each request until it is answered."""

    def __init__(self, url: str, *, email: str) -> None:
        self.slowest_seconds = 0.0
        self._url = url
        self._session = requests.Session()
        credentials = {"email": email, "password": PASSWORD}
        answer = self.ask("POST", "/api/auth/register", credentials)
        assert answer.status_code == 201, _told(answer)
        answer = self.ask("POST", "/api/auth/token", credentials)
        assert answer.status_code == 200, _told(answer)
        token = answer.json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        # Hashing a password is slow on purpose.
        self.slowest_seconds = 0.0

    def connect(self, discord: Discord) -> str:
        """Connect to `discord`, with every toggle on; return the webhook's URL."""
        webhook = {"url": discord.new_webhook()}
        answer = self.ask("POST", "/api/discord/", {"webhook": webhook})
        assert answer.status_code == 201, _told(answer)
        return webhook["url"]

    def ask(
        self, method: str, path: str, body: object = None, *, key: str = ""
    ) -> requests.Response:
        """Send a request and return its answer. Raises OSError if none comes in time."""
        headers = {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            started = time.monotonic()
            try:
                answer = self._session.request(
                    method,
                    self._url + path,
                    json=body,
                    headers=headers,
                    timeout=REQUEST_SECONDS,
                )
            # The service was killed before or while it answered.
            except (
                requests.ConnectionError,
                requests.exceptions.ChunkedEncodingError,
            ):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
                continue
            seconds = time.monotonic() - started
            self.slowest_seconds = max(self.slowest_seconds, seconds)
            return answer


class Burst:
    """Customers who build and move small chains at the same time, until they are told to stop.

    As a context manager it stops them in any case.
    """

    def __init__(self, customers: Sequence[Customer]) -> None:
        self.customers = customers
        # What the service acknowledged, by the order's id: titles here, last statuses below.
        self.placed: dict[int, str] = {}
        self.moved: dict[int, str] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(len(customers), thread_name_prefix="customer")
        self._running: list[Future[None]] = []

    def __enter__(self) -> "Burst":
        self._running = [
            self._pool.submit(self._shop, number, customer)
            for number, customer in enumerate(self.customers)
        ]
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._pool.shutdown()

    def stop(self) -> None:
        """Let each customer finish their current step. Raises the first error of a customer."""
        self._over.set()
        for running_customer in self._running:
            running_customer.result(timeout=PATIENCE_SECONDS + REQUEST_SECONDS)

    def wait_for(self, count: int) -> None:
        """Wait until `count` more orders were acknowledged, or a customer had an error."""
        wanted = len(self.placed) + count
        wait_until(
            lambda: (
                len(self.placed) >= wanted or any(customer.done() for customer in self._running)
            ),
            within_seconds=PATIENCE_SECONDS,
            what=f"{count} more orders",
        )

    @property
    def slowest_seconds(self) -> float:
        """How long the slowest answer took."""
        return max(customer.slowest_seconds for customer in self.customers)

    def _shop(self, number: int, customer: Customer) -> None:
        chain = 0
        while not self._over.is_set():
            name = f"{number}.{chain}"
            first = self._place(customer, f"{name} first")
            second = self._place(
                customer, f"{name} second", dependencies=[first], auto_activate=True
            )
            self._place(
                customer,
                f"{name} third",
                dependencies=[first, second],
                failure_policy="fail" if chain % 2 else "hold",
            )
            self._move(customer, first, "failed" if chain % 3 == 2 else "completed")
            if chain % 3 == 0:
                self._move(customer, second, "completed")
            chain += 1

    def _place(self, customer: Customer, title: str, **fields: Any) -> int:
        body = {"title": title, **fields}
        answer = customer.ask("POST", "/api/orders/", body, key=title)
        assert answer.status_code == 201, _told(answer)
        pk: int = answer.json()["id"]
        with self._lock:
            self.placed[pk] = title
        return pk

    def _move(self, customer: Customer, pk: int, status: str) -> None:
        answer = customer.ask("PUT", f"/api/orders/{pk}", {"status": status})
        assert answer.status_code == 200, _told(answer)
        with self._lock:
            self.moved[pk] = status


def _told(answer: requests.Response) -> str:
    request = answer.request
    return f"{request.method} {request.path_url}: {answer.status_code} {answer.text[:500]}"


# --- What must be true afterwards -------------------------------------------------------------


def wait_until_settled(installation: Installation, *, within_seconds: float) -> None:
    """Wait until every event has its position and no delivery is pending."""
    wait_until(
        lambda: unsettled(installation) == (0, 0),
        within_seconds=within_seconds,
        what="everything relayed and delivered",
    )


def unsettled(installation: Installation) -> tuple[int, int]:
    """Return how many events have no position and how many deliveries are pending."""
    [(events, deliveries)] = installation.rows(
        "SELECT (SELECT count(*) FROM orders_event WHERE position IS NULL),"
        " (SELECT count(*) FROM orders_eventdelivery WHERE state = 'pending')"
    )
    return events, deliveries


def check_orders(installation: Installation, burst: Burst) -> None:
    """Check that each acknowledged order exists once and that it agrees with its history."""
    orders = {
        pk: (title, status)
        for pk, title, status in installation.rows("SELECT id, title, status FROM orders_order")
    }
    assert {pk: orders[pk][0] for pk in burst.placed if pk in orders} == burst.placed
    wanted = set(burst.placed.values())
    titles = [title for title, _ in orders.values() if title in wanted]
    assert len(titles) == len(wanted), "an order was placed twice"
    assert {pk: orders[pk][1] for pk in burst.moved} == burst.moved

    created: dict[int, int] = defaultdict(int)
    status_of: dict[int, str] = {}
    for order_id, type_, data in installation.rows(
        "SELECT order_id, type, data FROM orders_event WHERE subject_kind = 'order' ORDER BY id"
    ):
        created[order_id] += type_ == "order_created"
        # SQLite keeps JSON as text.
        payload = json.loads(data) if isinstance(data, str) else data
        status_of[order_id] = payload["status"]
    assert created == dict.fromkeys(orders, 1)
    assert status_of == {pk: status for pk, (_, status) in orders.items()}

    # A move and its consequences are committed together, so no ready order may still be pending.
    left_behind = installation.rows(
        "SELECT waiting.id FROM orders_order AS waiting"
        " WHERE waiting.auto_activate AND waiting.status = 'pending'"
        " AND EXISTS (SELECT 1 FROM orders_orderdependency WHERE order_id = waiting.id)"
        " AND NOT EXISTS (SELECT 1 FROM orders_orderdependency AS edge"
        "  JOIN orders_order AS blocker ON blocker.id = edge.depends_on_id"
        "  WHERE edge.order_id = waiting.id AND blocker.status NOT IN ('fulfilled', 'completed'))"
    )
    assert left_behind == []


def check_stream(installation: Installation) -> None:
    """Check that the stream has every event once, no gaps, and each order's events in order."""
    events = installation.rows("SELECT position, id, order_id FROM orders_event ORDER BY position")
    assert [position for position, _, _ in events] == list(range(1, len(events) + 1))
    assert installation.rows("SELECT last_position FROM orders_eventstream") == [(len(events),)]
    last: dict[int, int] = {}
    for _, pk, order_id in events:
        assert last.get(order_id, 0) < pk
        last[order_id] = pk


def check_deliveries(installation: Installation, discord: Discord) -> None:
    """Check that Discord got every event of connected users, and each order's events in order.

    If we crash after Discord answered but before we recorded the answer, we send that message
    again, and only then the order's next one.
    """
    states = installation.rows(
        "SELECT delivery.state, count(*) FROM orders_event AS event"
        " JOIN integrations_discordwebhook AS webhook ON webhook.user_id = event.owner_id"
        " LEFT JOIN orders_eventdelivery AS delivery ON delivery.event_id = event.id"
        " GROUP BY delivery.state"
    )
    assert [state for state, _ in states] == ["sent"], states

    events = {
        str(event_id).replace("-", ""): (order_id, position)
        for event_id, order_id, position in installation.rows(
            "SELECT event.event_id, event.order_id, event.position FROM orders_event AS event"
            " JOIN integrations_discordwebhook AS webhook ON webhook.user_id = event.owner_id"
        )
    }
    told = discord.told_events
    assert set(told) == set(events)
    positions_of: dict[int, list[int]] = defaultdict(list)
    for event_id in told:
        order_id, position = events[event_id]
        positions_of[order_id].append(position)
    assert all(positions == sorted(positions) for positions in positions_of.values())


def check_answers(burst: Burst) -> None:
    """Check over HTTP that each acknowledged order is shown to its customer."""
    shown: dict[int, str] = {}
    for customer in burst.customers:
        skip = 0
        while page := customer.ask("GET", f"/api/orders/?skip={skip}&limit=200").json():
            shown |= {order["id"]: order["title"] for order in page}
            skip += len(page)
    assert burst.placed.items() <= shown.items()
