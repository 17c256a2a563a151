"""`/metrics`: the counters, the values from the database, who may see them, and the cost."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts.mail import outbox
from accounts.models import OutgoingEmail, User
from accounts.services import queue_email
from accounts.tests.factories import client_of, make_user
from integrations.inbound.tests.factories import make_delivery, make_integration
from integrations.models import Errand, SyncRun
from orderchainer.celery import app
from orderchainer.operations import metrics as metrics_module
from orderchainer.operations.health import OLDEST_HEARTBEAT_SECONDS
from orderchainer.operations.heartbeat import beat_once
from orderchainer.testing.servers import free_port
from orders.stream.models import ORDER, DeliveryTarget, Event, EventDelivery

State = EventDelivery.State


def scraped(**headers: str) -> dict[str, float]:
    """Return every sample on the page by its name and labels."""
    response = Client().get("/metrics", headers=headers)
    assert response.status_code == 200
    samples = re.findall(r"^([^#\s][^\s]*(?:\{.*\})?) (\S+)$", response.text, re.MULTILINE)
    return {name: float(value) for name, value in samples}


# --- What each process counts -----------------------------------------------------------------


def requests_counted(route: str, method: str, status: int) -> float:
    return (
        REGISTRY.get_sample_value(
            "orderchainer_http_request_duration_seconds_count",
            {"route": route, "method": method, "status": str(status)},
        )
        or 0
    )


@pytest.mark.django_db
def test_requests_are_timed_by_route_method_and_status() -> None:
    client = client_of(make_user())
    before = requests_counted("/api/orders/<int:order_id>", "GET", 404)

    client.get("/api/orders/123456")
    client.get("/api/orders/654321/")

    # One series for all ids and spellings.
    assert requests_counted("/api/orders/<int:order_id>", "GET", 404) == before + 2


def test_invented_paths_and_methods_create_no_series() -> None:
    before = (
        requests_counted("(none)", "GET", 404),
        requests_counted("(none)", "(other)", 404),
    )

    Client().get("/api/invented/1")
    Client().get("/api/invented/2")
    Client().generic("BREW", "/api/invented/3")

    assert requests_counted("(none)", "GET", 404) == before[0] + 2
    assert requests_counted("(none)", "(other)", 404) == before[1] + 1


@app.task(name="tests.measured")
def measured(fails: bool) -> None:
    if fails:
        raise LookupError


def test_tasks_are_timed_by_name_and_outcome() -> None:
    def count(outcome: str) -> float:
        labels = {"task": "tests.measured", "outcome": outcome}
        return REGISTRY.get_sample_value("orderchainer_task_duration_seconds_count", labels) or 0

    before = count("success"), count("failure")

    measured.apply((False,))
    measured.apply((False,))
    measured.apply((True,))

    assert (count("success"), count("failure")) == (before[0] + 2, before[1] + 1)


# --- What the database tells ------------------------------------------------------------------


def make_events(owner: User, count: int, *, positions: bool, age: timedelta) -> list[Event]:
    moment = timezone.now() - age
    return Event.objects.bulk_create(
        Event(
            type="order_created",
            subject_kind=ORDER,
            subject_uuid=uuid4(),
            order_id=number,
            owner_id=owner.pk,
            project_id=1,
            created_at=moment,
            position=number if positions else None,
        )
        for number in range(1, count + 1)
    )


@pytest.mark.django_db(transaction=True)
def test_an_idle_service_shows_zeros() -> None:
    beat_once()

    samples = scraped()

    assert samples["orderchainer_database_up"] == 1
    assert samples["orderchainer_stream_position"] == 0
    assert samples["orderchainer_relay_waiting_events"] == 0
    assert samples["orderchainer_relay_lag_seconds"] == 0
    assert samples["orderchainer_delivery_overdue_seconds"] == 0
    assert samples["orderchainer_emails_waiting"] == 0
    assert samples["orderchainer_email_waiting_seconds"] == 0
    for what in ("inbound", "syncs", "errands"):
        assert samples[f"orderchainer_{what}_waiting"] == 0
        assert samples[f"orderchainer_{what}_overdue_seconds"] == 0
    assert 0 <= samples["orderchainer_worker_heartbeat_age_seconds"] < OLDEST_HEARTBEAT_SECONDS
    assert samples["orderchainer_websocket_connections"] == 0


@pytest.mark.django_db(transaction=True)
def test_shows_a_late_relay_and_waiting_deliveries() -> None:
    owner = make_user()
    make_events(owner, 3, positions=False, age=timedelta(seconds=90))
    events = make_events(owner, 6, positions=True, age=timedelta(hours=1))
    now = timezone.now()
    EventDelivery.objects.bulk_create(
        EventDelivery(
            event=event,
            subject_uuid=event.subject_uuid,
            subscriber=subscriber,
            state=state,
            next_attempt_at=now - timedelta(seconds=late),
        )
        for event, subscriber, state, late in zip(
            events,
            ["discord", "discord", "discord", "other", "discord", "discord"],
            [
                State.PENDING,
                State.PENDING,
                State.FAILED,
                State.PENDING,
                State.SENT,
                State.DROPPED,
            ],
            [40, -600, 0, 10, 0, 0],
            strict=True,
        )
    )

    samples = scraped()

    assert samples["orderchainer_relay_waiting_events"] == 3
    assert 90 <= samples["orderchainer_relay_lag_seconds"] < 100
    assert 40 <= samples["orderchainer_delivery_overdue_seconds"] < 50
    assert {
        name: value
        for name, value in samples.items()
        if name.startswith("orderchainer_deliveries{")
    } == {
        'orderchainer_deliveries{state="pending",subscriber="discord"}': 2,
        'orderchainer_deliveries{state="pending",subscriber="other"}': 1,
        'orderchainer_deliveries{state="failed",subscriber="discord"}': 1,
    }


@pytest.mark.django_db(transaction=True)
def test_deliveries_to_a_paused_target_are_not_late() -> None:
    now = timezone.now()
    [event] = make_events(make_user(), 1, positions=True, age=timedelta(0))
    DeliveryTarget.objects.create(
        subscriber="discord", target="7", paused_until=now + timedelta(minutes=5)
    )
    EventDelivery.objects.create(
        event=event,
        subject_uuid=event.subject_uuid,
        subscriber="discord",
        target="7",
        next_attempt_at=now - timedelta(minutes=9),
    )

    assert scraped()["orderchainer_delivery_overdue_seconds"] == 0


@pytest.mark.django_db(transaction=True)
def test_shows_emails_that_cannot_be_sent() -> None:
    for age, state in (
        (90, "pending"),
        (30, "pending"),
        (600, "sent"),
        (700, "failed"),
    ):
        queued = queue_email(kind=OutgoingEmail.Kind.PASSWORD_CHANGED, recipient="ada@example.com")
        OutgoingEmail.objects.filter(pk=queued.pk).update(
            created_at=timezone.now() - timedelta(seconds=age), state=state
        )

    samples = scraped()

    assert samples["orderchainer_emails_waiting"] == 2
    assert 90 <= samples["orderchainer_email_waiting_seconds"] < 100


@pytest.mark.django_db
def test_emails_are_counted_by_how_they_end() -> None:
    before = scraped()
    queued = queue_email(kind=OutgoingEmail.Kind.VERIFY_EMAIL, recipient="nobody@example.com")

    outbox.send(queued.pk)

    name = 'orderchainer_emails_total{kind="verify_email",state="dropped"}'
    assert scraped()[name] == before.get(name, 0) + 1


@pytest.mark.django_db(transaction=True)
def test_shows_webhook_calls_that_nobody_works_on() -> None:
    now = timezone.now()
    integration = make_integration()
    for late, state in ((40, "pending"), (-600, "pending"), (900, "failed"), (900, "done")):
        make_delivery(integration, state=state, next_attempt_at=now - timedelta(seconds=late))

    samples = scraped()

    assert samples["orderchainer_inbound_waiting"] == 2
    assert 40 <= samples["orderchainer_inbound_overdue_seconds"] < 50


@pytest.mark.django_db(transaction=True)
def test_shows_integrations_and_syncs_that_are_late() -> None:
    now = timezone.now()
    integration = make_integration(status="error")
    SyncRun.objects.create(
        integration=integration, trigger="person", next_attempt_at=now - timedelta(seconds=40)
    )
    Errand.objects.create(
        integration=integration, kind="check", next_attempt_at=now + timedelta(seconds=40)
    )

    samples = scraped()

    assert samples['orderchainer_integrations{provider="pretend",status="error"}'] == 1
    assert samples["orderchainer_syncs_waiting"] == 1
    assert 40 <= samples["orderchainer_syncs_overdue_seconds"] < 50
    assert samples["orderchainer_errands_waiting"] == 1
    assert samples["orderchainer_errands_overdue_seconds"] == 0


@pytest.mark.django_db(transaction=True)
def test_a_scrape_counts_up_to_its_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics_module, "COUNTED_AT_MOST", 2)
    make_events(make_user(), 5, positions=False, age=timedelta(0))

    assert scraped()["orderchainer_relay_waiting_events"] == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rows", [10, 500])
def test_a_scrape_costs_twelve_statements_with_any_number_of_rows(rows: int) -> None:
    events = make_events(make_user(), rows, positions=True, age=timedelta(0))
    EventDelivery.objects.bulk_create(
        EventDelivery(event=event, subject_uuid=event.subject_uuid, subscriber="discord")
        for event in events
    )
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        list(metrics_module.DatabaseCollector()._read())

    assert len(statements) == 12


# --- Who sees it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "somewhere",
    [
        {"REMOTE_ADDR": "10.0.0.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_without_a_token_other_machines_see_nothing(somewhere: dict[str, str]) -> None:
    response = Client().get("/metrics", **somewhere)  # type: ignore[arg-type]

    assert response.status_code == 403
    assert "orderchainer_" not in response.text


@pytest.mark.django_db(transaction=True)
@override_settings(METRICS_TOKEN="scrape-me")
def test_with_a_token_set_only_the_token_gives_access() -> None:
    def status(**headers: str) -> int:
        return Client(REMOTE_ADDR="10.0.0.7").get("/metrics/", headers=headers).status_code

    assert status(Authorization="Bearer scrape-me") == 200
    assert status(Authorization="Bearer scrape-me-not") == 403
    assert status(Authorization="scrape-me") == 403
    assert status(Authorization="Bearer \u00e9") == 403
    assert status() == 403
    assert Client().get("/metrics").status_code == 403


# --- Several processes ------------------------------------------------------------------------

COUNT_AND_SHOW = """
import django
django.setup()
from django.test import Client
client = Client()
client.get("/healthz")
from notifications.sockets.hub import SOCKETS
SOCKETS.set(3)
print(client.get("/metrics").text, flush=True)
import os
os._exit(0)
"""


@pytest.mark.processes
def test_processes_of_one_machine_count_together_and_dead_ones_drop_out(
    tmp_path: Path,
) -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
        "ENV_FILE": "",
        "ALLOWED_HOSTS": "testserver",
        "LOG_FILE": str(tmp_path / "service.log"),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }

    def shown() -> str:
        return subprocess.run(
            [sys.executable, "-c", COUNT_AND_SHOW],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    healthy = 'request_duration_seconds_count{method="GET",route="/healthz",status="200"} '
    first, second = shown(), shown()

    assert f"{healthy}1.0" in first
    assert f"{healthy}2.0" in second
    assert "orderchainer_websocket_connections 3.0" in second


WORK = """
import os, sys, threading, time, urllib.request
import django
django.setup()
from celery import signals
signals.worker_init.send(sender=None)
url = "http://" + os.environ["WORKER_METRICS_LISTEN"] + "/metrics"
print(urllib.request.urlopen(url, timeout=5).read().decode(), flush=True)
os._exit(0)
"""


@pytest.mark.processes
def test_a_worker_serves_its_own_metrics(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        env={
            "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
            "ENV_FILE": "",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "LOG_FILE": str(tmp_path / "service.log"),
            "WORKER_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "# TYPE orderchainer_task_duration_seconds histogram" in done.stdout
