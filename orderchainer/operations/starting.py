"""Look, before a process begins its work, whether everything that it needs is there.

`manage.py serve`, gunicorn, a bare daphne, Celery's workers and beat all ask here. What is missing
is told in a sentence with a hint, and the process ends with status 1.
"""

import errno
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.core.checks.messages import ERROR, WARNING
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from redis import AuthenticationError, Redis, RedisError

from orderchainer.core.environment import MAX_PORT, Problem
from orderchainer.operations.checks import why_not_writable
from orderchainer.operations.health import missing_migrations

# How long we wait for the database and for Redis.
ANSWER_SECONDS = 5
# How many ports we try to find a free one that we can suggest.
_SUGGESTIONS = 20


def require(*looks: Callable[[], Iterator[Problem]]) -> None:
    """End the process at the first of `looks` that finds problems, and say what they are."""
    for look in looks:
        if problems := list(look()):
            raise SystemExit("\n".join(map(str, problems)))


def explain(error: Exception) -> str | None:
    """Return why a command failed with this error of the database or of Redis.

    Returns None if both of them work and have this release's schema: the reason is another one.
    """
    if not isinstance(error, (DatabaseError, RedisError)):
        return None
    return next((str(problem) for look in (services, schema) for problem in look()), None)


# --- What there is to look at -----------------------------------------------------------------


def checks() -> Iterator[Problem]:
    """Run Django's checks. Errors are problems; warnings are only shown."""
    for message in run_checks():
        if message.is_silenced():
            continue
        if message.level >= ERROR:
            yield _problem_in(message)
        elif message.level >= WARNING:
            sys.stderr.write(f"Warning: {_problem_in(message)}\n")


def services() -> Iterator[Problem]:
    """Ask the database and Redis for an answer."""
    yield from _database_problems()
    yield from _redis_problems()


def schema() -> Iterator[Problem]:
    """Look whether the database has this release's tables."""
    with closing(_own_connection()) as database:
        try:
            missing = missing_migrations(database)
        except DatabaseError as exc:
            yield _unreadable_tables(database, exc)
            return
    if missing:
        yield Problem(
            f"The database does not have this release's tables: {missing[0]} is not applied.",
            "Run `python manage.py migrate`.",
        )


def ports(places: Mapping[str, tuple[str, int]]) -> Iterator[Problem]:
    """Look whether ports are free. `places` has the address and the port of each setting."""
    for setting, (address, port) in places.items():
        yield from _port_problems(_Place(address, port, setting, "BIND_ADDRESS", "{port}"))


def binds(places: Sequence[tuple[str, int]]) -> Iterator[Problem]:
    """Look whether the places are free that gunicorn's option `--bind` names."""
    for address, port in places:
        host = f"[{address}]" if ":" in address else address
        yield from _port_problems(_Place(address, port, "--bind", "--bind", f"{host}:{{port}}"))


# --- How ----------------------------------------------------------------------------------------


def _problem_in(message: CheckMessage) -> Problem:
    return Problem(message.msg, message.hint or f"This is the check {message.id}.")


def _own_connection() -> BaseDatabaseWrapper:
    """Return a connection without a pool, which gives up soon and is no one else's."""
    database: BaseDatabaseWrapper = connection.copy()
    if database.vendor == "postgresql":
        options: dict[str, Any] = database.settings_dict["OPTIONS"]
        options.pop("pool", None)
        options.setdefault("connect_timeout", ANSWER_SECONDS)
    return database


def _database_problems() -> Iterator[Problem]:
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        # SQLite makes no directories.
        reason = why_not_writable(file) if file.parent.is_dir() else "its directory does not exist"
        if reason and str(file) != ":memory:":
            yield Problem(
                f"The database file {file} cannot be written: {reason}.",
                "Let this user write to the file and to its directory, or change DATABASE_URL.",
            )
            return
    with closing(_own_connection()) as database:
        try:
            database.ensure_connection()
        except DatabaseError as exc:
            yield _database_problem(database, exc)


