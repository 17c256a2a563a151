"""What a process looks at before it begins its work, and what it says about what is missing."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import Error, Warning
from django.db import DatabaseError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import override_settings
from redis import AuthenticationError, Redis, RedisError

from orderchainer.core.environment import Problem
from orderchainer.operations import starting
from orderchainer.testing.processes import make_tables
from orderchainer.testing.servers import environment_in, free_port

needs_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs DATABASE_URL to name a PostgreSQL"
)


@contextmanager
def occupied() -> Iterator[int]:
    """Listen on a free port, and return it."""
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        yield occupant.getsockname()[1]


# --- Ports ------------------------------------------------------------------------------------


def test_a_free_port_is_no_problem() -> None:
    assert list(starting.ports({"PORT": ("127.0.0.1", free_port())})) == []


def test_a_taken_port_is_told_with_its_setting_and_a_free_one() -> None:
    with occupied() as port:
        [problem] = starting.ports({"SANDBOX_PORT": ("127.0.0.1", port)})

    assert problem.text == (
        f"Port {port} (SANDBOX_PORT) is in use: another program listens on 127.0.0.1:{port}."
    )
    suggested = re.fullmatch(
        r"Stop that program, or take another port: SANDBOX_PORT=(\d+)", problem.hint
    )
    assert suggested
    assert list(starting.ports({"PORT": ("127.0.0.1", int(suggested[1]))})) == []


@pytest.mark.parametrize("address", ["192.0.2.1", "no such host", "2001:db8::1"])
def test_an_address_of_another_machine_is_told(address: str) -> None:
    [problem] = starting.ports({"PORT": (address, free_port())})

    assert problem.text.startswith(f"The address {address!r} (BIND_ADDRESS) is not one of this")


def test_gunicorns_places_are_told_with_its_option() -> None:
    with occupied() as port:
        [problem] = starting.binds([("127.0.0.1", port), ("127.0.0.1", free_port())])

    assert problem.text == (
        f"Port {port} (--bind) is in use: another program listens on 127.0.0.1:{port}."
    )
    assert re.fullmatch(
        r"Stop that program, or take another port: --bind=127\.0\.0\.1:\d+", problem.hint
    )
    [elsewhere] = starting.binds([("2001:db8::1", 8000)])
    assert elsewhere.text.startswith("The address '2001:db8::1' (--bind) is not one of this")


# --- Checks -----------------------------------------------------------------------------------


def test_errors_of_checks_are_problems_and_warnings_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        Error("Wrong.", hint="Mend it.", id="a.E001"),
        Warning("Odd.", hint="Look.", id="a.W001"),
        Error("Wrong as well.", id="a.E002"),
    ]
    monkeypatch.setattr(starting, "run_checks", lambda: found)

    problems = list(starting.checks())

    assert problems == [
        Problem("Wrong.", "Mend it."),
        Problem("Wrong as well.", "This is the check a.E002."),
    ]
    assert capsys.readouterr().err == "Warning: Odd.\n  Look.\n"


# --- The database -----------------------------------------------------------------------------


def as_if_configured(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let the process look at another database than the tests use."""
    database = connection.copy()
    database.settings_dict.update(changes)
    monkeypatch.setattr(starting, "connection", database)


@pytest.mark.django_db
def test_a_database_that_works_is_no_problem() -> None:
    with override_settings(REDIS_URL=""):
        assert list(starting.services()) == []
    assert list(starting.schema()) == []
    assert starting.explain(DatabaseError("a defect of ours")) is None


@pytest.mark.django_db
@needs_postgresql
def test_a_postgresql_that_is_away_is_told_with_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_if_configured(monkeypatch, HOST="127.0.0.1", PORT=(port := free_port()))

    assert starting.explain(OperationalError("away")) == (
        f"No PostgreSQL answers at 127.0.0.1:{port}: Connection refused.\n"
        "  Start it, or change the host and the port in DATABASE_URL."
    )


