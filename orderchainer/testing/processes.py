"""Whole installations in real processes. A test may kill each process and start it again.

    with embedded(tmp_path) as installation:
        installation.start("serve")
        …
        installation.kill("serve")

Each process has its own process group. At the end, the context kills what is left of each group.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache as once
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from psycopg import sql

from orderchainer.testing.servers import (
    SQLITE_FILE,
    START_SECONDS,
    Service,
    environment_in,
    free_port,
    plenty,
)

# The processes of the production mode, as `docker-compose.yml` starts them. `{port}` and the
# variables are filled in when a process starts.
PRODUCTION: Mapping[str, Sequence[str]] = {
    "web": (
        *("-m", "gunicorn", "orderchainer.wsgi:application", "--bind", "127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--graceful-timeout", "10", "--no-control-socket"),
    ),
    "daphne": ("manage.py", "serve"),
    "worker": (
        *("-m", "celery", "--app", "orderchainer", "worker", "--queues", "celery"),
        *("--concurrency", "2", "--hostname", "events@%h"),
    ),
    "deliveries": (
        *("-m", "celery", "--app", "orderchainer", "worker", "--queues", "deliveries"),
        *("--concurrency", "2", "--hostname", "deliveries@%h"),
    ),
    "emails": (
        *("-m", "celery", "--app", "orderchainer", "worker", "--queues", "emails"),
        *("--concurrency", "1", "--hostname", "emails@%h"),
    ),
    "providers": (
        *("-m", "celery", "--app", "orderchainer", "worker", "--queues", "providers"),
        *("--concurrency", "2", "--hostname", "providers@%h"),
    ),
    "syncs": (
        *("-m", "celery", "--app", "orderchainer", "worker", "--queues", "syncs"),
        *("--concurrency", "2", "--hostname", "syncs@%h"),
    ),
    "messages": (
        *("-m", "celery", "--app", "orderchainer", "worker", "--queues", "messages"),
        *("--concurrency", "2", "--hostname", "messages@%h"),
    ),
    "reports": (
        *("-m", "celery", "--app", "orderchainer", "worker", "--queues", "reports"),
        *("--concurrency", "1", "--hostname", "reports@%h"),
    ),
    "beat": ("-m", "celery", "--app", "orderchainer", "beat"),
}  # fmt: skip
# A prefork process runs one task at a time and needs no pool.
PRODUCTION_VARIABLES: Mapping[str, Mapping[str, str]] = {
    "worker": {"DATABASE_POOL_SIZE": "0"},
    "deliveries": {"DATABASE_POOL_SIZE": "0"},
    "emails": {"DATABASE_POOL_SIZE": "0"},
    "providers": {"DATABASE_POOL_SIZE": "0"},
    "syncs": {"DATABASE_POOL_SIZE": "0"},
    "messages": {"DATABASE_POOL_SIZE": "0"},
    "reports": {"DATABASE_POOL_SIZE": "0"},
}
# Short timeouts, and the shortest lease that the checks allow with them.
SHORT_LEASE: Mapping[str, str] = {
    "DISCORD_WEBHOOK_TIMEOUT": "0.5",
    "SHOPIFY_TIMEOUT": "1.5",
    "TELEGRAM_TIMEOUT": "1.5",
    "WHATSAPP_TIMEOUT": "1.5",
    "DELIVERY_LEASE_SECONDS": "6",
}
EMBEDDED: Mapping[str, Sequence[str]] = {"serve": ("manage.py", "serve", "--prepare")}

Found = TypeVar("Found")

NO_OPTIONS = sql.SQL("")


def wait_until(holds: Callable[[], object], *, within_seconds: float, what: str) -> None:
    """Poll until `holds` is true. Raises AssertionError if that takes too long."""
    deadline = time.monotonic() + within_seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_seconds:g} s: {what}"
        time.sleep(0.05)


class Installation:
    """The processes of one installation. They share an environment, a database and a directory."""

    def __init__(
        self, directory: Path, commands: Mapping[str, Sequence[str]], **variables: str
    ) -> None:
        self.directory = directory
        self.commands = commands
        self.variables = {
            "DEBUG": "off",
            "SECRET_KEY": "k" * 50,
            "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
            "PORT": str(free_port()),
            **plenty(),
            **variables,
        }
        self.database_url = environment_in(directory, **self.variables)["DATABASE_URL"]
        self.services: dict[str, Service] = {}
        self._starts = 0

    @property
    def url(self) -> str:
        """The URL of its HTTP server."""
        return f"http://127.0.0.1:{self.variables['PORT']}"

    def start(self, *names: str) -> None:
        """Start processes by name, without waiting for them."""
        for name in names:
            self._starts += 1
            self.services[name] = Service(
                *(part.format(port=self.variables["PORT"]) for part in self.commands[name]),
                environment=environment_in(
                    self.directory,
                    **{**self.variables, **PRODUCTION_VARIABLES.get(name, {})},
                ),
                output=self.directory / f"{self._starts:02}-{name}.txt",
            )  # fmt: skip

    def kill(self, *names: str) -> None:
        """`kill -9` processes and all their children, in the given order."""
        for name in names:
            self.services.pop(name).kill()

    def kill_while(
        self, *names: str, find: Callable[[], list[Found]], within_seconds: float, what: str
    ) -> list[Found]:
        """`kill -9` processes at a moment when `find` finds something; return what it found.

        The processes stand still while we look, so it is still true when they die.
        """
        found: list[Found] = []

        def is_found() -> bool:
            for name in names:
                self.services[name].signal_all(signal.SIGSTOP)
            # A thread within a system call stops only when that returns, maybe from a commit.
            time.sleep(0.2)
            found[:] = find()
            if not found:
                for name in names:
                    self.services[name].signal_all(signal.SIGCONT)
            return bool(found)

        wait_until(is_found, within_seconds=within_seconds, what=what)
        self.kill(*names)
        return found

    def wait_until_it_listens(self, name: str) -> None:
        """Wait until the process of that name answers HTTP."""
        self.services[name].wait_for("/healthz")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read the database with plain SQL, so that the check does not rely on the service's own
        code.
        """
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, timeout=20)) as connection:
                return connection.execute(query).fetchall()
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def close(self) -> None:
        """Kill all processes that are left."""
        self.kill(*self.services)


