"""Customers at WhatsApp and Telegram who write while workers die, and what must be true afterwards.

Both providers are the sandbox, in a process that our crashes leave alone. What people write can
also come from a `Storm`, which posts it as the providers do: signed, in any order, and repeatedly.
The checks are plain SQL, so that the service's code is not checked by itself.
"""

import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from integrations.sandbox.telegram.network import TOKEN as BOT_TOKEN
from integrations.sandbox.whatsapp.network import config_of as number_config
from integrations.sandbox.whatsapp.network import default_number
from integrations.sandbox.whatsapp.webhooks import body_of, signature, value_about
from integrations.whatsapp.webhook import SIGNATURE as WHATSAPP_SIGNATURE
from orderchainer.testing.processes import SHORT_LEASE, Installation, wait_until
from orderchainer.testing.servers import free_port, running
from orders.tests.bursts import Customer, unsettled

# Timeouts that a busy machine keeps to, and the shortest lease that the checks allow with them.
TIMES: Mapping[str, str] = {
    **SHORT_LEASE,
    "WHATSAPP_TIMEOUT": "3",
    "TELEGRAM_TIMEOUT": "3",
    "DELIVERY_LEASE_SECONDS": "12",
}
NUMBER = default_number()
CLIENTS = 8
ANSWER_SECONDS = 20.0
# How long a provider goes on posting to a service that does not answer, and how long we wait for
# the end of all work: a dead worker's lease, the next sweep, and a machine with other work.
PATIENCE_SECONDS = 180.0


# --- Who talks to whom ------------------------------------------------------------------------


@dataclass(frozen=True)
class Somebody:
    """A customer at one of the providers."""

    provider: str
    # The provider's key: a user id of WhatsApp, or the number of an account at Telegram.
    id: str
    number: str = ""

    @property
    def key(self) -> str | int:
        """The key as the provider writes it."""
        return self.id if self.provider == "whatsapp" else int(self.id)

    def text(self, number: int) -> str:
        """Return a text that says who wrote it, and as which of theirs."""
        return f"{self.id} says {number:03}"


def people(*, at_whatsapp: int, at_telegram: int) -> list[Somebody]:
    """Return so many people."""
    return [
        *(
            Somebody("whatsapp", f"US.{at}", f"1650555{at}")
            for at in range(1000, 1000 + at_whatsapp)
        ),
        *(Somebody("telegram", f"{at}") for at in range(2000, 2000 + at_telegram)),
    ]


class Providers:
    """The sandbox in another process."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.variables = {
            "WHATSAPP_API_BASE": f"http://{host}/whatsapp",
            "TELEGRAM_API_BASE": f"http://{host}/telegram",
        }

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Use the control plane."""
        url = f"http://{self.host}/_control{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def meet(self, person: Somebody) -> None:
        """Make a person who can write and be written to."""
        if person.provider == "whatsapp":
            about = {"user_id": person.key, "wa_id": person.number, "name": person.id}
            self.ask("POST", "/whatsapp/customers", about)
        else:
            self.ask("POST", "/telegram/users", {"id": person.key, "first_name": person.id})

    def write(self, person: Somebody, text: str) -> None:
        """Have a person write to us."""
        about = {"user_id": person.key, "text": text}
        self.ask("POST", f"/{person.provider}/write", about)

    def be_slow(self, seconds: float) -> None:
        """From now on, wait so long before taking a message."""
        for match in ("/messages", "/sendMessage"):
            fault = {"kind": "delay", "seconds": seconds, "times": 100_000, "match": match}
            self.ask("POST", "/faults", fault)

    def got(self, person: Somebody) -> list[str]:
        """Return what a person got from us, oldest first."""
        key, value = ("user_id", person.id)
        if person.provider == "telegram":
            key, value = "chat_id", int(person.id)  # type: ignore[assignment]
        messages = self.ask("GET", f"/{person.provider}/messages")
        return [each["text"] for each in messages if each[key] == value and not each["is_inbound"]]

    @property
    def bot_secret(self) -> str:
        """The token that the service told Telegram to repeat."""
        (bot,) = self.ask("GET", "/telegram/bots")
        secret: str = bot["secret_token"]
        return secret

    @property
    def bot_path(self) -> str:
        """The path of our webhook that the service told Telegram."""
        (bot,) = self.ask("GET", "/telegram/bots")
        return str(urlsplit(bot["url"]).path)


@contextmanager
def providers_in(directory: Path) -> Iterator[Providers]:
    """Lend the sandbox. It keeps its files in the new `directory`."""
    port = str(free_port())
    command = ("-m", "integrations.sandbox", "--port", port)
    with running(*command, directory=directory, PORT=port) as service:
        service.wait_for("/_control/requests")
        yield Providers(f"127.0.0.1:{port}")


# The embedded mode begins with a demo project, which may be connected with a shop.
CONNECTED = (
    "SELECT count(*) FROM integrations_integration"
    " WHERE status = 'connected' AND provider IN ('whatsapp', 'telegram')"
)


