"""Bodies and answers of `/api/v1/reports/{project_id}/schedules`."""

from typing import Any, ClassVar, cast

from rest_framework import serializers

from orderchainer.core.errors import NothingToChange
from orderchainer.core.http.fields import ListedChoiceField, StrictSerializer, StrictUUIDField
from reports.api.hub.serializers import FiltersField
from reports.builders import BUILDERS
from reports.models import Frequency, ReportSchedule
from reports.services import ScheduleFields
from reports.services.scheduling import CHANNELS, MAX_RECIPIENTS

TYPES = list(BUILDERS)
FREQUENCY = "Weeks begin on Monday."


class ScheduleInput(StrictSerializer):
    """The fields of a schedule."""

    filters = FiltersField(required=False, help_text="As for a report.")
    recipients = serializers.ListField(
        child=StrictUUIDField(),
        required=False,
        max_length=MAX_RECIPIENTS,
        help_text="The ids of members. Without it, you alone get the reports.",
    )
    channels = serializers.ListField(
        child=ListedChoiceField(choices=list(CHANNELS)),
        required=False,
        min_length=1,
        max_length=len(CHANNELS),
        help_text="How the recipients are told: `email`, `discord` or both. Discord is the channel "
        "that each of them has connected. It is `email` unless you say otherwise.",
    )
    is_active = serializers.BooleanField(required=False)

    @property
    def plain(self) -> ScheduleFields:
        """What the body sets."""
        return cast(ScheduleFields, {**self.validated_data})


class NewSchedule(ScheduleInput):
    """`POST /api/v1/reports/{project_id}/schedules`."""

    report_type = ListedChoiceField(choices=TYPES)
    frequency = ListedChoiceField(choices=Frequency.choices, help_text=FREQUENCY)


class ScheduleChanges(ScheduleInput):
    """`PATCH /api/v1/reports/{project_id}/schedules/{schedule_id}`."""

    ignored: ClassVar = frozenset({"next_period", "next_at", "last_error"})
    fixed: ClassVar = frozenset({"id", "project_id", "created_by", "created_at"})

    report_type = ListedChoiceField(choices=TYPES, required=False)
    frequency = ListedChoiceField(choices=Frequency.choices, required=False, help_text=FREQUENCY)

    def validate(self, attrs: Any) -> Any:
        """Refuse an empty change, but not one that sends back what was read.

        Raises `NothingToChange`.
        """
        if not attrs and not self.context.get("is_sent_back"):
            raise NothingToChange
        return attrs


class DaysOutput(serializers.Serializer[Any]):
    """The calendar days of a period."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()


class ScheduleOutput(serializers.Serializer[ReportSchedule]):
    """A report that is made again and again."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    report_type = serializers.ChoiceField(choices=TYPES)
    frequency = serializers.ChoiceField(choices=Frequency.choices)
    filters = FiltersField()
    recipients = serializers.ListField(child=serializers.UUIDField())
    channels = serializers.ListField(child=serializers.ChoiceField(choices=list(CHANNELS)))
    is_active = serializers.BooleanField()
    next_period = DaysOutput(help_text="What the next report is about.")
    next_at = serializers.CharField(
        allow_null=True, help_text="When that period ends, in UTC; null while it is switched off."
    )
    last_error = serializers.CharField(
        allow_null=True, help_text="Why the last report was not made, or failed."
    )
    created_by = serializers.UUIDField(allow_null=True)
    created_at = serializers.CharField()