def _database_problem(database: BaseDatabaseWrapper, error: DatabaseError) -> Problem:
    place = database.settings_dict
    # libpq repeats the address before the reason, and adds a hint on further lines.
    first_line = str(error).strip().partition("\n")[0]
    reason = first_line.rpartition("failed: ")[2].removeprefix("FATAL:").strip()
    reason = reason or "it gives no reason"
    if database.vendor == "sqlite":
        return Problem(
            f"The database file {place['NAME']} cannot be used: {reason}.",
            "Change DATABASE_URL, or move the file away if it is not a SQLite database.",
        )
    name, host, port = place["NAME"], place["HOST"], place["PORT"] or 5432
    if host and not _answers(host, port):
        return Problem(
            f"No PostgreSQL answers at {host}:{port}: {reason}.",
            "Start it, or change the host and the port in DATABASE_URL.",
        )
    return Problem(
        f"PostgreSQL does not let us into the database {name!r}: {reason}.",
        f"Make the database with `createdb {name}`, or change the user, the password or the name "
        "in DATABASE_URL.",
    )


def _unreadable_tables(database: BaseDatabaseWrapper, error: DatabaseError) -> Problem:
    reason = str(error).strip().partition("\n")[0] or "it gives no reason"
    if database.vendor == "sqlite":
        return Problem(
            f"The tables in {database.settings_dict['NAME']} cannot be read: {reason}.",
            "Change DATABASE_URL, or restore the file from a backup.",
        )
    user = database.settings_dict["USER"]
    return Problem(
        f"The database user {user!r} cannot read our tables: {reason}.",
        "Run `python manage.py migrate` as the user in DATABASE_URL, or give this user rights to "
        "all tables and sequences.",
    )


def _redis_problems() -> Iterator[Problem]:
    if not settings.REDIS_URL:
        return
    redis = Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS
    )
    with closing(redis):
        try:
            redis.ping()
        except AuthenticationError as exc:
            yield _refused_password(redis, exc)
        except RedisError as exc:
            yield Problem(
                f"Redis does not answer: {str(exc).rstrip('.')}.",
                "Start it, or change REDIS_URL. Without REDIS_URL, `manage.py serve` does "
                "everything in one process.",
            )


def _refused_password(redis: Redis, error: AuthenticationError) -> Problem:
    if redis.get_connection_kwargs().get("password"):
        return Problem(
            f"Redis refused the password in REDIS_URL: {str(error).rstrip('.')}.",
            "Write the right one: redis://:password@host:6379/0.",
        )
    return Problem(
        "Redis asks for a password, and REDIS_URL has none.",
        "Write it there: redis://:password@host:6379/0.",
    )


def _answers(host: str, port: int) -> bool:
    try:
        if host.startswith("/"):
            # The directory of PostgreSQL's socket on this machine.
            with socket.socket(socket.AF_UNIX) as local:
                local.settimeout(ANSWER_SECONDS)
                local.connect(f"{host}/.s.PGSQL.{port}")
        else:
            socket.create_connection((host, port), timeout=ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


def _listen(address: str, port: int) -> None:
    """Listen on a port for a moment. Raises OSError if that is not possible."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: connections that have ended do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        probe.listen()


@dataclass(frozen=True)
class _Place:
    """Where a server will listen, and how people choose that.

    `value` is what they write for another port: `{setting}={value}`.
    """

    address: str
    port: int
    setting: str
    address_setting: str
    value: str

    def with_port(self, port: int) -> str:
        return f"{self.setting}={self.value.format(port=port)}"


def _port_problems(place: _Place) -> Iterator[Problem]:
    address, port = place.address, place.port
    try:
        _listen(address, port)
    except OSError as exc:
        error = exc
    else:
        return
    if error.errno == errno.EADDRINUSE:
        free = _free_port_after(address, port)
        yield Problem(
            f"Port {port} ({place.setting}) is in use: "
            f"another program listens on {address}:{port}.",
            f"Stop that program, or take another port: {place.with_port(free)}",
        )
    elif error.errno == errno.EACCES:
        yield Problem(
            f"This user may not listen on port {port} ({place.setting}).",
            f"Take a port above 1023: {place.with_port(8000)}",
        )
    else:
        yield Problem(
            f"The address {address!r} ({place.address_setting}) is not one of this machine: "
            f"{error.strerror}.",
            "Write 127.0.0.1 for this machine only, or 0.0.0.0 for everybody in the network.",
        )


def _free_port_after(address: str, port: int) -> int:
    candidates: Sequence[int] = range(port + 1, min(port + _SUGGESTIONS, MAX_PORT) + 1)
    for candidate in candidates:
        try:
            _listen(address, candidate)
        except OSError:
            continue
        return candidate
    return 8000
