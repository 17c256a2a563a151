"""What the processes take: their memory after requests of every kind, a start, and idling.

It reads /proc, so it needs Linux.
"""

import base64
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from statistics import median
from typing import Any

import orjson
import requests
from django.conf import settings

from benchmarks.listening import Crowd, listening
from benchmarks.serving import (
    EMBEDDED_START_SECONDS,
    START_SECONDS,
    collected_in,
    cpu_seconds_of,
    serving,
    stop,
    wait_for,
)
from benchmarks.table import Row, Verdict, figures_of
from orderchainer.demo.loading import EMAIL, load_demo

# As in production.
THREADS = 8
# How often each address is asked for, and how many callers ask at once.
ROUNDS, CALLERS = 6, 4
# On a busy machine the first reader of the OpenAPI document waits for seconds.
ANSWER_SECONDS = 120.0
ORDERS = 50
STARTS = 3
# The targets.
MAX_WEB_MIB, MAX_EMBEDDED_MIB = 100, 150
MAX_START_SECONDS = 3.0
MAX_IDLE_PERCENT = 1.0
MAX_PUSH_MS = 20
# After a start there is work to catch up with. After that, beat's sweeps come every ten seconds.
SETTLE_SECONDS, IDLE_SECONDS = 10.0, 40.0
PUSHES, PAUSE_SECONDS = 60, 0.1


def standing(directory: Path, *, quick: bool) -> Iterator[Row]:
    """Measure a web process and the embedded one."""
    if settings.REDIS_URL:
        yield _web_process(directory)
    yield from _embedded_process(directory / "embedded", starts=1 if quick else STARTS)


# --- Memory -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Memory:
    """What a process has in memory, and what no other process shares with it, in MiB."""

    resident: float
    own: float

    def verdict(self, most: int) -> Verdict:
        """Judge what is resident."""
        target = f"<= {most} MiB: {self.resident:.0f}, {self.own:.0f} its own"
        return Verdict(target, self.resident <= most)


