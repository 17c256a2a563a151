"""Counters, gauges and histograms for Prometheus. Each stands beside the code that counts by it.

With PROMETHEUS_MULTIPROC_DIR set, the processes of one machine count together in files there. Import
these names from here and not from the library, which must not be loaded before the lines below.
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

__all__ = ["Counter", "Gauge", "Histogram"]

# The moment of each series' beginning, as a series of its own, helps nobody here.
disable_created_metrics()  # type: ignore[no-untyped-call]
