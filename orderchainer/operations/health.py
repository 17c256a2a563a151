"""Whether the service lives, and whether it is ready for work: `/healthz` and `/readyz`."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache as once
from typing import Any

import structlog
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from orderchainer.celery import app
from orderchainer.core.web.reading import read_only
from orderchainer.operations.bounded import ask
from orderchainer.operations.heartbeat import last_heartbeat_age_seconds

logger = structlog.get_logger(__name__)

# All checks run at once, so that this bounds the whole answer.
TIMEOUT_SECONDS = 2.0
# Beat asks for a heartbeat every few seconds; one long task may keep a small worker from it for a while.
OLDEST_HEARTBEAT_SECONDS = 60.0


class Unready(Exception):
    """A check's own finding, in words that anyone may read."""


@read_only
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that this process lives. It asks nothing, so that a slow database restarts nobody."""
    return JsonResponse({"status": "ok"})


@read_only
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if everything that work needs is there, else 503; each check stands under its name.

    `{"status", "checks": {name: {"status": "ok"|"failed", "latency_ms", "reason"?}}}`. A reason
    names no address and no credentials: strangers may read it. The log has the rest.
    """
    started = time.perf_counter()
    asked = {name: ask(_timed(check)) for name, check in CHECKS.items()}
    checks = {
        name: _outcome(name, future, started + TIMEOUT_SECONDS)
        for name, future in asked.items()
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
        # Whatever a driver raises means the same here; its text may name hosts and users.
        reason = f"It cannot be reached ({type(exc).__name__})."
        logger.warning("check_failed", check=name, error=str(exc))
    else:
        return {"status": "ok", "latency_ms": round(seconds * 1000, 2)}
    waited = round((time.perf_counter() - started) * 1000, 2)
    return {"status": "failed", "latency_ms": waited, "reason": reason}


# --- The checks -------------------------------------------------------------------------------


def check_database() -> None:
    """Find the database there and its schema the one that this release knows."""
    applied = MigrationRecorder(connection).applied_migrations()
    missing = sorted(
        f"{app_label}.{name}"
        for app_label, name in _newest()
        if (app_label, name) not in applied
    )
    if missing:
        raise Unready(
            f"Migrations are pending: {', '.join(missing)}. Run `manage.py migrate`."
        )


@once
def _newest() -> list[tuple[str, str]]:
    """Return the last migration of each app, as the code on disk has it."""
    return list(MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes())


def check_cache() -> None:
    """Find that what is written to the cache can be read again."""
    key, value = "orderchainer:readyz", time.time_ns()
    cache.set(f"{key}:{value}", value, timeout=10)
    if cache.get(f"{key}:{value}") != value:
        raise Unready("It forgets what it is given.")


def check_broker() -> None:
    """Find that tasks could be sent."""
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0, timeout=1)


def check_worker() -> None:
    """Find that a worker has taken work lately."""
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
