"""`/healthz` and `/readyz` with real failures: ports that refuse, and ports that never answer."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from orderchainer.operations.health import OLDEST_HEARTBEAT_SECONDS, missing_migrations
from orderchainer.operations.heartbeat import beat_once
from orderchainer.testing.servers import free_port


@pytest.fixture
def _a_working_worker() -> Iterator[None]:
    beat_once()
    yield
    cache.clear()


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_healthz_answers_without_asking_anything(path: str) -> None:
    # Without the `django_db` mark, pytest-django refuses every statement.
    response = Client().get(path)

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_refuses_other_methods(path: str) -> None:
    assert Client().post(path).status_code == 405


@pytest.mark.django_db
def test_the_newest_migrations_are_those_that_no_other_follows() -> None:
    """We compare names. Django loads the migrations and knows which follows which."""
    followed_by_none = MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes()
    MigrationRecorder(connection).migration_qs.all().delete()

    missing = missing_migrations(connection)

    assert missing == sorted(f"{app}.{name}" for app, name in followed_by_none)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_a_working_worker")
@pytest.mark.parametrize("path", ["/readyz", "/readyz/"])
def test_readyz_names_each_check(path: str) -> None:
    response = Client().get(path)

    answer = response.json()
    assert response.status_code == 200
    for check in answer["checks"].values():
        assert 0 <= check.pop("latency_ms") < 2000
    assert answer == {
        "status": "ok",
        "checks": {
            "database": {"status": "ok"},
            "cache": {"status": "ok"},
            "broker": {"status": "ok"},
            "worker": {"status": "ok"},
        },
    }


@pytest.mark.django_db(transaction=True)
def test_readyz_says_that_no_worker_runs() -> None:
    cache.clear()

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "failed"
    assert reasons_in(response.json()) == {"worker": "No worker has taken work yet."}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_a_working_worker")
def test_readyz_says_how_long_the_worker_has_been_silent() -> None:
    with time_machine.travel(time.time() + OLDEST_HEARTBEAT_SECONDS + 1.5, tick=True):
        response = Client().get("/readyz")

    assert response.status_code == 503
    assert reasons_in(response.json()) == {
        "worker": "The last worker's heartbeat was 62 seconds ago."
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_a_working_worker")
def test_readyz_waits_for_pending_migrations() -> None:
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="orders").order_by("-name")[0]
    recorder.record_unapplied("orders", last.name)
    try:
        response = Client().get("/readyz")
    finally:
        recorder.record_applied("orders", last.name)

    assert response.status_code == 503
    assert reasons_in(response.json()) == {
        "database": f"Migrations are pending: orders.{last.name}. Run `manage.py migrate`."
    }


# --- Missing services -------------------------------------------------------------------------

ASK = """
import json, time
import django
django.setup()
from django.test import Client
client = Client()
started = time.perf_counter()
response = client.get("/readyz")
seconds = time.perf_counter() - started
alive = client.get("/healthz").status_code
metrics = client.get("/metrics", REMOTE_ADDR="127.0.0.1")
print(json.dumps({
    "status": response.status_code, "body": response.json(), "seconds": seconds, "alive": alive,
    "metrics": metrics.status_code, "database_up": "orderchainer_database_up 1.0" in metrics.text,
    "metrics_seconds": time.perf_counter() - started - seconds,
}), flush=True)
import os
os._exit(0)
"""


def asked_in_a_process(tmp_path: Any, **environment: str) -> dict[str, Any]:
    """Request `/readyz` from a process with these variables; return the answer and its output."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={
            "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
            "ENV_FILE": "",
            "ALLOWED_HOSTS": "testserver",
            "PUBLIC_URL": "http://testserver",
            "LOG_FILE": str(tmp_path / "service.log"),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    answer["log"] = (tmp_path / "service.log").read_text()
    return answer


@pytest.mark.processes
def test_readyz_names_the_failed_checks_without_secrets(tmp_path: Any) -> None:
    port = free_port()

    answer = asked_in_a_process(
        tmp_path,
        DATABASE_URL=f"postgres://app:hunter2@127.0.0.1:{port}/orders",
        REDIS_URL=f"redis://:hunter2@127.0.0.1:{port}/0",
    )

    assert answer["status"] == 503
    assert reasons_in(answer["body"]) | {"database": ""} == {
        "database": "",
        "cache": "It cannot be reached (ConnectionError).",
        "broker": "It cannot be reached (OperationalError).",
        "worker": "It cannot be reached (ConnectionError).",
    }
    # The connection pool retries for longer than a probe waits.
    assert reasons_in(answer["body"])["database"] in {
        "It cannot be reached (OperationalError).",
        "No answer within 2 seconds.",
    }
    assert answer["seconds"] < 3
    assert answer["alive"] == 200
    assert (answer["metrics"], answer["database_up"]) == (200, False)
    assert answer["metrics_seconds"] < 4
    assert "hunter2" not in json.dumps(answer)
    assert str(port) not in json.dumps(answer["body"])


@pytest.mark.processes
def test_readyz_names_a_dead_redis_apart_from_a_living_database(tmp_path: Any) -> None:
    migrate(tmp_path)

    answer = asked_in_a_process(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert answer["status"] == 503
    assert set(reasons_in(answer["body"])) == {"cache", "broker", "worker"}
    assert answer["body"]["checks"]["database"]["status"] == "ok"


@pytest.mark.processes
def test_readyz_does_not_wait_for_a_service_that_hangs(tmp_path: Any) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]

        # A busy machine may hold up one answer. Waiting for the services in turn holds up each.
        for _ in range(3):
            answer = asked_in_a_process(
                tmp_path,
                DATABASE_URL=f"postgres://app@127.0.0.1:{port}/orders",
                REDIS_URL=f"redis://127.0.0.1:{port}/0",
            )
            if answer["seconds"] < 3 and answer["metrics_seconds"] < 4:
                break

    assert answer["status"] == 503
    assert set(reasons_in(answer["body"])) == {"database", "cache", "broker", "worker"}
    assert reasons_in(answer["body"])["database"] == "No answer within 2 seconds."
    assert answer["seconds"] < 3
    assert answer["alive"] == 200
    assert answer["metrics_seconds"] < 4


def migrate(directory: Any) -> None:
    """Create the database that `asked_in_a_process` uses by default."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        env={
            "ENV_FILE": "",
            "LOG_FILE": str(directory / "migrate.log"),
            "DATABASE_URL": f"sqlite:///{directory / 'service.db'}",
        },
        check=True,
        timeout=60,
    )


def reasons_in(body: dict[str, Any]) -> dict[str, str]:
    """Return the reasons of the checks that failed, by name."""
    return {
        name: check["reason"] for name, check in body["checks"].items() if check["status"] != "ok"
    }