@contextmanager
def embedded(directory: Path, **variables: str) -> Iterator[Installation]:
    """Yield an installation with one process, `serve`, and an SQLite file with empty tables."""
    make_tables(directory)
    installation = Installation(directory, EMBEDDED, **variables)
    try:
        yield installation
    finally:
        installation.close()


@contextmanager
def production(
    directory: Path, *, database_url: str, redis_url: str, **variables: str
) -> Iterator[Installation]:
    """Yield an installation with the processes in `PRODUCTION`; none of them runs yet."""
    socket_port = str(free_port())
    installation = Installation(
        directory,
        PRODUCTION,
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        WS_PORT=socket_port,
        SOCKET_URL=f"ws://127.0.0.1:{socket_port}",
        **variables,
    )
    try:
        yield installation
    finally:
        installation.close()


def collected_static_files(directory: Path) -> dict[str, str]:
    """Collect the static files into `directory`, and return variables for processes to use them.

    Pages of the production mode need them.
    """
    variables = {
        "DJANGO_SETTINGS_MODULE": "orderchainer.testing.collected",
        "TEST_STATIC_ROOT": str(directory),
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env=environment_in(directory, **variables),
        check=True,
        timeout=START_SECONDS,
    )
    return variables


class RedisServer:
    """A Redis for one test, which may kill, stall and restart it."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_installed() -> bool:
        """Whether this machine has the program."""
        return shutil.which("redis-server") is not None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it empty. It stores nothing, as in `docker-compose.yml`."""
        self._process = subprocess.Popen(
            [
                *("redis-server", "--bind", "127.0.0.1", "--port", str(self.port)),
                *("--save", "", "--appendonly", "no", "--dir", str(self._directory)),
            ],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """`kill -9` it, even if it is stalled. Do nothing if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stall(self) -> None:
        """Make it accept connections without answering."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a stall."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def redis_server(directory: Path) -> Iterator[RedisServer]:
    """Yield a running Redis."""
    server = RedisServer(directory)
    server.start()
    try:
        yield server
    finally:
        server.kill()


# --- Databases with tables --------------------------------------------------------------------

# To make the tables takes seconds. So each test process makes them once, and tests copy them.
_templates = ExitStack()


@pytest.fixture(scope="session", autouse=True)
def _drop_templates() -> Iterator[None]:
    yield
    _templates.close()


def make_tables(directory: Path) -> None:
    """Put an SQLite database with all tables, but without the demo, where `serve` looks for it."""
    shutil.copy(_migrated_file(), directory)


@contextmanager
def migrated_postgresql() -> Iterator[str]:
    """Create a migrated database on the server of DATABASE_URL; yield its URL."""
    template_url = _migrated_database()
    # Nothing is connected to the template, as PostgreSQL demands.
    template = sql.Identifier(urlsplit(template_url).path.lstrip("/"))
    with _postgresql(template_url, sql.SQL(" TEMPLATE {}").format(template)) as url:
        yield url


@once
def _migrated_file() -> Path:
    directory = Path(_templates.enter_context(TemporaryDirectory()))
    _migrate(directory)
    return directory / SQLITE_FILE


@once
def _migrated_database() -> str:
    url = _templates.enter_context(_postgresql(os.environ["DATABASE_URL"]))
    _migrate(Path(_templates.enter_context(TemporaryDirectory())), DATABASE_URL=url)
    return url


def _migrate(directory: Path, **variables: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env=environment_in(directory, **variables),
        check=True,
        timeout=START_SECONDS,
    )


@contextmanager
def _postgresql(sibling_url: str, options: sql.Composable = NO_OPTIONS) -> Iterator[str]:
    # Creating and dropping a database needs autocommit and a connection to another database.
    sibling = urlsplit(sibling_url)
    name = f"{sibling.path.lstrip('/')[:30]}_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(sibling._replace(path="/postgres").geturl(), autocommit=True) as server:
        database = sql.Identifier(name)
        server.execute(sql.SQL("CREATE DATABASE {}{}").format(database, options))
        try:
            yield sibling._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
