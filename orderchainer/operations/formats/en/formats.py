"""Sortable dates with seconds, because the order of events matters here.

A time names its zone. On the pages of the back office that is the reader's.
"""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "Y-m-d H:i:s T"