@pytest.mark.django_db
@needs_postgresql
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"NAME": "nonesuch"}, 'database "nonesuch" does not exist'),
        ({"USER": "nobody_here"}, 'role "nobody_here" does not exist'),
    ],
)
def test_a_postgresql_that_refuses_us_is_told_in_its_own_words(
    changes: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if_configured(monkeypatch, PASSWORD="s3cr3t", **changes)

    [problem] = starting.services()

    assert problem.text.startswith("PostgreSQL does not let us into the database '")
    assert problem.text.endswith(f": {reason}.")
    assert "`createdb " in problem.hint
    assert "s3cr3t" not in str(problem)


@pytest.mark.enable_socket
def test_a_postgresql_behind_a_socket_of_this_machine_answers(tmp_path: Path) -> None:
    """So a database that it does not have is told as that, not as a PostgreSQL that is away."""
    assert not starting._answers(str(tmp_path), 5432)
    with socket.socket(socket.AF_UNIX) as postgresql:
        postgresql.bind(f"{tmp_path}/.s.PGSQL.5432")
        postgresql.listen()

        assert starting._answers(str(tmp_path), 5432)


@pytest.mark.django_db
@needs_postgresql
def test_tables_that_the_user_may_not_read_are_told_with_a_hint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A role that every PostgreSQL has, and that has no rights to our tables.
    options = {**connection.settings_dict["OPTIONS"], "options": "-c role=pg_signal_backend"}
    as_if_configured(monkeypatch, USER=(user := connection.settings_dict["USER"]), OPTIONS=options)

    [problem] = starting.schema()

    assert problem.text == (
        f"The database user {user!r} cannot read our tables: "
        "permission denied for table django_migrations."
    )
    assert "`python manage.py migrate` as the user in DATABASE_URL" in problem.hint


@pytest.mark.django_db
def test_a_database_that_gives_no_reason_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise OperationalError("")

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", refuse)

    [problem] = starting.services()

    assert problem.text.endswith(": it gives no reason.")


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="needs DATABASE_URL to name a SQLite")
class TestSqlite:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("missing/shop.db", "cannot be written: its directory does not exist"),
            ("", "cannot be written: it is a directory"),
            ("text", "cannot be used: file is not a database"),
        ],
    )
    def test_a_file_that_cannot_be_a_database_is_told(
        self, name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "text").write_text("not a database" * 100)
        as_if_configured(monkeypatch, NAME=str(tmp_path / name))

        [problem] = starting.services()

        assert problem.text == f"The database file {tmp_path / name} {reason}."

    def test_a_database_without_our_tables_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        as_if_configured(monkeypatch, NAME=str(tmp_path / "new.db"))

        problem = starting.explain(OperationalError("no such table"))

        assert problem is not None
        # The newest migration of the first app.
        assert re.sub(r"\d{4}_\w+", "…", problem) == (
            "The database does not have this release's tables: accounts.… is not applied.\n"
            "  Run `python manage.py migrate`."
        )


def test_looking_leaves_the_connection_of_the_process_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """gunicorn looks before it forks, and its workers must not share a connection or a pool."""
    opened: list[BaseDatabaseWrapper] = []
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", lambda self: opened.append(self))

    with override_settings(REDIS_URL=""):
        list(starting.services())

    [used] = opened
    assert used is not connection
    assert "pool" not in used.settings_dict["OPTIONS"]


# --- Redis ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_redis_that_is_away_is_told() -> None:
    port = free_port()
    with override_settings(REDIS_URL=f"redis://:s3cr3t@127.0.0.1:{port}/0"):
        text = starting.explain(RedisError("away"))

    assert text is not None
    complaint, hint = text.splitlines()
    assert complaint.startswith("Redis does not answer: ")
    assert f"127.0.0.1:{port}" in complaint
    assert "change REDIS_URL" in hint
    assert "s3cr3t" not in text


@pytest.mark.parametrize(
    ("url", "refusal", "complaint"),
    [
        (
            "redis://:s3cr3t@127.0.0.1/0",
            "invalid username-password pair or user is disabled.",
            "Redis refused the password in REDIS_URL: "
            "invalid username-password pair or user is disabled.",
        ),
        (
            "redis://127.0.0.1/0",
            "Authentication required.",
            "Redis asks for a password, and REDIS_URL has none.",
        ),
    ],
)
def test_a_redis_that_refuses_the_password_is_told_as_that(
    url: str, refusal: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Redis) -> None:
        raise AuthenticationError(refusal)

    monkeypatch.setattr(Redis, "ping", refuse)
    with override_settings(REDIS_URL=url):
        [problem] = starting._redis_problems()

    assert problem.text == complaint
    assert "redis://:password@host:6379/0" in problem.hint
    assert "s3cr3t" not in str(problem)


# --- Every process ----------------------------------------------------------------------------


