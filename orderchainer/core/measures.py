"""What is counted and timed while it happens, for Prometheus.

With PROMETHEUS_MULTIPROC_DIR set, the processes of one machine count together in files there;
`orderchainer.operations.metrics` shows the sum.
"""

import os
from pathlib import Path

from django.conf import settings

# The library decides at its import how it counts. It takes a variable that is there, even an empty one,
# for the name of a directory, and that directory for granted.
if settings.PROMETHEUS_MULTIPROC_DIR:
    Path(settings.PROMETHEUS_MULTIPROC_DIR).mkdir(parents=True, exist_ok=True)
else:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# The moment of each series' beginning, as a series of its own, helps nobody here.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Labels: the route as it is declared, so that ids do not make series of their own.
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
DELIVERIES = Counter(
    "orderchainer_deliveries_total",
    "Deliveries of events that came to an end, by subscriber and state (sent, failed, dropped).",
    ["subscriber", "state"],
)
EMAILS = Counter(
    "orderchainer_emails_total",
    "E-mails that came to an end, by kind and state (sent, failed, dropped).",
    ["kind", "state"],
)
SOCKETS = Gauge(
    "orderchainer_websocket_connections",
    "WebSockets that are open now.",
    multiprocess_mode="livesum",
)
