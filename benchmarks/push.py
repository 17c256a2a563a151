"""Push of events to many sockets: all at once, one by one, and a few per second.

A rate counts messages to clients. A delay runs from an event's commit to its arrival at a client,
so it includes the relay. Processor time is what the server spends on one event for the whole crowd.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection, create_server
from typing import Protocol
from uuid import UUID

from benchmarks.bare_push import PUBLISH
from benchmarks.listening import Crowd, Heard, Listeners, listening
from benchmarks.seeding import Account, add_events, make_account
from benchmarks.serving import START_SECONDS, cpu_seconds_of
from benchmarks.table import Figures, Row, Verdict, figures_of, in_pairs
from notifications.sockets.messages import message_of
from orders.lifecycle import EventType
from orders.stream.models import ORDER, Event
from orders.stream.relay import relay_events

SIZES = (100, 500)
EVENTS = 200
STEADY_SECONDS = 0.2
# The targets, at the larger size.
DELIVERIES_PER_SECOND = 35_000
P99_MS = 25.0
PATIENCE_SECONDS = 60.0


class Stage(Protocol):
    """A server that pushes events to a crowd."""

    port: int
    path: str
    token: str
    pid: int

    def prepare(self, events: int) -> None:
        """Do the part of the work on these events that is not measured."""

    def release(self) -> None:
        """Send what was prepared."""

    def send_one(self) -> float:
        """Create and send one event. Return the monotonic time of its commit, or an earlier one."""


# --- Stages -------------------------------------------------------------------------------------


class Service:
    """Our server. The relay runs in this process; in production a worker runs it."""

    def __init__(self, account: Account, port: int, pid: int) -> None:
        self.path = f"/ws/notifications/{account.user.pk}/"
        self.token, self.port, self.pid = account.token, port, pid
        self._account = account

    def prepare(self, events: int) -> None:
        """Commit events that have no position in the stream yet."""
        add_events(self._account, events)

    def release(self) -> None:
        """Give them their positions."""
        relay_events()

    def send_one(self) -> float:
        """Commit one event and give it its position."""
        add_events(self._account, 1)
        committed_at = time.monotonic()
        relay_events()
        return committed_at


class EmbeddedService(Service):
    """Our server in the embedded mode. Only a new order can wake its relay."""

    def __init__(self, account: Account, port: int, pid: int) -> None:
        super().__init__(account, port, pid)
        self._http = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)

    def prepare(self, events: int) -> None:
        """Commit all but the last."""
        add_events(self._account, events - 1)

    def release(self) -> None:
        """Commit the last one by creating an order, which relays all of them."""
        self.send_one()

    def send_one(self) -> float:
        """Create an order."""
        asked_at = time.monotonic()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        self._http.request("POST", "/api/orders/", '{"title": "An order"}', headers)
        answer = self._http.getresponse()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"POST /api/orders/ answered {answer.status}")
        return asked_at


class Bare:
    """A bare broadcast of the same messages, which it gets over another socket."""

    path = "/"
    token = "-"

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid
        self._frames: list[bytes] = []
        self._position = 0
        self._socket = create_connection(("127.0.0.1", port))
        self._socket.sendall(
            f"GET {PUBLISH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(4096)

    def prepare(self, events: int) -> None:
        """Frame the messages."""
        self._frames = [self._next_frame() for _ in range(events)]

    def release(self) -> None:
        """Publish them."""
        self._socket.sendall(b"".join(self._frames))

    def send_one(self) -> float:
        """Publish one."""
        self._socket.sendall(self._next_frame())
        return time.monotonic()

    def _next_frame(self) -> bytes:
        self._position += 1
        event = Event(
            event_id=UUID(int=self._position << 64),
            type=EventType.CREATED,
            subject_kind=ORDER,
            order_id=1,
            position=self._position,
        )
        text = message_of(event).text
        # Longer than 125 bytes, and masked as a client must; the mask is zero.
        return bytes([0x81, 0x80 | 126]) + len(text).to_bytes(2, "big") + bytes(4) + text


@contextmanager
def service(directory: Path, account: Account) -> Iterator[Stage]:
    """Run our server as in production, or in the embedded mode without Redis."""
    embedded = not os.environ["REDIS_URL"]
    with running(
        directory,
        lambda port: ["manage.py", "serve"],
        "PORT" if embedded else "WS_PORT",
    ) as (port, pid):
        yield (EmbeddedService if embedded else Service)(account, port, pid)


@contextmanager
def bare_broadcast(directory: Path) -> Iterator[Stage]:
    """Run the bare broadcast under plain daphne."""
    command = [
        "-m",
        "daphne",
        "-b",
        "127.0.0.1",
        "benchmarks.bare_push:application",
        "-p",
    ]
    with running(directory, lambda port: [*command, str(port)]) as (port, pid):
        yield Bare(port, pid)


@contextmanager
def running(
    directory: Path, command: Callable[[int], list[str]], variable: str = "PORT"
) -> Iterator[tuple[int, int]]:
    with create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    log = directory / f"push-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command(port)],
            env={**os.environ, variable: str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(process, port, log)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    msg = f"The server did not start:\n{log.read_text()[-2000:]}"
    raise RuntimeError(msg)


# --- Measuring ----------------------------------------------------------------------------------


class Audience:
    """A stage with its crowd. It records whether every message reached everyone in order."""

    def __init__(self, stage: Stage, listeners: Listeners, size: int) -> None:
        self._stage, self._listeners, self._size = stage, listeners, size
        self.nothing_lost = True

    def at_once(self) -> Figures:
        """Send all events together."""
        self._stage.prepare(EVENTS)
        return self._timed(self._stage.release)

    def one_by_one(self) -> Figures:
        """Send each event by itself. The speed of commit and relay bounds the rate."""

        def send() -> None:
            for _ in range(EVENTS):
                self._stage.send_one()

        return self._timed(send)

    def steadily(self, events: int) -> Figures:
        """Send a few per second, and measure how long each takes to each client."""
        self._listeners.expect(events, within_seconds=PATIENCE_SECONDS)
        sent = []
        cpu = cpu_seconds_of(self._stage.pid)
        started = time.monotonic()
        for number in range(events):
            time.sleep(max(0.0, started + number * STEADY_SECONDS - time.monotonic()))
            sent.append(self._stage.send_one())
        heard = self._heard(events)
        arrived = [heard.times[position] for position in sorted(heard.times, key=int)]
        delays = [
            moment - start
            for start, moments in zip(sent, arrived, strict=False)
            for moment in moments
        ]
        figures = figures_of(delays, elapsed=heard.last_at - started)
        return replace(figures, cpu_ms=_cpu_ms(self._stage.pid, cpu, events))

    def _timed(self, send: Callable[[], None]) -> Figures:
        self._listeners.expect(EVENTS, within_seconds=PATIENCE_SECONDS)
        cpu, started = cpu_seconds_of(self._stage.pid), time.monotonic()
        send()
        heard = self._heard(EVENTS)
        return Figures(
            per_second=heard.received / (heard.last_at - started),
            cpu_ms=_cpu_ms(self._stage.pid, cpu, EVENTS),
        )

    def _heard(self, events: int) -> Heard:
        heard = self._listeners.heard()
        complete = heard.received == events * self._size and heard.in_order
        self.nothing_lost = self.nothing_lost and complete
        return heard


def _cpu_ms(pid: int, before: float | None, events: int) -> float | None:
    """Return the processor time since `before`, per event for the whole crowd."""
    after = cpu_seconds_of(pid)
    return None if before is None or after is None else (after - before) / events * 1000


def pushing(directory: Path, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure push to each size of crowd; a steady measurement takes five times `seconds`."""
    account = make_account("listener", 1)
    relay_events()
    with service(directory, account) as ours, bare_broadcast(directory) as floor:
        for size in SIZES:
            with (
                _before_a_crowd(ours, size) as above,
                _before_a_crowd(floor, size) as below,
            ):
                yield from _rows(size, above, below, rounds, seconds)


