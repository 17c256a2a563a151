"""Fixtures for all tests: a separate database, no rate limits, cheap password hashes."""

import gc
import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings
from django.test import override_settings

from orderchainer.celery import app
from orderchainer.core.limits.rates import LIMITS
from orderchainer.core.logs import configure, logging_config

# `answers` compares each answer with the OpenAPI document. `sweeping` searches all output of the
# run for every secret that it creates.
pytest_plugins = [
    "orderchainer.testing.answers",
    "orderchainer.testing.processes",
    "orderchainer.testing.browsers",
    "orderchainer.testing.sweeping",
    "orderchainer.testing.written_log",
]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while pytest collects the tests, skip what it made from then on, and look
    for garbage less often than a service does.

    These are millions of objects that stay until the end. To walk them again and again took a tenth
    of the whole run, and looking for garbage after every 700 new objects up to a seventh of the
    rest.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gc.enable()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Keep SQLite's test database in a file: in memory it has neither WAL nor a second writer."""
    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"] == "orderchainer.core.db.sqlite":
        file: Path = tmp_path_factory.mktemp("database") / "test.db"
        database.setdefault("TEST", {})["NAME"] = str(file)


@pytest.fixture(scope="session", autouse=True)
def _fast_password_hashes() -> Iterator[None]:
    """Hash passwords cheaply. Another test checks that the service uses Argon2."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_when_asked_for() -> Iterator[None]:
    """Find static files on request: otherwise each test client would index all of them."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_limits() -> Iterator[None]:
    """Switch off the rate limits. The tests of the limits set their own rates."""
    off = dict.fromkeys((each.setting for each in LIMITS.values()), "")
    limits = {**settings.CACHES["limits"], "KEY_FUNCTION": _key_of_this_test}
    with override_settings(**off, CACHES={**settings.CACHES, "limits": limits}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_usage_counted() -> Iterator[None]:
    """Count no calls, because another thread would write the counts into a test's database."""
    with override_settings(USAGE_FLUSH_SECONDS=0):
        yield


_tests = {"number": 0}
_first_counts: dict[tuple[str, int], int] = {}


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Start each test with empty counters."""
    _tests["number"] += 1
    _first_counts.clear()


@pytest.fixture(scope="session", autouse=True)
def _no_period_ends_within_a_test() -> Iterator[None]:
    """Let the period of a limit last for half its length after the first request of a test.

    Otherwise it ends at a moment that depends on the caller's name. Of all the tests that call a
    few times within a minute, one in some run would see its count begin anew.
    """

    def last_second(value: str, period: int) -> int:
        now = int(time.time())
        begin = now - crc32(value.encode()) % max(1, period // 2)
        begin = _first_counts.setdefault((value, period), begin)
        return begin + ((now - begin) // period + 1) * period - 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django_ratelimit.core._get_window", last_second)
        yield


def _key_of_this_test(key: str, prefix: str, version: int) -> str:
    """Separate the counters of each test, and of each process on the same Redis."""
    return f"{prefix}-{os.getpid()}-{_tests['number']}:{version}:{key}"


# Django fills these from the models when it migrates, and no test changes them.
_KEPT_TABLES = frozenset({"auth_permission", "django_content_type"})


@pytest.fixture(scope="session", autouse=True)
def _few_rows_are_deleted() -> Iterator[None]:
    """After a test that commits, delete only what it wrote.

    Django truncates PostgreSQL's tables, which makes new files for all tables and their indexes:
    140 ms instead of 10. On each database it then fills `_KEPT_TABLES` again, which takes 40 ms.
    Foreign keys are checked at the end of the transaction, so the order is free.
    """

    # Only here: it needs the settings, which pytest may not have read yet.
    from django.core.management.commands import flush

    def deletions(_style: object, connection: Any, **_: object) -> list[str]:
        tables = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        quoted = [connection.ops.quote_name(table) for table in tables if table not in _KEPT_TABLES]
        return [f"DELETE FROM {table}" for table in quoted]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", deletions)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_shared_broker() -> None:
    """Keep nudges in this process. A test that needs a worker starts one with its own broker."""
    app.conf.broker_url = "memory://"  # type: ignore[misc]  # it can be set


@pytest.fixture(scope="session", autouse=True)
def _logs_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Log into a file of this run, and search what the console would show for secrets."""
    file = tmp_path_factory.mktemp("logs") / "orderchainer.log"
    config = logging_config(level="INFO", file=file, for_people=True)
    config["handlers"]["console"] = {"()": "orderchainer.testing.sweeping.ConsoleSweep"}
    # Set the settings too, because a Celery worker that starts within a test sets up Django again.
    with override_settings(LOGGING=config):
        configure(config)
        yield
