"""The schedules of a project: which reports it gets by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.access import Operation
from accounts.models import User
from accounts.queries import members_of
from accounts.services import answer_once, fingerprint_of
from orderchainer.core.errors import DomainError, Invalid, Stale
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther
from reports import services
from reports.access import MANAGE_REPORTS, VIEW_REPORTS
from reports.errors import ScheduleNotFound
from reports.exports.shown import day_in_words
from reports.models import ReportSchedule
from reports.pages.base import OfReports
from reports.pages.forms import ChangeScheduleForm, NewScheduleForm, PauseForm
from reports.pages.shown import filters_in_words
from reports.queries import schedule_for, schedules_of

FIELDS = ("report_type", "frequency", "recipients", "channels")
WAYS = {"email": "e-mail", "discord": "Discord"}


@dataclass(frozen=True)
class ShownSchedule:
    """A schedule in a list. `period` are the days of its next report, `due_at` when they end.

    `narrowed` are its filters in words.
    """

    id: UUID
    title: str
    narrowed: str
    told: str
    is_active: bool
    period: str
    due_at: datetime
    error: str


def shown_schedule(schedule: ReportSchedule) -> ShownSchedule:
    """Return a schedule that `schedules_of` has read as a list shows it."""
    return ShownSchedule(
        id=schedule.uuid,
        title=title_of(schedule),
        narrowed=filters_in_words(schedule.filters),
        told=_told_by(schedule),
        is_active=schedule.is_active,
        period=_days(schedule.next_first, schedule.next_last),
        due_at=schedule.due_at,
        error=schedule.last_error,
    )


def title_of(schedule: ReportSchedule) -> str:
    """Return what people call a schedule: `Sales, weekly`."""
    return f"{schedule.report_type.capitalize()}, {schedule.frequency}"


def name_of(user: User) -> str:
    """Return the user's name, or their e-mail address if they have told none."""
    return user.name or user.email


def version_of(schedule: ReportSchedule) -> str:
    """Return what changes with every change that people make to the schedule."""
    recipients = schedule.recipients.order_by("pk").values_list("pk", flat=True)
    channels = schedule.channels
    return fingerprint_of([schedule.report_type, schedule.frequency, channels, list(recipients)])


class OfSchedules(OfReports):
    """A page of schedules. No event is about them."""

    is_live = False

    def schedule(self) -> ReportSchedule:
        """Return the schedule that the path names. Raises `ScheduleNotFound`."""
        return schedule_for(self.its_project, self.kwargs["schedule_id"])

    def members(self) -> Sequence[User]:
        """Return the members who can be told."""
        return [each.user for each in members_of(self.its_project) if each.user.is_active]

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the list."""
        if self.project is None:
            return super().way_out(exc)
        return {"label": "All schedules", "href": self.address("report-schedules")}

    def done(self) -> str:
        """Return the address of the list."""
        return self.address("report-schedules")


class SchedulesPage(OfSchedules):
    """The schedules, oldest first. A project has a bounded number of them."""

    template_name = "reports/schedules.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        may_manage = self.may(MANAGE_REPORTS)
        return self.show(
            {
                "schedules": [shown_schedule(each) for each in schedules_of(self.its_project)],
                "may_manage": may_manage,
                "empty_actions": [("New schedule", self.address("report-schedule-new"))]
                if may_manage
                else [],
            }
        )


class NewSchedulePage(OfSchedules, FormPage):
    """A new schedule. Sending the form twice makes one."""

    template_name = "reports/schedule.html"
    button = "Create schedule"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_REPORTS, "POST": MANAGE_REPORTS}

    def form(self, **posted: Any) -> NewScheduleForm:
        """Return the form."""
        first: dict[str, Any] = {"recipients": [str(self.person.uuid)], "channels": ["email"]}
        return NewScheduleForm(members=self.members(), initial=first, **posted)

    def act(self, form: NewScheduleForm) -> None:
        """Create it."""

        def work() -> str:
            schedule = services.create_schedule(
                project=self.its_project, by=self.person, fields=form.wanted(*FIELDS)
            )
            return str(schedule.uuid)

        sent = {name: self.request.POST.getlist(name) for name in form.fields}
        answer_once(
            user=self.person,
            key=form.cleaned_data["key"],
            fingerprint=fingerprint_of([self.request.path, sent]),
            work=work,
        )
        messages.success(self.request, "The schedule is created.")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the title, and where Cancel leads."""
        return {"title": "New schedule", "cancel": self.done()}


