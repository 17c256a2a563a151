"""What people do with reports."""

from reports.services.deleting import delete_report
from reports.services.requesting import MAX_GENERATING, MAX_KEPT, request_report
from reports.services.scheduling import (
    MAX_SCHEDULES,
    ScheduleFields,
    change_schedule,
    create_schedule,
    delete_schedule,
)
from reports.services.waiting import wait_for

__all__ = [
    "MAX_GENERATING",
    "MAX_KEPT",
    "MAX_SCHEDULES",
    "ScheduleFields",
    "change_schedule",
    "create_schedule",
    "delete_report",
    "delete_schedule",
    "request_report",
    "wait_for",
]
