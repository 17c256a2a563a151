"""Counters, gauges and histograms for Prometheus. Each is declared next to the code that uses it.

With PROMETHEUS_MULTIPROC_DIR set, all processes of a machine count together in files there. Import
these names from here and not from the library, which must not be imported before the lines below.
"""

import os

from django.conf import settings

# The library decides how to count when it is imported. It takes the variable for a directory even
# if it is empty.
if not settings.PROMETHEUS_MULTIPROC_DIR:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

__all__ = ["Counter", "Gauge", "Histogram"]

# We do not need a second series with the creation time of each series.
disable_created_metrics()  # type: ignore[no-untyped-call]