class EditSchedulePage(OfSchedules, FormPage):
    """Changes a schedule. Nobody overwrites a change that they have not seen."""

    template_name = "reports/schedule.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_REPORTS, "POST": MANAGE_REPORTS}

    def form(self, **posted: Any) -> ChangeScheduleForm:
        """Return the form, with the schedule as it is now."""
        schedule = self.schedule()
        now = {
            "report_type": schedule.report_type,
            "frequency": schedule.frequency,
            "recipients": [str(each.user.uuid) for each in schedule.recipients.all()],
            "channels": schedule.channels,
            "version": version_of(schedule),
        }
        return ChangeScheduleForm(members=self.members(), initial=now, **posted)

    def act(self, form: ChangeScheduleForm) -> HttpResponse | None:
        """Save what was changed."""
        changed = [name for name in FIELDS if name in form.changed_data]
        version = form.cleaned_data["version"]

        def require_unchanged(schedule: ReportSchedule) -> None:
            if version_of(schedule) != version:
                raise Stale(_overtaken(schedule))

        if not changed:
            return None
        try:
            schedule = services.change_schedule(
                schedule=self.schedule(),
                by=self.person,
                fields=form.wanted(*changed),
                precondition=require_unchanged,
            )
        except Stale as exc:
            # The page then says what others have saved: saving once more is a choice.
            again = self.request.POST.copy()
            again["version"] = version_of(self.schedule())
            return self.show_refused(self.form(data=again), exc)
        messages.success(self.request, f"{title_of(schedule)} is saved.")
        return None

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the title, and where Cancel leads."""
        return {"title": "Change the schedule", "cancel": self.done()}


class PauseSchedulePage(OfSchedules):
    """Switches a schedule off, or on again."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_REPORTS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do it, and go back to the list. Raises `Invalid` for a form that says neither."""
        form = PauseForm(self.request.POST)
        if not form.is_valid():
            raise Invalid({"is_active": ["Must be yes or no."]})
        is_active = form.cleaned_data["is_active"]
        schedule = services.change_schedule(
            schedule=self.schedule(), by=self.person, fields={"is_active": is_active}
        )
        happened = "goes on with the current period" if is_active else "is paused"
        messages.success(self.request, f"{title_of(schedule)} {happened}.")
        return SeeOther(self.done())


class DeleteSchedulePage(OfSchedules, FormPage):
    """Asks before it deletes a schedule. Its reports stay."""

    template_name = "reports/delete.html"
    button = "Delete the schedule"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_REPORTS, "POST": MANAGE_REPORTS}

    def form(self, **posted: Any) -> forms.Form:
        """Return a form that asks for nothing but the button."""
        return forms.Form(**posted)

    def act(self, form: BaseForm) -> None:
        """Delete it. One that is gone already is what the reader wants."""
        try:
            schedule = self.schedule()
            services.delete_schedule(schedule=schedule, by=self.person)
        except ScheduleNotFound:
            messages.info(self.request, "The schedule is no longer there.")
            return
        messages.success(self.request, f"{title_of(schedule)} is deleted. Its reports stay.")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return what is deleted, and where Cancel leads."""
        return {
            "title": title_of(self.schedule()),
            "consequences": "It will make no more reports. Those that it has made stay.",
            "parent": {"label": "Schedules", "url": self.done()},
            "cancel": self.done(),
        }


def _told_by(schedule: ReportSchedule) -> str:
    """Say whom a schedule tells, and how."""
    names = [name_of(each.user) for each in schedule.recipients.all()]
    ways = " and ".join(WAYS[each] for each in schedule.channels)
    return f"{', '.join(names)}, by {ways}" if names else "nobody"


def _overtaken(schedule: ReportSchedule) -> str:
    """Say what others have made of a schedule while somebody had its form open."""
    return (
        "Somebody has changed this schedule since you opened the page, so nothing was saved. It is "
        f"{title_of(schedule)} now, and goes to {_told_by(schedule)}. Save again to replace that."
    )


def _days(first: date, last: date) -> str:
    if first == last:
        return day_in_words(first)
    return f"{day_in_words(first)} to {day_in_words(last)}"
