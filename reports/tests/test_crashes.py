"""`kill -9` of a process that builds reports: another one builds them, each once."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings

from orderchainer.testing.processes import (
    Installation,
    RedisServer,
    embedded,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)
from orderchainer.testing.servers import environment_in, needs_services
from reports.services.requesting import MAX_GENERATING

pytestmark = pytest.mark.processes

EMAIL = "demo@example.com"
AT_WORK = "SELECT id FROM reports_report WHERE state = 'pending' AND claimed_until IS NOT NULL"
READY = "SELECT count(*) FROM reports_report WHERE state = 'ready'"
END_LEASES = (
    "UPDATE reports_report SET next_attempt_at = created_at, claimed_until = created_at"
    " WHERE state = 'pending'"
)


def test_reports_whose_process_is_killed_while_it_builds_them_are_built(tmp_path: Path) -> None:
    with embedded(tmp_path, REPORT_WAIT_SECONDS="0") as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")

        check_that_reports_survive_the_death_of("serve", installation)


@pytest.mark.services
@needs_services
@pytest.mark.skipif(not RedisServer.is_installed(), reason="needs redis-server")
def test_reports_whose_worker_is_killed_while_it_builds_them_are_built(tmp_path: Path) -> None:
    with (
        migrated_postgresql() as database_url,
        redis_server(tmp_path) as redis,
        production(
            tmp_path, database_url=database_url, redis_url=redis.url, REPORT_WAIT_SECONDS="0"
        ) as installation,
    ):
        installation.start("web", "worker", "reports", "beat")
        installation.wait_until_it_listens("web")

        check_that_reports_survive_the_death_of("reports", installation)


def check_that_reports_survive_the_death_of(name: str, installation: Installation) -> None:
    """Kill a process while it builds one of many reports, and look at what becomes of them."""
    client, project = merchant_of_a_year(installation)
    for _ in range(MAX_GENERATING):
        ask(installation, client, project)

    at_work = installation.kill_while(
        name,
        find=lambda: installation.rows(AT_WORK),
        within_seconds=60,
        what="a report that is being built",
    )
    assert all(state == "pending" for (state,) in states_of(installation, at_work))
    end_leases(installation)
    installation.start(name)
    wait_until(
        lambda: installation.rows(READY) == [(MAX_GENERATING,)],
        within_seconds=90,
        what="all reports",
    )

    # Each was told once, and they agree, whichever process built them.
    assert installation.rows(
        "SELECT count(*), count(DISTINCT subject_uuid) FROM orders_event"
        " WHERE type = 'report_ready'"
    ) == [(MAX_GENERATING, MAX_GENERATING)]
    [(payloads, longest)] = installation.rows(
        "SELECT count(DISTINCT payload), max(length(payload)) FROM reports_report"
    )
    assert payloads == 1
    assert longest > 10_000
    attempts = installation.rows("SELECT attempts FROM reports_report ORDER BY id")
    assert max(attempts) == (2,)


def merchant_of_a_year(installation: Installation) -> tuple[requests.Session, str]:
    """Load the demo's year of orders; return a client of its owner, and the project's id."""
    loaded = subprocess.run(
        [sys.executable, "manage.py", "demo", "--history"],
        cwd=settings.BASE_DIR,
        env=environment_in(installation.directory, **installation.variables),
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    # In the embedded mode, the process made the demo account when it started.
    told = [loaded.stdout, *(service.output for service in installation.services.values())]
    found = re.search(r"^ +password +(\S+)$", "\n".join(told), re.M)
    assert found is not None
    client = requests.Session()
    answer = client.post(
        f"{installation.url}/api/auth/token",
        json={"email": EMAIL, "password": found[1]},
        timeout=30,
    )
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    [(project,)] = installation.rows(
        "SELECT uuid FROM accounts_project WHERE name = 'Aurora Workshop, a year'"
    )
    return client, str(project)


def ask(installation: Installation, client: requests.Session, project: str) -> None:
    # A period that is over: otherwise a later build compares with a longer part of the one before.
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    answer = client.post(
        f"{installation.url}/api/v1/reports/{project}/generate",
        json={
            "report_type": "sales",
            "start_date": (yesterday - timedelta(days=400)).isoformat(),
            "end_date": yesterday.isoformat(),
        },
        headers={"Prefer": "respond-async"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text


def states_of(installation: Installation, rows: list[tuple[int]]) -> list[tuple[str]]:
    ids = ", ".join(str(pk) for (pk,) in rows)
    return installation.rows(f"SELECT state FROM reports_report WHERE id IN ({ids})")


def end_leases(installation: Installation) -> None:
    """Let the leases of the dead process end now, for which it would take two minutes and more."""
    url = installation.database_url
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=20)) as file, file:
            file.execute(END_LEASES)
    else:
        with psycopg.connect(url) as connection:
            connection.execute(END_LEASES)
