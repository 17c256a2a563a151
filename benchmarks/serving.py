"""Run both applications under gunicorn, in two processes of four threads, and workers beside them.

Production has eight threads in each. The assistant can occupy four of them, so these four are what
orders have at least.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from django.conf import settings

from benchmarks import client
from benchmarks.table import Figures, figures_of

WORKERS = 2
THREADS = 4
START_SECONDS = 30
# It fills its database first.
EMBEDDED_START_SECONDS = 120
STOP_SECONDS = 20


@dataclass(frozen=True)
class Server:
    """A running server: its port and its parent process."""

    port: int
    pid: int

    def measure(
        self,
        requests: list[str],
        *,
        seconds: float,
        expected_status: int = 200,
        clients: int = client.CONNECTIONS,
        once: bool = False,
        pace: int | None = None,
    ) -> Figures:
        """Send `requests` in turn for `seconds`, or each just once; return the figures.

        With a `pace`, so many are sent in a second.
        """
        before = cpu_seconds_of(self.pid)
        answered = client.run(
            client.Job(self.port, requests, seconds, expected_status, clients, once, pace)
        )
        after = cpu_seconds_of(self.pid)
        spent = None if before is None or after is None else after - before
        return figures_of(answered.seconds, elapsed=answered.elapsed, cpu_seconds=spent)


@contextmanager
def serving(
    application: str, directory: Path, path: str, *, threads: int = THREADS, **variables: str
) -> Iterator[Server]:
    """Serve a WSGI application on a free port. `path` answers 2xx once it is ready.

    `variables` are added to this process's environment.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        port = listener.getsockname()[1]
        log = directory / f"gunicorn-{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    sys.executable,
                    *("-m", "gunicorn", application),
                    *("--bind", f"fd://{listener.fileno()}"),
                    *("--worker-class", "gthread"),
                    *("--workers", str(WORKERS), "--threads", str(threads)),
                    "--no-control-socket",
                ],
                env={**os.environ, **variables},
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(process, port, path, log)
            yield Server(port, process.pid)
        finally:
            stop(process)


@contextmanager
def worker(directory: Path, queue: str) -> Iterator[int]:
    """Run a worker with two processes, as in production; yield its process id."""
    with (directory / f"worker-{queue}.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--app", "orderchainer", "worker"),
                *("--queues", queue, "--concurrency", "2", "--hostname", f"{queue}@bench"),
            ],
            env={**os.environ, "DATABASE_POOL_SIZE": "0"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process.pid
    finally:
        stop(process)


def stop(process: "subprocess.Popen[Any]") -> None:
    """End a process: ask it first, and kill it if it does not listen."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(
    process: "subprocess.Popen[bytes]",
    port: int,
    path: str,
    log: Path,
    *,
    seconds: float = START_SECONDS,
) -> None:
    """Wait until the application answers. Otherwise raises RuntimeError with the end of its log."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            if connection.getresponse().status < 300:
                return
        except OSError:
            pass  # not there yet
        finally:
            connection.close()
        time.sleep(0.1)
    msg = f"The server did not start:\n{log.read_text()[-2000:]}"
    raise RuntimeError(msg)


def collected_in(directory: Path) -> dict[str, str]:
    """Collect the static files, as for production; return the variables that make us serve them."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.collected",
        "BENCH_STATIC_ROOT": str(directory),
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env={**os.environ, **variables},
        check=True,
    )
    return variables


def cpu_seconds_of(pid: int) -> float | None:
    """Return the processor time of a process and its children so far, or None without /proc."""
    processes = Path("/proc")
    if not (processes / "self/stat").exists():
        return None
    ticks = 0
    for stat in processes.glob("[0-9]*/stat"):
        try:
            # The program's name in brackets may contain anything.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])  # user and system time
    return ticks / os.sysconf("SC_CLK_TCK")