def run(*command: str, directory: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    directory.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=environment_in(directory, **variables),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.processes
@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "migrate"),
        ("manage.py", "serve"),
        ("manage.py", "shell", "-c", "User.objects.count()"),
        ("manage.py", "createsuperuser", "--noinput", "--email", "ada@example.com"),
        ("-m", "celery", "--app", "orderchainer", "worker"),
        ("-m", "celery", "--app", "orderchainer", "beat"),
        ("-m", "gunicorn", "orderchainer.wsgi", "--bind", "127.0.0.1:0", "--no-control-socket"),
        ("-m", "daphne", "--port", "0", "orderchainer.asgi:application"),
    ],
)
def test_a_dead_database_ends_each_process_with_a_sentence(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    port = free_port()

    done = run(
        *command,
        directory=tmp_path,
        PORT=str(free_port()),
        DATABASE_URL=f"postgres://ada@127.0.0.1:{port}/shop",
        REDIS_URL="redis://127.0.0.1:6379/0",
    )

    assert done.returncode == 1
    assert f"No PostgreSQL answers at 127.0.0.1:{port}: Connection refused.\n" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.processes
@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "serve"),
        ("-m", "celery", "--app", "orderchainer", "worker"),
        ("-m", "celery", "--app", "orderchainer", "beat"),
        ("-m", "gunicorn", "orderchainer.wsgi", "--bind", "127.0.0.1:0", "--no-control-socket"),
        ("-m", "daphne", "--port", "0", "orderchainer.asgi:application"),
    ],
)
def test_nothing_starts_without_its_redis(command: tuple[str, ...], tmp_path: Path) -> None:
    variables = {"PORT": str(free_port()), "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}

    done = run(*command, directory=tmp_path, **variables)

    assert done.returncode == 1
    assert "Redis does not answer: " in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.processes
def test_a_worker_without_a_redis_is_told_that_it_would_get_no_work(tmp_path: Path) -> None:
    done = run("-m", "celery", "--app", "orderchainer", "worker", directory=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("REDIS_URL is not set, so this process would get no work.\n")


@pytest.mark.processes
def test_gunicorn_tells_of_a_wrong_setting_once(tmp_path: Path) -> None:
    done = run(
        *("-m", "gunicorn", "orderchainer.wsgi", "--bind", "127.0.0.1:0", "--workers", "2"),
        "--no-control-socket",
        directory=tmp_path,
        PORT="abc",
    )

    assert done.returncode == 1
    assert done.stderr.count("PORT is 'abc'.\n  Write a whole number") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.processes
def test_gunicorn_says_at_once_that_its_port_is_taken(tmp_path: Path) -> None:
    make_tables(tmp_path)

    with occupied() as port:
        done = run(
            *("-m", "gunicorn", "orderchainer.wsgi", "--bind", f"127.0.0.1:{port}"),
            "--no-control-socket",
            directory=tmp_path,
        )

    assert done.returncode == 1
    assert f"Port {port} (--bind) is in use" in done.stderr
    # Its own words, and its five attempts.
    assert "Connection in use" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.processes
def test_a_defect_keeps_its_traceback(tmp_path: Path) -> None:
    make_tables(tmp_path)

    done = run(
        *("manage.py", "shell", "-c"),
        "from django.db import connection; connection.cursor().execute('SELECT nonsense')",
        directory=tmp_path,
    )

    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "no such column: nonsense" in done.stderr


@pytest.mark.processes
@pytest.mark.parametrize(
    "command", [("manage.py", "sandbox"), ("-m", "integrations.sandbox", "--port", "{port}")]
)
def test_a_sandbox_says_that_its_port_is_taken(command: tuple[str, ...], tmp_path: Path) -> None:
    with occupied() as port:
        done = run(
            *(word.format(port=port) for word in command),
            directory=tmp_path,
            SANDBOX_PORT=str(port),
        )

    assert done.returncode in (1, 2)
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


@needs_postgresql
@pytest.mark.django_db
def test_looking_opens_no_pool_that_gunicorn_would_fork(tmp_path: Path) -> None:
    database = connection.settings_dict
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import threading, django; django.setup()\n"
            "from orderchainer.operations import starting\n"
            "assert not [*starting.checks(), *starting.services(), *starting.schema()]\n"
            # A pool has threads of its own.
            "print([thread.name for thread in threading.enumerate()])",
        ],
        cwd=settings.BASE_DIR,
        env=environment_in(
            tmp_path,
            DJANGO_SETTINGS_MODULE="orderchainer.settings",
            DATABASE_URL=f"postgres://{database['USER']}:{database['PASSWORD']}@"
            f"{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}",
            DATABASE_POOL_SIZE="8",
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == "['MainThread']\n", done.stderr