@contextmanager
def _before_a_crowd(stage: Stage, size: int) -> Iterator[Audience]:
    with listening(Crowd(stage.port, stage.path, stage.token, size)) as listeners:
        yield Audience(stage, listeners, size)


def _rows(size: int, ours: Audience, floor: Audience, rounds: int, seconds: float) -> Iterator[Row]:
    events = max(10, round(5 * seconds / STEADY_SECONDS))
    for what, rounds_of_it, measure, target in (
        (f"push {EVENTS} events at once", rounds, Audience.at_once, _fast_enough),
        (f"push {EVENTS} events one by one", rounds, Audience.one_by_one, None),
        ("push 5 events/s", 1, partial(Audience.steadily, events=events), _soon_enough),
    ):
        pairs = in_pairs(rounds_of_it, partial(measure, ours), partial(measure, floor))
        verdicts = [Verdict("nothing lost", ours.nothing_lost)]
        if target and size == SIZES[-1]:
            verdicts.append(target(pairs.ours))
        yield Row(
            f"{what} to {size:,}",
            pairs.ours,
            pairs.floor,
            pairs.ratio,
            pairs.cpu_ratio,
            verdicts,
        )


def _fast_enough(figures: Figures) -> Verdict:
    met = figures.per_second >= DELIVERIES_PER_SECOND
    return Verdict(f">= {DELIVERIES_PER_SECOND:,}/s", met)


def _soon_enough(figures: Figures) -> Verdict:
    met = figures.p99_ms is not None and figures.p99_ms <= P99_MS
    return Verdict(f"p99 <= {P99_MS:.0f} ms", met)
