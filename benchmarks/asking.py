"""Orders beside an assistant whose model hangs, and beside one that nobody asks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread

import orjson

from benchmarks.client import request_of
from benchmarks.seeding import Account
from benchmarks.serving import START_SECONDS, WORKERS, Server, serving
from benchmarks.table import Row, in_pairs, of_the_floor
from integrations.sandbox.gemini import Gemini, Step
from integrations.sandbox.server import Sandbox

# As in production.
THREADS = 8
CONCURRENCY = 2
CALLERS = 20
LONG_SECONDS = 600.0


def asking(directory: Path, writer: Account, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure creating orders while twenty people ask a model that hangs.

    The columns of the floor show the same service while nobody asks. Whoever finds no place comes
    back when `Retry-After` says.
    """
    gemini = Gemini()
    gemini.follow(Step(seconds=LONG_SECONDS, times=1_000_000))
    sandbox = Sandbox(gemini)
    sandbox.start()
    variables = {
        "GEMINI_API_BASE": f"http://{sandbox.host}/gemini",
        "GEMINI_API_KEY": gemini.key,
        "ASSISTANT_TIMEOUT": "120",
        "ASSISTANT_CONCURRENCY": str(CONCURRENCY),
    }
    request = request_of("POST", "/api/orders/", writer.token, orjson.dumps({"title": "Order"}))
    application = "orderchainer.wsgi:application"
    try:
        with (
            serving(application, directory, "/healthz", threads=THREADS, **variables) as asked,
            serving(application, directory, "/healthz", threads=THREADS, **variables) as idle,
            _hanging(asked, writer),
        ):
            _wait_until_calls_hang(sandbox)
            for server in (asked, idle):
                server.measure([request], seconds=1, expected_status=201)
            pairs = in_pairs(
                rounds,
                lambda: asked.measure([request], seconds=seconds, expected_status=201),
                lambda: idle.measure([request], seconds=seconds, expected_status=201),
            )
            # Let the calls end, so that the server can stop.
            sandbox.reset()
    finally:
        sandbox.stop()
    yield Row(
        f"create an order, {CALLERS} ask a model that hangs / nobody asks",
        pairs.ours,
        pairs.floor,
        pairs.ratio,
        pairs.cpu_ratio,
        [of_the_floor(pairs.ratio, 0.9)],
    )


def _wait_until_calls_hang(sandbox: Sandbox) -> None:
    """Wait until every process has asked as often as it may: each loads Google's library first."""
    deadline = time.monotonic() + START_SECONDS
    while len(sandbox.requests) < WORKERS * CONCURRENCY:
        if time.monotonic() > deadline:
            msg = f"Only {len(sandbox.requests)} calls of the model hang."
            raise RuntimeError(msg)
        time.sleep(0.1)


@contextmanager
def _hanging(server: Server, account: Account) -> Iterator[None]:
    """Have so many callers ask the assistant again and again until the block ends."""
    project = account.user.personal_project
    question = orjson.dumps({"project_id": str(project.uuid), "message": "Well?"})
    headers = {"Authorization": f"Bearer {account.token}", "Content-Type": "application/json"}
    is_over = Event()

    def ask() -> None:
        while not is_over.is_set():
            connection = HTTPConnection("127.0.0.1", server.port, timeout=130)
            try:
                connection.request("POST", "/api/v1/assistant/query", question, headers)
                answer = connection.getresponse()
                answer.read()
                pause = float(answer.headers.get("Retry-After", 1))
            except (OSError, HTTPException):
                return  # the server stops
            finally:
                connection.close()
            is_over.wait(pause)

    callers = [Thread(target=ask, daemon=True) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield
    finally:
        is_over.set()
