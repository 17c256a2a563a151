"""Every write to integrations: one public function per thing that a user or the system can do."""

from integrations.work.progress import keep_progress, slice_seconds
from integrations.work.statuses import report_health, report_trouble

__all__ = [
    "keep_progress",
    "report_health",
    "report_trouble",
    "slice_seconds",
]