class Team:
    """The owner of a project that is connected with both providers."""

    def __init__(self, installation: Installation, providers: Providers) -> None:
        self.owner = Customer(installation.url, email="ada@example.com")
        (project,) = self.owner.ask("GET", "/api/v1/projects").json()
        self.path = f"/api/v1/messages/{project['id']}"
        connect = f"/api/v1/integrations/{project['id']}/connect"
        (bot,) = providers.ask("GET", "/telegram/bots")
        assert bot["token"] == BOT_TOKEN
        for provider, config in (
            ("whatsapp", number_config(NUMBER)),
            ("telegram", {"bot_token": BOT_TOKEN}),
        ):
            answer = self.owner.ask("POST", connect, {"provider": provider, "config": config})
            assert answer.status_code == 201, answer.text
        wait_until(
            lambda: installation.rows(CONNECTED) == [(2,)],
            within_seconds=PATIENCE_SECONDS,
            what="both providers are connected",
        )
        callback = {"url": f"{installation.url}/api/v1/webhooks/whatsapp"}
        providers.ask("POST", "/whatsapp/callback", callback)

    def send(self, person: Somebody, key: str, **body: Any) -> None:
        """Send a message. A repeat with the same key sends nothing."""
        recipient = {"user_id": person.id}
        if person.number:
            recipient = {"phone": f"+{person.number}"}
        body = {"recipient": recipient, "provider": person.provider, **body}
        answer = self.owner.ask("POST", f"{self.path}/send", body, key=key)
        assert answer.status_code == 201, answer.text

    def conversations(self) -> list[Any]:
        """Return all conversations, as the API shows them."""
        answer = self.owner.ask("GET", f"{self.path}/conversations?page_size=200")
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()
        return found


# --- The storm --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """A call of a provider."""

    path: str
    body: bytes
    headers: Mapping[str, str]


def from_whatsapp(*values: Mapping[str, Any]) -> Post:
    """Return a notification with these values."""
    body = body_of(NUMBER.waba_id, values)
    headers = {WHATSAPP_SIGNATURE: signature(NUMBER.app_secret, body)}
    return Post("/api/v1/webhooks/whatsapp", body, headers)


def written_at_whatsapp(person: Somebody, text: str, at: int, *, hides_number: bool) -> Any:
    """Return the value that tells of a message. Its sender may hide the number."""
    contact: dict[str, Any] = {"profile": {"name": person.id}, "user_id": person.id}
    message: dict[str, Any] = {
        "from_user_id": person.id,
        "id": f"wamid.{text}",
        "timestamp": str(at),
        "type": "text",
        "text": {"body": text},
    }
    if not hides_number:
        contact["wa_id"] = message["from"] = person.number
    return value_about(NUMBER, contacts=[contact], messages=[message])


def told_by_whatsapp(message_id: str, status: str, at: int) -> Any:
    """Return the value that tells what became of a message of ours."""
    told: dict[str, Any] = {"id": message_id, "status": status, "timestamp": str(at)}
    if status == "failed":
        told["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
    return value_about(NUMBER, statuses=[told])


def written_at_telegram(person: Somebody, text: str, at: int, number: int) -> Any:
    """Return the update that tells of a message; `number` is unique."""
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": at,
            "chat": {"id": int(person.id), "type": "private", "first_name": person.id},
            "from": {"id": int(person.id), "is_bot": False, "first_name": person.id},
            "text": text,
        },
    }


class Storm:
    """Posts calls from several threads, each call until it is accepted."""

    def __init__(self, installation: Installation, posts: Sequence[Post]) -> None:
        self.accepted = 0
        self._url = installation.url
        self._posts = iter(posts)
        self._count = len(posts)
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(CLIENTS, thread_name_prefix="provider")
        self._running = [self._pool.submit(self._call) for _ in range(CLIENTS)]

    def wait_for(self, share: float) -> None:
        """Wait until this share of the calls is accepted, or a thread has an error."""
        wanted = round(share * self._count)
        wait_until(
            lambda: self.accepted >= wanted or any(each.done() for each in self._running),
            within_seconds=PATIENCE_SECONDS,
            what=f"{wanted} calls are accepted",
        )

    def wait_for_the_end(self) -> None:
        """Wait for the last answer. Raises the first error of a thread."""
        for each in self._running:
            each.result(timeout=PATIENCE_SECONDS)
        assert self.accepted == self._count

    def _call(self) -> None:
        with requests.Session() as session:
            while True:
                with self._lock:
                    post = next(self._posts, None)
                if post is None:
                    return
                self._deliver(session, post)
                with self._lock:
                    self.accepted += 1

    def _deliver(self, session: requests.Session, post: Post) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        headers = {"Content-Type": "application/json", **post.headers}
        while True:
            try:
                answer = session.post(
                    self._url + post.path, post.body, headers=headers, timeout=ANSWER_SECONDS
                )
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                # The service was killed before or while it answered.
                assert time.monotonic() < deadline
                time.sleep(0.05)
                continue
            assert answer.status_code == 200, answer.text
            return


