"""Messages on their way: in from a provider's call to the stream and the sockets, and out again."""

import hashlib
import hmac
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import orjson
from django.test import Client, override_settings

from accounts.models import Project
from accounts.services import create_project
from benchmarks import client, push
from benchmarks.listening import Crowd, listening
from benchmarks.seeding import Account, make_account, settle
from benchmarks.serving import START_SECONDS, cpu_seconds_of, serving, stop, worker
from benchmarks.statements import statements_of
from benchmarks.table import Figures, Row, Verdict, at_most, figures_of
from integrations.inbound import working
from integrations.models import InboundDelivery, Integration
from integrations.models.integrations import sealed
from integrations.sandbox.whatsapp.network import config_of, default_number
from integrations.sandbox.whatsapp.webhooks import body_of, value_about
from integrations.whatsapp.webhook import SIGNATURE
from notifications.models import MessageSend
from notifications.services import Recipient, send_message
from notifications.work import sending
from orders.stream.models import Event
from orders.stream.relay import relay_events

PATH = "/api/v1/webhooks/whatsapp"
NUMBER = default_number()
# People who have written before.
CUSTOMERS = 100
# Messages a second of the measurement to a socket: more than four hundred thousand a day.
PACE = 5
# The targets, without the statements that open and close transactions.
MAX_STATEMENTS_IN, MAX_STATEMENTS_OUT = 22, 32
MAX_P95_MS = 300
PATIENCE_SECONDS = 120

_IS_TRANSACTION = re.compile("BEGIN|SAVEPOINT|RELEASE")
_number = count(1)


@dataclass(frozen=True)
class Desk:
    """A member of a project with a phone number, and the processes that work for it."""

    member: Account
    project: Project
    # Where providers call, and where sockets are.
    port: int
    socket_port: int
    pids: Sequence[int]

    @property
    def cpu_seconds(self) -> float | None:
        """The processor time of all processes so far, or None without /proc."""
        spent = [cpu_seconds_of(pid) for pid in self.pids]
        return None if None in spent else sum(each for each in spent if each is not None)


def moving(directory: Path, seconds: float) -> Iterator[Row]:
    """Measure messages that come in, messages that go out, and how soon a socket hears of one."""
    member = make_account("desk")
    project = create_project(owner=member.user, name="Desk")
    _connect(project, member)
    statements_in = [_statements_in() for _ in range(3)][-1]
    for _ in range(CUSTOMERS):
        _receive()
    relay_events()
    settle()
    with _working(directory, member, project) as desk:
        # The first calls of each process take longer.
        _arrive(desk, 20)
        ours = _arrive(desk, int(seconds * 250))
        figures = Figures(ours.per_second, statements=statements_in, cpu_ms=ours.cpu_ms)
        yield Row(
            "message in, to the stream",
            figures,
            verdicts=[at_most(statements_in, MAX_STATEMENTS_IN)],
        )
        delays, elapsed = _delays(desk, int(max(10, seconds * 30)))
        p95 = sorted(delays)[len(delays) * 95 // 100] * 1000
        yield Row(
            f"message in, to a socket, {PACE}/s",
            figures_of(delays, elapsed=elapsed),
            verdicts=[Verdict(f"p95 {p95:.0f} <= {MAX_P95_MS} ms", p95 <= MAX_P95_MS)],
        )
    with _whatsapp(directory):
        yield _sending(member, project, int(seconds * 50))


# --- In ---------------------------------------------------------------------------------------


def _connect(project: Project, member: Account) -> None:
    config = config_of(NUMBER)
    Integration.objects.create(
        project=project,
        provider="whatsapp",
        account=NUMBER.id,
        status=Integration.Status.CONNECTED,
        config={"phone_number_id": NUMBER.id},
        secrets=sealed({name: config[name] for name in ("access_token", "app_secret")}),
        connected_by=member.user,
    )


def _call() -> tuple[bytes, str]:
    """Return the body of a new message of one of the customers, and its signature."""
    number = next(_number)
    person = number % CUSTOMERS
    message = {
        "from": f"1650555{person:04}",
        "from_user_id": f"US.{person}",
        "id": f"wamid.{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": f"Where is my order? I ask for the {number}th time."},
    }
    contact = {
        "profile": {"name": f"Customer {person}"},
        "wa_id": message["from"],
        "user_id": message["from_user_id"],
    }
    body = body_of(NUMBER.waba_id, [value_about(NUMBER, contacts=[contact], messages=[message])])
    signature = hmac.new(NUMBER.app_secret.encode(), body, hashlib.sha256).hexdigest()
    return body, f"sha256={signature}"


def _request() -> str:
    """Return a new call as text for the socket."""
    body, signature = _call()
    lines = [
        f"POST {PATH} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"{SIGNATURE}: {signature}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body.decode()])


def _receive() -> None:
    """Take a new message and work on it, in this process."""
    body, signature = _call()
    answer = Client(SERVER_NAME="localhost").post(
        PATH, body, content_type="application/json", headers={SIGNATURE: signature}
    )
    delivery = InboundDelivery.objects.order_by("pk").last()
    if answer.status_code != 200 or delivery is None:
        msg = f"webhook: {answer.status_code} {answer.content[:500]!r}"
        raise RuntimeError(msg)
    working.work_on(delivery.pk)


def _statements_in() -> int:
    """Count the statements of a message in this process: the call, and the work on it."""
    with statements_of() as sent:
        _receive()
    # Finding the delivery here is one statement that no worker needs.
    return sum(not _IS_TRANSACTION.match(sql) for sql in sent) - 1


