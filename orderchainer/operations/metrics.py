"""`/metrics` for Prometheus, and the measurements of every request and task.

There are two kinds of metrics: what each process counts, here and in the apps, and what the
database knows, which each scrape reads in twelve bounded queries.
"""

import hmac
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from celery import signals
from celery.app.task import Task
from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import start_http_server
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from accounts.models import OutgoingEmail
from integrations.models import Errand, InboundDelivery, Integration, SyncRun
from notifications.models import Attachment, MessageSend
from orderchainer.core.logs.tasks import seconds_of
from orderchainer.core.measures import Histogram
from orderchainer.core.outbox import PENDING, Work
from orderchainer.core.web.reading import read_only
from orderchainer.operations.bounded import ask
from orderchainer.operations.heartbeat import last_heartbeat_age_seconds
from orders.stream.models import DeliveryTarget, Event, EventDelivery
from orders.stream.queries import stream_head

logger = structlog.get_logger(__name__)

# The label is the route as declared, so that ids do not create new series.
REQUEST_SECONDS = Histogram(
    "orderchainer_http_request_duration_seconds",
    "How long requests took, by route, method and status.",
    ["route", "method", "status"],
)
TASK_SECONDS = Histogram(
    "orderchainer_task_duration_seconds",
    "How long background tasks took, by name and outcome (success, failure, retry, …).",
    ["task", "outcome"],
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# We stop counting here. A larger number would raise the same alarm, and counting on would slow down
# work that is already late.
COUNTED_AT_MOST = 10_000
DATABASE_SECONDS = 3.0


# --- Every request and task -------------------------------------------------------------------


class RequestMetricsMiddleware:
    """Time each request by its route, method and status."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        # Clients can invent paths and methods, and each would create a series for ever.
        REQUEST_SECONDS.labels(
            f"/{match.route}" if match else "(none)",
            request.method if request.method in METHODS else "(other)",
            response.status_code,
        ).observe(time.perf_counter() - started)
        return response


@signals.task_postrun.connect
def measure_task(task: "Task[..., Any]", state: str | None = None, **_: object) -> None:
    """Time each task by its name and outcome."""
    TASK_SECONDS.labels(task.name, (state or "unknown").lower()).observe(seconds_of(task))


@signals.worker_init.connect
def serve_workers_metrics(**_: object) -> None:
    """Serve a worker's own metrics at WORKER_METRICS_LISTEN, because a worker has no other HTTP
    server.
    """
    # The embedded worker shares the metrics of its process.
    if settings.WORKER_METRICS_LISTEN and not settings.EMBEDDED:
        host, _colon, port = settings.WORKER_METRICS_LISTEN.rpartition(":")
        start_http_server(int(port), addr=host, registry=counted())


# --- What the database knows ------------------------------------------------------------------


class DatabaseCollector(Collector):
    """Reports the stream's position, the delays of the relay and of all work that waits in rows,
    the integrations, and the heartbeat's age.
    """

    def collect(self) -> Iterable[Metric]:
        """Read everything within `DATABASE_SECONDS`. Whether the database answered is a metric."""
        reading: Future[list[Metric]] = ask(lambda: list(self._read()))
        reachable = GaugeMetricFamily(
            "orderchainer_database_up", "Whether the database answered this scrape."
        )
        try:
            yield from reading.result(timeout=DATABASE_SECONDS)
        except Exception as exc:  # noqa: BLE001 (a driver may raise anything)
            # Prometheus still gets all other metrics, and one that says that this failed.
            logger.warning("scrape_failed", error=str(exc) or type(exc).__name__)
            reachable.add_metric([], 0)
        else:
            reachable.add_metric([], 1)
        yield reachable

    def _read(self) -> Iterator[Metric]:
        now = timezone.now()
        yield _gauge(
            "orderchainer_stream_position",
            "The last position of the stream of events.",
            stream_head(),
        )
        waiting = Event.objects.filter(position=None).order_by("id")[:COUNTED_AT_MOST]
        unrelayed = waiting.aggregate(count=Count("pk"), oldest=Min("created_at"))
        oldest = unrelayed["oldest"]
        yield _gauge(
            "orderchainer_relay_lag_seconds",
            "Age of the oldest event that has no place in the stream yet.",
            (now - oldest).total_seconds() if oldest else 0,
        )
        yield _gauge(
            "orderchainer_relay_waiting_events",
            f"Events that have no place in the stream yet, counted up to {COUNTED_AT_MOST}.",
            unrelayed["count"],
        )
        deliveries = GaugeMetricFamily(
            "orderchainer_deliveries",
            "Deliveries that are pending or have failed, "
            f"counted up to {COUNTED_AT_MOST} of each state.",
            labels=["subscriber", "state"],
        )
        for state in (EventDelivery.State.PENDING, EventDelivery.State.FAILED):
            for subscriber, count in _deliveries_in(state):
                deliveries.add_metric([subscriber, state], count)
        yield deliveries
        # Deliveries that wait for a paused target are not late: see `orders.stream.deliveries`.
        paused = DeliveryTarget.objects.filter(
            subscriber=OuterRef("subscriber"),
            target=OuterRef("target"),
            paused_until__gt=now,
        )
        due = (
            EventDelivery.objects.filter(state=EventDelivery.State.PENDING)
            .filter(~Exists(paused))
            .order_by("next_attempt_at")
            .values_list("next_attempt_at", flat=True)
            .first()
        )
        yield _gauge(
            "orderchainer_delivery_overdue_seconds",
            "For how long the most overdue delivery has been due.",
            max(0.0, (now - due).total_seconds()) if due else 0,
        )
        emails = OutgoingEmail.objects.filter(state=OutgoingEmail.State.PENDING).order_by(
            "next_attempt_at"
        )[:COUNTED_AT_MOST]
        unsent = emails.aggregate(count=Count("pk"), oldest=Min("created_at"))
        yield _gauge(
            "orderchainer_emails_waiting",
            f"E-mails that have not gone out yet, counted up to {COUNTED_AT_MOST}.",
            unsent["count"],
        )
        asked_at = unsent["oldest"]
        yield _gauge(
            "orderchainer_email_waiting_seconds",
            "How long the e-mail that was asked for first has been waiting.",
            (now - asked_at).total_seconds() if asked_at else 0,
        )
        yield from _waiting(
            InboundDelivery, "inbound", now, "Webhook calls of providers that are stored"
        )
        yield from _waiting(SyncRun, "syncs", now, "Sync runs that are queued or running")
        yield from _waiting(Errand, "errands", now, "Calls to providers outside of syncs")
        yield from _waiting(MessageSend, "messages", now, "Parts of messages to customers")
        yield from _waiting(Attachment, "files", now, "Files that customers sent")
        integrations = GaugeMetricFamily(
            "orderchainer_integrations",
            "Integrations that are not disconnected, by provider and status.",
            labels=["provider", "status"],
        )
        connected = Integration.objects.exclude(status=Integration.Status.DISCONNECTED)
        for row in connected.values("provider", "status").annotate(count=Count("pk")).order_by():
            integrations.add_metric([row["provider"], row["status"]], row["count"])
        yield integrations
        heartbeat = last_heartbeat_age_seconds()
        if heartbeat is not None:
            yield _gauge(
                "orderchainer_worker_heartbeat_age_seconds",
                "How long ago a worker last took work.",
                heartbeat,
            )


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=value)


def _waiting(rows: type[Work], name: str, now: datetime, what: str) -> Iterator[Metric]:
    """Report how many rows of one kind of work are not over, and how late the latest is."""
    pending = rows._default_manager.filter(state=PENDING).order_by("next_attempt_at")
    found = pending[:COUNTED_AT_MOST].aggregate(count=Count("pk"), due=Min("next_attempt_at"))
    yield _gauge(
        f"orderchainer_{name}_waiting",
        f"{what} and not worked on to the end, counted up to {COUNTED_AT_MOST}.",
        found["count"],
    )
    due = found["due"]
    yield _gauge(
        f"orderchainer_{name}_overdue_seconds",
        "For how long the most overdue of them has been due.",
        max(0.0, (now - due).total_seconds()) if due else 0,
    )


def _deliveries_in(state: str) -> list[tuple[str, int]]:
    # The index on (state, subscriber) holds all we need; the limit bounds how much of it we read.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subscriber, COUNT(*) FROM (SELECT subscriber FROM orders_eventdelivery"
            " WHERE state = %s LIMIT %s) AS counted GROUP BY subscriber",
            [state, COUNTED_AT_MOST],
        )
        return [(subscriber, count) for subscriber, count in cursor.fetchall()]


# --- The page ---------------------------------------------------------------------------------


def counted() -> CollectorRegistry:
    """Return the registry of this process, or of all processes on this machine if they count
    together.
    """
    directory = settings.PROMETHEUS_MULTIPROC_DIR
    if not directory:
        return REGISTRY
    _forget_the_dead(Path(directory))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]
    return registry


def _forget_the_dead(directory: Path) -> None:
    """Delete the gauges of killed processes: what they had open is closed now."""
    for file in directory.glob("gauge_live*_*.db"):
        try:
            os.kill(int(file.stem.rpartition("_")[2]), 0)
        except ProcessLookupError:
            file.unlink(missing_ok=True)
        except PermissionError:
            continue  # it is alive and belongs to another user


@read_only
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Show all metrics, if the caller may see them."""
    if not _may_see(request):
        return HttpResponse(
            "Metrics are for this machine and for requests with METRICS_TOKEN as a bearer token.\n",
            status=403,
            content_type="text/plain",
        )
    database = CollectorRegistry()
    database.register(DatabaseCollector())
    return HttpResponse(
        generate_latest(counted()) + generate_latest(database),
        content_type=CONTENT_TYPE_LATEST,
    )


def _may_see(request: HttpRequest) -> bool:
    """Tell whether the caller knows METRICS_TOKEN or, if none is set, calls from this machine."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    # A request through a proxy can come from anywhere.
    return (
        request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
        and "X-Forwarded-For" not in request.headers
        and "Forwarded" not in request.headers
    )
