"""`/healthz` tells whether the process is alive, `/readyz` whether the service can work."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache as once
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

import structlog
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from orderchainer.celery import app
from orderchainer.core.web.reading import read_only
from orderchainer.operations.bounded import ask
from orderchainer.operations.heartbeat import last_heartbeat_age_seconds

logger = structlog.get_logger(__name__)

# All checks run at the same time, so this also bounds the whole answer.
TIMEOUT_SECONDS = 2.0
# Beat sends a heartbeat task every few seconds, but a long task may keep a small worker busy for a
# while.
OLDEST_HEARTBEAT_SECONDS = 60.0
_MIGRATIONS = "django_migrations"


class Unready(Exception):
    """A check failed; the message is safe to show to anyone."""


@read_only
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that this process is alive.

    It checks nothing, so a slow database causes no restart.
    """
    return JsonResponse({"status": "ok"})


@read_only
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if everything that the service needs works, else 503. The body lists each check.

    `{"status", "checks": {name: {"status": "ok"|"failed", "latency_ms", "reason"?}}}`. A reason
    never contains addresses or credentials, because strangers may read it. The log has the details.
    """
    started = time.perf_counter()
    asked = {name: ask(_timed(check)) for name, check in CHECKS.items()}
    checks = {
        name: _outcome(name, future, started + TIMEOUT_SECONDS) for name, future in asked.items()
    }
    ready = all(check["status"] == "ok" for check in checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "failed", "checks": checks},
        status=200 if ready else 503,
    )


def _timed(check: Callable[[], None]) -> Callable[[], float]:
    def timed() -> float:
        started = time.perf_counter()
        check()
        return time.perf_counter() - started

    return timed


def _outcome(name: str, future: "Future[float]", deadline: float) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        seconds = future.result(timeout=max(0.0, deadline - started))
    except Unready as exc:
        reason = str(exc)
    except TimeoutError:
        reason = f"No answer within {TIMEOUT_SECONDS:g} seconds."
        future.cancel()
    except Exception as exc:  # noqa: BLE001 (a driver may raise anything)
        # Any exception means that the check failed. Its text may contain hosts and users, so only
        # log it.
        reason = f"It cannot be reached ({type(exc).__name__})."
        logger.warning("check_failed", check=name, error=str(exc))
    else:
        return {"status": "ok", "latency_ms": round(seconds * 1000, 2)}
    waited = round((time.perf_counter() - started) * 1000, 2)
    return {"status": "failed", "latency_ms": waited, "reason": reason}


# --- The checks -------------------------------------------------------------------------------


def check_database() -> None:
    """Check that the database answers and has this release's schema."""
    missing = missing_migrations(connection)
    if missing:
        raise Unready(f"Migrations are pending: {', '.join(missing)}. Run `manage.py migrate`.")


def missing_migrations(database: BaseDatabaseWrapper) -> list[str]:
    """Return the newest migration of each app whose tables are not of this release.

    It reads over `database` itself. Django's recorder reads over the connection named `default`,
    whatever it is given, and that opens a pool: gunicorn would fork it, and its workers would
    share the sockets.
    """
    with database.cursor() as cursor:
        applied: set[tuple[str, str]] = set()
        if _MIGRATIONS in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT app, name FROM {_MIGRATIONS}")
            applied.update(cursor.fetchall())
    return sorted(
        f"{app_label}.{name}" for app_label, name in _newest() if (app_label, name) not in applied
    )


@once
def _newest() -> list[tuple[str, str]]:
    """Return the last migration of each app in the code on disk.

    We only look at their names, which begin with a number. If we loaded them, a process that serves
    would keep all of them and never use them.
    """
    newest = []
    for config in apps.get_app_configs():
        package, _ = MigrationLoader.migrations_module(config.label)
        spec = find_spec(package) if package else None
        places = spec.submodule_search_locations if spec else None
        # Django skips these too.
        names = [found.name for found in iter_modules(places or ()) if found.name[0] not in "_~"]
        if names:
            newest.append((config.label, max(names)))
    return newest


def check_cache() -> None:
    """Check that the cache returns what was written to it."""
    key, value = "orderchainer:readyz", time.time_ns()
    cache.set(f"{key}:{value}", value, timeout=10)
    if cache.get(f"{key}:{value}") != value:
        raise Unready("It does not return what was written to it.")


def check_broker() -> None:
    """Check that we could send tasks."""
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0, timeout=1)


def check_worker() -> None:
    """Check that a worker has run a task recently."""
    age = last_heartbeat_age_seconds()
    if age is None:
        raise Unready("No worker has taken work yet.")
    if age > OLDEST_HEARTBEAT_SECONDS:
        raise Unready(f"The last worker's heartbeat was {age:.0f} seconds ago.")


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "cache": check_cache,
    "broker": check_broker,
    "worker": check_worker,
}
