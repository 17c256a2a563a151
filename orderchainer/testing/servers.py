"""Start the service's processes for a test, and make sure that they end."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.db import connection

from orderchainer.core.limits.rates import LIMITS

# On a machine with much other work.
START_SECONDS = 240.0
SQLITE_FILE = "orderchainer.db"

needs_services = pytest.mark.skipif(
    connection.vendor != "postgresql" or not settings.REDIS_URL,
    reason="needs DATABASE_URL to name a PostgreSQL and REDIS_URL a Redis",
)


def free_port() -> int:
    """Return a free port of this machine."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def plenty() -> dict[str, str]:
    """Return limits that count but that no test reaches, for tests that send more requests than
    clients may.

    pytest loads this module before the apps have registered their limits.
    """
    return dict.fromkeys((limit.setting for limit in LIMITS.values()), "1000000/m")


def environment_in(directory: Path, **variables: str) -> dict[str, str]:
    """Return the environment for processes that write all their files into `directory`."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "ENV_FILE": "",
        "DATABASE_URL": f"sqlite:///{directory / SQLITE_FILE}",
        "LOG_FILE": str(directory / "orderchainer.log"),
        "MEDIA_ROOT": str(directory / "media"),
        "PRIVATE_FILES_ROOT": str(directory / "private"),
        **variables,
    }


def services_of_this_test() -> dict[str, str]:
    """Return DATABASE_URL of the test database and REDIS_URL of a database for this test process.

    Workers that share a Redis database would take each other's tasks.
    """
    database = connection.settings_dict
    user = quote(database["USER"]) + (
        f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    )
    redis = urlsplit(settings.REDIS_URL)
    number = int(redis.path.strip("/") or 0)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return {
        "DATABASE_URL": (
            f"postgres://{user}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
        ),
        "REDIS_URL": redis._replace(path=f"/{(number - worker) % 16}").geturl(),
    }


class Service:
    """A `python …` process of the project in its own process group."""

    def __init__(self, *command: str, environment: dict[str, str], output: Path) -> None:
        self.port = int(environment["PORT"])
        self._output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A shell ignores SIGINT for tests that it runs in the background, and children
                # inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    @property
    def output(self) -> str:
        """What the process has printed and logged to the console so far."""
        return self._output.read_text()

    def status_of(self, path: str) -> int:
        """Return the status of GET `path`. Raises OSError while nothing listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status

    def wait_for(self, path: str, status: int = 200) -> None:
        """Wait until GET `path` answers with `status`."""
        deadline = time.monotonic() + START_SECONDS
        seen: object = None
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                seen = self.status_of(path)
            except OSError as exc:
                seen = exc
            if seen == status:
                return
            time.sleep(0.05)
        raise AssertionError(f"{path}: {seen!r} instead of {status}\n{self.output}")

    def stop(self, with_signal: signal.Signals, within_seconds: float) -> int:
        """Signal the process and return its exit status.

        Raises TimeoutExpired if it takes too long.
        """
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=within_seconds)

    def signal_all(self, number: signal.Signals) -> None:
        """Signal every process of its group."""
        os.killpg(self.process.pid, number)

    @property
    def left_processes(self) -> bool:
        """Whether any process of its group still exists."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """`kill -9` the whole group, if it exists."""
        if self.left_processes:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(*command: str, directory: Path, **variables: str) -> Iterator[Service]:
    """Run `python …` with its files in `directory`, and kill what is left of it at the end."""
    variables.setdefault("PORT", str(free_port()))
    directory.mkdir(exist_ok=True)
    service = Service(
        *command,
        environment=environment_in(directory, **variables),
        output=directory / "output.txt",
    )
    try:
        yield service
    finally:
        service.kill()
