"""What people do with reports."""

from reports.services.deleting import delete_report
from reports.services.requesting import MAX_GENERATING, MAX_KEPT, request_report
from reports.services.waiting import wait_for

__all__ = ["MAX_GENERATING", "MAX_KEPT", "delete_report", "request_report", "wait_for"]