def memory_of(pid: int) -> Memory:
    """Return what a process has in memory now."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(size) for name, size in re.findall(r"(?m)^(\w+): +(\d+) kB", rollup)}
    return Memory(kib["Rss"] / 1024, (kib["Private_Clean"] + kib["Private_Dirty"]) / 1024)


def _children_of(pid: int) -> Sequence[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# --- Requests of every kind -------------------------------------------------------------------


class Visitor:
    """A signed-in member of staff who asks for every address."""

    def __init__(self, port: int, password: str) -> None:
        self._base = f"http://127.0.0.1:{port}"
        answer = requests.post(
            f"{self._base}/api/auth/token",
            json={"email": EMAIL, "password": password},
            timeout=ANSWER_SECONDS,
        )
        answer.raise_for_status()
        self.token: str = answer.json()["access_token"]
        self._api, self._pages = requests.Session(), requests.Session()
        self._api.headers["Authorization"] = f"Bearer {self.token}"
        for session in (self._api, self._pages):
            # gunicorn closes a connection that rests for two seconds, maybe just as we ask again.
            session.headers["Connection"] = "close"
        form = self._get(self._pages, "/admin/login/").text
        (csrf,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        self._pages.post(
            f"{self._base}/admin/login/",
            {"username": EMAIL, "password": password, "csrfmiddlewaretoken": csrf},
            timeout=ANSWER_SECONDS,
        ).raise_for_status()

    @property
    def user_id(self) -> int:
        """The id in the token."""
        claims = self.token.split(".")[1]
        return int(orjson.loads(base64.urlsafe_b64decode(claims + "=="))["user_id"])

    def visit_everything(self) -> int:
        """Ask for all that can be read without knowing a row; return how many requests that took.

        That is every such path of the OpenAPI document, the documentation, and each list and form
        of the admin.
        """
        document = self._get(self._api, "/openapi.json").json()
        projects = self._get(self._api, "/api/v1/projects").json()
        project = (projects["items"] if isinstance(projects, dict) else projects)[0]["id"]
        paths = [*_readable(document, project), "/", "/docs", "/redoc", "/openapi.json"]
        index = self._get(self._pages, "/admin/").text
        pages = sorted(set(re.findall(r'href="(/admin/[a-z_/]*)"', index)))
        calls = [
            *((self._api, path) for path in paths),
            *((self._pages, path) for path in pages if "logout" not in path),
        ]
        with ThreadPoolExecutor(CALLERS) as callers:
            return len(list(callers.map(lambda call: self._get(*call), calls * ROUNDS)))

    def create_order(self) -> None:
        """Create an order."""
        answer = self._api.post(
            f"{self._base}/api/orders/", json={"title": "An order"}, timeout=ANSWER_SECONDS
        )
        answer.raise_for_status()

    def _get(self, session: requests.Session, path: str) -> requests.Response:
        answer = session.get(self._base + path, timeout=ANSWER_SECONDS)
        # Without a worker /readyz says 503, and so do other pages while something is missing.
        if answer.status_code == requests.codes.server_error:
            msg = f"{path} answered {answer.status_code}"
            raise RuntimeError(msg)
        return answer


def _readable(document: Mapping[str, Any], project: str) -> Iterator[str]:
    """Yield the paths that can be read with the id of a project or with none."""
    for path, operations in document["paths"].items():
        if "get" in operations and set(re.findall(r"{(\w+)}", path)) <= {"project_id"}:
            yield path.replace("{project_id}", project)


# --- A web process ----------------------------------------------------------------------------


def _web_process(directory: Path) -> Row:
    """Measure the larger one of two processes of gunicorn, with all requests between them."""
    password = load_demo(as_staff=True).password
    assert password is not None
    variables = {
        **collected_in(directory / "static"),
        # Python counts it as unset, and keeps the bytecode as it does in an installation.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    application = "orderchainer.wsgi:application"
    with serving(application, directory, "/healthz", threads=THREADS, **variables) as server:
        visitor = Visitor(server.port, password)
        requests_made = visitor.visit_everything() + ORDERS
        for _ in range(ORDERS):
            visitor.create_order()
        memory = max(map(memory_of, _children_of(server.pid)), key=lambda each: each.resident)
    return Row(
        f"a web process after {requests_made:,} requests", verdicts=[memory.verdict(MAX_WEB_MIB)]
    )


# --- The embedded process ---------------------------------------------------------------------


def _embedded_process(directory: Path, *, starts: int) -> Iterator[Row]:
    directory.mkdir()
    with _embedded(directory) as (_, _port, first_output):
        (password,) = re.findall(r"password +(\S{16})", first_output.read_text())
    seconds = []
    for number in range(starts):
        with _embedded(directory) as (pid, port, _):
            seconds.append(cpu_seconds_of(pid) or 0.0)
            if number < starts - 1:
                continue
            spent = median(seconds)
            yield Row(
                "embedded: a warm start until it is ready",
                verdicts=[
                    Verdict(
                        f"<= {MAX_START_SECONDS:g} s of a core: {spent:.1f}",
                        spent <= MAX_START_SECONDS,
                    )
                ],
            )
            yield _idling(pid)
            visitor = Visitor(port, password)
            requests_made = visitor.visit_everything() + ORDERS
            for _ in range(ORDERS):
                visitor.create_order()
            yield Row(
                f"embedded: after {requests_made:,} requests",
                verdicts=[memory_of(pid).verdict(MAX_EMBEDDED_MIB)],
            )
            yield _pushing(port, visitor)


@contextmanager
def _embedded(directory: Path) -> Iterator[tuple[int, int, Path]]:
    """Start it as `make run` does, and wait until it is ready; yield its pid, port and output."""
    with create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    output = directory / "output.txt"
    variables = {
        "DEBUG": "on",
        "REDIS_URL": "",
        "DATABASE_URL": f"sqlite:///{directory / 'orderchainer.db'}",
        "LOG_FILE": str(directory / "orderchainer.log"),
        "MEDIA_ROOT": str(directory / "media"),
        "PRIVATE_FILES_ROOT": str(directory / "private"),
        "PORT": str(port),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--prepare"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **variables},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(process, port, "/readyz", output, seconds=EMBEDDED_START_SECONDS)
        yield process.pid, port, output
    finally:
        stop(process)


def _idling(pid: int) -> Row:
    time.sleep(SETTLE_SECONDS)
    before = cpu_seconds_of(pid) or 0.0
    time.sleep(IDLE_SECONDS)
    percent = ((cpu_seconds_of(pid) or 0.0) - before) / IDLE_SECONDS * 100
    target = f"<= {MAX_IDLE_PERCENT:g} % of a core: {percent:.1f}"
    return Row(
        "embedded: while nothing happens", verdicts=[Verdict(target, percent <= MAX_IDLE_PERCENT)]
    )


def _pushing(port: int, visitor: Visitor) -> Row:
    """Measure the time from before a request that creates an order to the message on a socket."""
    crowd = Crowd(port, f"/ws/notifications/{visitor.user_id}/", visitor.token, 1)
    with listening(crowd) as listeners:
        started = time.monotonic()
        listeners.expect(PUSHES, within_seconds=START_SECONDS)
        sent = []
        for _ in range(PUSHES):
            sent.append(time.monotonic())
            visitor.create_order()
            time.sleep(PAUSE_SECONDS)
        heard = listeners.heard()
    arrived = [min(heard.times[position]) for position in sorted(heard.times, key=int)]
    delays = sorted(moment - asked for asked, moment in zip(sent, arrived, strict=True))
    p95 = delays[len(delays) * 95 // 100] * 1000
    return Row(
        "embedded: a new order to a socket",
        figures_of(delays, elapsed=heard.last_at - started),
        verdicts=[Verdict(f"p95 <= {MAX_PUSH_MS} ms: {p95:.0f}", p95 <= MAX_PUSH_MS)],
    )