def _arrive(desk: Desk, messages: int) -> Figures:
    """Post messages from eight clients; measure until the last one is in the stream."""
    requests = [_request() for _ in range(messages)]
    wanted = _in_the_stream() + messages
    cpu, started = desk.cpu_seconds, time.monotonic()
    client.run(client.Job(desk.port, requests, PATIENCE_SECONDS, 200, once=True))
    _wait_for(lambda: _in_the_stream() >= wanted, f"{messages} messages in the stream")
    elapsed = time.monotonic() - started
    after = desk.cpu_seconds
    spent = None if cpu is None or after is None else (after - cpu) / messages * 1000
    return Figures(per_second=messages / elapsed, cpu_ms=spent)


def _in_the_stream() -> int:
    told = Event.objects.filter(type="message_received", position__isnull=False)
    return told.count()


def _wait_for(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            msg = f"not within {PATIENCE_SECONDS} s: {what}"
            raise RuntimeError(msg)
        time.sleep(0.02)


def _delays(desk: Desk, messages: int) -> tuple[list[float], float]:
    """Post a message at a time, and return how long each took to a socket, and all together."""
    path = f"/ws/projects/{desk.project.uuid}/"
    http = HTTPConnection("127.0.0.1", desk.port, timeout=START_SECONDS)
    with listening(Crowd(desk.socket_port, path, desk.member.token, 1)) as listeners:
        listeners.expect(messages, within_seconds=messages / PACE + PATIENCE_SECONDS)
        sent: list[float] = []
        started = time.monotonic()
        for number in range(messages):
            time.sleep(max(0.0, started + number / PACE - time.monotonic()))
            body, signature = _call()
            sent.append(time.monotonic())
            headers = {"Content-Type": "application/json", SIGNATURE: signature}
            http.request("POST", PATH, body, headers)
            http.getresponse().read()
        heard = listeners.heard()
    if heard.received != messages:
        msg = f"{heard.received} of {messages} messages came to the socket."
        raise RuntimeError(msg)
    arrived = [heard.times[position][0] for position in sorted(heard.times, key=int)]
    delays = [then - before for before, then in zip(sent, arrived, strict=True)]
    return delays, time.monotonic() - started


# --- Out --------------------------------------------------------------------------------------


def _sending(member: Account, project: Project, messages: int) -> Row:
    """Measure one message after the other, from the service to the provider's answer."""

    def send() -> None:
        recipient = Recipient(user_id=f"US.{next(_number) % CUSTOMERS}")
        message = send_message(
            project=project,
            by=member.user,
            recipient=recipient,
            channel="whatsapp",
            content="Your order has been shipped!",
        )
        sending.send_part(MessageSend.objects.values_list("pk", flat=True).get(message=message))

    send()
    with statements_of() as sent:
        send()
    # Finding the part here is one statement that no worker needs.
    statements = sum(not _IS_TRANSACTION.match(sql) for sql in sent) - 1
    took: list[float] = []
    cpu, started = time.process_time(), time.perf_counter()
    for _ in range(messages):
        before = time.perf_counter()
        send()
        took.append(time.perf_counter() - before)
    elapsed = time.perf_counter() - started
    figures = figures_of(took, elapsed=elapsed, cpu_seconds=time.process_time() - cpu)
    if MessageSend.objects.exclude(state="sent").exists():
        raise RuntimeError("Not every message was sent.")
    return Row(
        "message out, to the provider",
        Figures(figures.per_second, figures.p50_ms, figures.p99_ms, statements, figures.cpu_ms),
        verdicts=[at_most(statements, MAX_STATEMENTS_OUT)],
    )


@contextmanager
def _whatsapp(directory: Path) -> Iterator[None]:
    """Run the emulated WhatsApp in a process of its own. It knows our customers by their keys."""
    process = subprocess.Popen(
        [sys.executable, "-m", "integrations.sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=(directory / "sandbox.log").open("w"),
        text=True,
    )
    try:
        assert process.stdout is not None
        host = process.stdout.readline().strip().partition("http://")[2]
        http = HTTPConnection(host, timeout=START_SECONDS)
        for number in range(CUSTOMERS):
            about = {"user_id": f"US.{number}", "wa_id": f"1650555{number:04}"}
            _ask(http, "POST", "customers", about)
            # Its windows open when a customer writes.
            _ask(http, "POST", "write", {"user_id": f"US.{number}", "text": "Hello"})
        _ask(http, "PATCH", "switches", {"statuses": []})
        with override_settings(WHATSAPP_API_BASE=f"http://{host}/whatsapp"):
            yield
    finally:
        stop(process)


def _ask(http: HTTPConnection, method: str, what: str, body: object) -> None:
    path = f"/_control/whatsapp/{what}"
    http.request(method, path, orjson.dumps(body), {"Content-Type": "application/json"})
    answer = http.getresponse()
    answer.read()
    if answer.status >= 300:
        msg = f"{method} {path}: {answer.status}"
        raise RuntimeError(msg)


# --- The processes ----------------------------------------------------------------------------


@contextmanager
def _working(directory: Path, member: Account, project: Project) -> Iterator[Desk]:
    """Run what works on calls: as in production, or the embedded mode without Redis."""
    with ExitStack() as stack:
        is_embedded = not os.environ["REDIS_URL"]
        variable = "PORT" if is_embedded else "WS_PORT"
        sockets, pid = stack.enter_context(
            push.running(directory, lambda port: ["manage.py", "serve"], variable)
        )
        if is_embedded:
            yield Desk(member, project, sockets, sockets, [pid])
            return
        web = stack.enter_context(serving("orderchainer.wsgi:application", directory, "/healthz"))
        workers = [
            stack.enter_context(worker(directory, queue)) for queue in ("providers", "celery")
        ]
        yield Desk(member, project, web.port, sockets, [pid, web.pid, *workers])
