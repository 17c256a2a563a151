"""The forms of reports. They check shape only: the services decide."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django import forms

from accounts.models import Project, User
from orderchainer.core.web.forms import IdempotencyKeyField, VersionField
from reports.builders import BUILDERS
from reports.models import Frequency
from reports.pages.ranges import OWN, RANGES, days_in
from reports.services import ScheduleFields

KINDS = [(name, name.capitalize()) for name in BUILDERS]


class DayField(forms.DateField):
    """A day, in the form in which browsers send it."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], required=False, **options)


class ReportForm(forms.Form):
    """A new report: its kind and its period."""

    report_type = forms.ChoiceField(label="Kind", choices=KINDS)
    range = forms.ChoiceField(label="Period", choices=list(RANGES.items()), initial="30")
    start_date = DayField(label="First day", help_text="For other days.")
    end_date = DayField(label="Last day")
    key = IdempotencyKeyField()

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields[
            "start_date"
        ].help_text = f"For other days. Days are those of {project.timezone}."

    def clean(self) -> dict[str, Any]:
        """Ask for both days of a period of one's own, and refuse days for any other period."""
        values = super().clean() or {}
        days = ("start_date", "end_date")
        if values.get("range") == OWN:
            for name in days:
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, "Name the day.")
        elif "range" in values and any(values.get(name) for name in days):
            words = f"Choose “{RANGES[OWN]}” for the days below, or leave them empty."
            self.add_error("range", words)
        return values

    def days(self) -> tuple[date, date]:
        """Return the first and the last day that a valid form asks for."""
        values = self.cleaned_data
        if values["range"] == OWN:
            return values["start_date"], values["end_date"]
        return days_in(values["range"], self.project.zone)


class ScheduleForm(forms.Form):
    """What a schedule makes, how often, and whom it tells."""

    report_type = forms.ChoiceField(label="Kind", choices=KINDS)
    frequency = forms.ChoiceField(
        choices=[(each.value, each.label) for each in Frequency],
        initial=Frequency.WEEKLY,
        help_text="Weeks begin on Monday. The report is about a whole day, week or month.",
    )
    recipients = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, required=False, help_text="Members who get the report."
    )
    channels = forms.MultipleChoiceField(
        label="How they get it",
        choices=[
            ("email", "E-mail"),
            ("discord", "Discord, in the channel that each has connected"),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one way."},
    )

    def __init__(self, *args: Any, members: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        recipients = self.fields["recipients"]
        assert isinstance(recipients, forms.MultipleChoiceField)
        recipients.choices = [(str(each.uuid), each.name or each.email) for each in members]

    def wanted(self, *names: str) -> ScheduleFields:
        """Return those of these fields that the form has, as the service takes them."""
        values = {name: self.cleaned_data[name] for name in names}
        if "recipients" in values:
            values["recipients"] = [UUID(each) for each in values["recipients"]]
        return values  # type: ignore[return-value]  # by these names


class NewScheduleForm(ScheduleForm):
    """A new schedule."""

    key = IdempotencyKeyField()


class ChangeScheduleForm(ScheduleForm):
    """Another kind, frequency, or other recipients."""

    version = VersionField()


class PauseForm(forms.Form):
    """Whether a schedule makes reports."""

    is_active = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")], coerce=lambda word: word == "yes"
    )
