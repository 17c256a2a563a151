"""Have reports made by schedules, and change those."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction

from accounts.locks import lock_project
from accounts.models import Membership, Project, User
from accounts.queries import require_operation
from orderchainer.core.days import today_in
from orderchainer.core.errors import Invalid
from reports.access import MANAGE_REPORTS
from reports.errors import ScheduleNotFound, TooManySchedules
from reports.filters import checked
from reports.models import ReportSchedule
from reports.turns import first_day

MAX_SCHEDULES = 50
MAX_RECIPIENTS = 50
CHANNELS = ("email", "discord")


class ScheduleFields(TypedDict, total=False):
    """The fields of a schedule that people set. A missing one gets its default, or stays."""

    report_type: str
    frequency: str
    filters: Mapping[str, Any]
    # The UUIDs of members.
    recipients: Sequence[UUID]
    channels: Collection[str]
    is_active: bool


@transaction.atomic
def create_schedule(*, project: Project, by: User, fields: ScheduleFields) -> ReportSchedule:
    """Create a schedule. Its first report is that of the current day, week or month.

    `report_type` and `frequency` are needed. Without recipients, `by` is the only one, if a member.
    Raises `Invalid`, `TooManySchedules` and `RoleNotEnough`.
    """
    project = lock_project(project)
    require_operation(by, project, MANAGE_REPORTS)
    if project.report_schedules.count() >= MAX_SCHEDULES:
        raise TooManySchedules(MAX_SCHEDULES)
    schedule = ReportSchedule(project=project, created_by=by)
    recipients = (
        _recipients(project, fields["recipients"])
        if "recipients" in fields
        # Staff can make schedules without being members.
        else list(project.memberships.filter(user=by))
    )
    _fill(schedule, fields)
    schedule.save()
    schedule.recipients.set(recipients)
    return schedule


@transaction.atomic
def change_schedule(
    *,
    schedule: ReportSchedule,
    by: User,
    fields: ScheduleFields,
    precondition: Callable[[ReportSchedule], None] | None = None,
) -> ReportSchedule:
    """Change a schedule, unless `precondition` raises for it as it is now.

    With another frequency, or switched on again, it starts over with the current period.
    Raises `Invalid`, `ScheduleNotFound` and `RoleNotEnough`.
    """
    project = lock_project(schedule.project)
    require_operation(by, project, MANAGE_REPORTS)
    locked = _lock(project, schedule)
    if precondition is not None:
        precondition(locked)
    if "recipients" in fields:
        locked.recipients.set(_recipients(project, fields["recipients"]))
    _fill(locked, fields)
    locked.save()
    return locked


@transaction.atomic
def delete_schedule(*, schedule: ReportSchedule, by: User) -> None:
    """Delete a schedule. Its reports stay. Raises `ScheduleNotFound` and `RoleNotEnough`."""
    project = lock_project(schedule.project)
    require_operation(by, project, MANAGE_REPORTS)
    _lock(project, schedule).delete()


def _lock(project: Project, schedule: ReportSchedule) -> ReportSchedule:
    """Return the schedule as it is now. Whoever writes schedules holds the project's lock."""
    found = ReportSchedule.objects.filter(project=project, pk=schedule.pk).first()
    if found is None:
        raise ScheduleNotFound
    found.project = project
    return found


def _fill(schedule: ReportSchedule, fields: ScheduleFields) -> None:
    was = (schedule.frequency, schedule.is_active) if schedule.pk else None
    schedule.report_type = fields.get("report_type", schedule.report_type)
    schedule.frequency = fields.get("frequency", schedule.frequency)
    schedule.is_active = fields.get("is_active", schedule.is_active)
    schedule.filters = dict(checked(schedule.report_type, fields.get("filters", schedule.filters)))
    if "channels" in fields:
        schedule.by_email, schedule.by_discord = (name in fields["channels"] for name in CHANNELS)
        if not (schedule.by_email or schedule.by_discord):
            raise Invalid({"channels": ["Name at least one channel."]})
    is_switched_on = schedule.is_active and was is not None and not was[1]
    if was is None or was[0] != schedule.frequency or is_switched_on:
        # Nobody wants the reports of the time when it was off.
        today = today_in(schedule.project.zone)
        schedule.begin(first_day(schedule.frequency, today))
        schedule.last_error = ""


def _recipients(project: Project, users: Sequence[UUID]) -> Sequence[Membership]:
    """Return the memberships of the users. Raises `Invalid`."""
    wanted = set(users)
    if len(wanted) > MAX_RECIPIENTS:
        raise Invalid({"recipients": [f"A schedule has at most {MAX_RECIPIENTS} recipients."]})
    found = list(project.memberships.filter(user__uuid__in=wanted, user__is_active=True))
    if len(found) != len(wanted):
        raise Invalid({"recipients": ["All recipients must be members of the project."]})
    return found