class Reader:
    """A member who goes on marking conversations as read until the block ends."""

    def __init__(self, team: Team, seed: int) -> None:
        self._team = team
        self._random = random.Random(seed)
        self._is_over = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="reader")

    def __enter__(self) -> "Reader":
        self._running = self._pool.submit(self._read)
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._pool.shutdown()
        if exception[0] is None:
            self._running.result()

    def _read(self) -> None:
        while not self._is_over.wait(0.1):
            found = self._team.conversations()
            if found:
                chosen = self._random.choice(found)["id"]
                path = f"{self._team.path}/conversations/{chosen}/read"
                answer = self._team.owner.ask("POST", path)
                assert answer.status_code == 200, answer.text


# --- What must be true afterwards -------------------------------------------------------------

# Deliveries and parts on which a worker was working, with a claim of its own.
AT_WORK = (
    "SELECT id FROM {table} WHERE state IN ('pending', 'received') AND claimed_until IS NOT NULL"
)


def at_work(installation: Installation, table: str) -> Callable[[], list[int]]:
    """Return a function that finds the rows which a worker has claimed and not finished."""
    return lambda: [pk for (pk,) in installation.rows(AT_WORK.format(table=table))]


def wait_until_quiet(installation: Installation) -> None:
    """Wait until all calls are worked on, all parts are sent, and all events have positions."""
    waiting = (
        "SELECT (SELECT count(*) FROM integrations_inbounddelivery"
        " WHERE state IN ('pending', 'received')),"
        " (SELECT count(*) FROM notifications_messagesend WHERE state = 'pending')"
    )
    wait_until(
        lambda: installation.rows(waiting) == [(0, 0)] and unsettled(installation) == (0, 0),
        within_seconds=PATIENCE_SECONDS,
        what="everything is worked on",
    )


def check_calls(installation: Installation, posts: Iterable[Post]) -> None:
    """Check that each call is stored once and was worked on."""
    states = installation.rows("SELECT state, last_error FROM integrations_inbounddelivery")
    assert Counter(states) == {("done", ""): len({post.body for post in posts})}


def check_messages(installation: Installation, wanted: Mapping[Somebody, Sequence[str]]) -> None:
    """Check that each message arrived once, in one conversation a person, in the right order."""
    talks: dict[int, list[str]] = defaultdict(list)
    for talk, content in installation.rows(
        "SELECT conversation_id, content FROM notifications_message"
        " WHERE direction = 'inbound' ORDER BY written_at, id"
    ):
        talks[talk].append(content)
    # Both are long, so we show only what differs.
    arrived = Counter(text for texts in talks.values() for text in texts)
    expected = Counter(text for texts in wanted.values() for text in texts)
    assert not expected - arrived, f"lost: {sorted(expected - arrived)}"
    assert not arrived - expected, f"doubled: {sorted(arrived - expected)}"
    assert sorted(talks.values()) == sorted(map(list, wanted.values())), "mixed, or disordered"
    for table in ("contact", "conversation"):
        counted = installation.rows(f"SELECT count(*) FROM notifications_{table}")
        assert counted == [(len(wanted),)], table


def check_unread(installation: Installation, team: Team) -> None:
    """Check that each conversation counts what is unread in it, and that the API shows the same."""
    rows = installation.rows(
        "SELECT talk.unread, count(message.id) FROM notifications_conversation AS talk"
        " LEFT JOIN notifications_message AS message ON message.conversation_id = talk.id"
        " AND message.direction = 'inbound' AND NOT message.is_read GROUP BY talk.id, talk.unread"
    )
    assert [kept for kept, _ in rows] == [counted for _, counted in rows]
    shown = [each["unread"] for each in team.conversations()]
    assert sorted(shown) == sorted(kept for kept, _ in rows)


def check_stream(installation: Installation) -> None:
    """Check that positions have no gap, and that events tell of each message as they should.

    There is one `message_received` for each inbound message. The statuses of an outbound message
    differ from one event to the next, and the last one is the message's own.
    """
    positions = [at for (at,) in installation.rows("SELECT position FROM orders_event ORDER BY 1")]
    assert positions == list(range(1, len(positions) + 1))
    assert installation.rows("SELECT last_position FROM orders_eventstream") == [(len(positions),)]

    received = "SELECT subject_uuid FROM orders_event WHERE type = 'message_received'"
    inbound = "SELECT uuid FROM notifications_message WHERE direction = 'inbound'"
    assert Counter(installation.rows(received)) == Counter(installation.rows(inbound))

    told: dict[object, list[str]] = defaultdict(list)
    for subject, data in installation.rows(
        "SELECT subject_uuid, data FROM orders_event WHERE type = 'message_status_changed'"
        " ORDER BY position"
    ):
        # SQLite keeps JSON as text.
        told[subject].append((json.loads(data) if isinstance(data, str) else data)["status"])
    outbound = "SELECT uuid, status FROM notifications_message WHERE direction = 'outbound'"
    assert {subject: statuses[-1] for subject, statuses in told.items()} == dict(
        installation.rows(outbound)
    )
    for statuses in told.values():
        assert all(before != after for before, after in pairwise(statuses))
