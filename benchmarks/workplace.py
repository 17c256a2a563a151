"""A temporary database, directory and environment for one run."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit

import psycopg
import redis
from cryptography.fernet import Fernet
from psycopg import sql

# We need these names before the settings load, so we read them from `.env.example`.
RATE_LIMITS = re.findall(
    r"(?m)^#(RATE_LIMIT_\w+)=",
    (Path(__file__).parents[1] / ".env.example").read_text(),
)
DEFAULT_SERVER = "postgres://postgres@127.0.0.1:5432/postgres"
# Where Celery's Redis transport keeps waiting tasks: those of the queues that the benchmarks fill.
QUEUES = ("celery", "providers", "messages")


class Unusable(Exception):
    """The run cannot use the given database or Redis; the message says why."""


@contextmanager
def workplace(*, sqlite: bool, redis_url: str) -> Iterator[Path]:
    """Create the run's database and set the environment for the service.

    Yields a directory for files. Raises `Unusable`.
    """
    with tempfile.TemporaryDirectory(prefix="orderchainer-bench-") as name:
        directory = Path(name)
        if sqlite:
            _set_environment(directory, f"sqlite:///{directory / 'bench.db'}", "")
            yield directory
        else:
            with _queue(redis_url), _database() as url:
                _set_environment(directory, url, redis_url)
                yield directory


@contextmanager
def _database() -> Iterator[str]:
    """Create a database on the server of DATABASE_URL, and drop it at the end."""
    given = os.environ.get("DATABASE_URL", "")
    server = given if given.startswith(("postgres:", "postgresql:")) else DEFAULT_SERVER
    name = f"oc_bench_{os.getpid()}"
    try:
        connection = psycopg.connect(server, autocommit=True)
    except psycopg.OperationalError as exc:
        raise Unusable(
            f"PostgreSQL cannot be reached: {exc}\n"
            "Name a server in DATABASE_URL, or measure SQLite with --sqlite."
        ) from exc
    with connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)).as_string())
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)).as_string()
            )


@contextmanager
def _queue(url: str) -> Iterator[None]:
    """Make sure that the queue is empty, and delete our own tasks at the end."""
    with redis.Redis.from_url(url) as broker:
        try:
            waiting = sum(broker.llen(queue) for queue in QUEUES)
        except redis.ConnectionError as exc:
            raise Unusable(
                f"Redis cannot be reached at {url}: {exc}\n"
                "Name another with --redis, or measure SQLite with --sqlite."
            ) from exc
        if waiting:
            raise Unusable(
                f"{waiting} tasks wait in {url}: it is in use. Name another database with --redis."
            )
        try:
            yield
        finally:
            broker.delete(*QUEUES)


def _set_environment(directory: Path, database_url: str, redis_url: str) -> None:
    """Set the production environment for this process and those that it starts."""
    os.environ.update(
        ENV_FILE="",
        DEBUG="off",
        SECRET_KEY=token_urlsafe(50),
        CREDENTIALS_KEYS=Fernet.generate_key().decode(),
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        LOG_FILE=str(directory / "orderchainer.log"),
        ACCESS_TOKEN_EXPIRE_MINUTES="1440",
        # Off, except where the benchmark measures the limits.
        **dict.fromkeys(RATE_LIMITS, ""),
        DJANGO_SETTINGS_MODULE="orderchainer.settings",
    )
