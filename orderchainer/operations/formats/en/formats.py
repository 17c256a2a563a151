"""Sortable dates, with seconds: what happened first matters here. Moments are UTC, as everything inside."""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "Y-m-d H:i:s"
