"""Bodies and answers of `/api/v1/reports`."""

import re
from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from accounts.api.hub.serializers.projects import ObjectField
from orderchainer.core.http.fields import ListedChoiceField, StrictSerializer
from reports.api.hub.payloads import PAYLOADS
from reports.builders import BUILDERS
from reports.models import Report
from reports.periods import Bound

# --- Requests ---------------------------------------------------------------------------------

MAX_MOMENT_LENGTH = 40
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@extend_schema_field(
    {"type": "string", "example": "2025-01-01T00:00:00Z", "maxLength": MAX_MOMENT_LENGTH}
)
class BoundField(serializers.Field[Bound, Any, str, Any]):
    """A moment, or a date that stands for a whole day."""

    default_error_messages = {  # noqa: RUF012 (as in REST framework)
        "invalid": "Must be a moment such as 2025-01-31T23:59:59Z, or a date such as 2025-01-31.",
        "naive": "Say in which time zone: end with Z or +01:00, or send only the date.",
    }

    def to_internal_value(self, data: Any) -> Bound:
        """Read the moment or the date."""
        if not isinstance(data, str) or len(data) > MAX_MOMENT_LENGTH:
            self.fail("invalid")
        try:
            bound = parse_date(data) if _DATE.fullmatch(data) else parse_datetime(data)
        except ValueError:
            bound = None
        if bound is None:
            self.fail("invalid")
        if isinstance(bound, datetime) and bound.tzinfo is None:
            self.fail("naive")
        assert isinstance(bound, date)
        return bound

    def to_representation(self, value: Bound) -> Any:
        """Return the value as it is: `presentation` writes answers."""
        return value


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "provider": {"type": "array", "items": {"type": "string"}},
            "status": {"type": "array", "items": {"type": "string"}},
            "currency": {"type": "string"},
            "customer": {"type": "string"},
        },
    }
)
class FiltersField(ObjectField):
    """What to leave out. The service checks it."""


class NewReport(StrictSerializer):
    """`POST /api/v1/reports/{project_id}/generate`."""

    report_type = ListedChoiceField(choices=list(BUILDERS))
    start_date = BoundField(help_text="The first moment, or the first day.")
    end_date = BoundField(help_text="The last second, or the last day.")
    filters = FiltersField(
        required=False,
        default=dict,
        help_text=(
            "Only orders or messages with one of these values of `provider` and of `status`, in "
            "this `currency`, or whose `customer` has this text in name, address or number."
        ),
    )


# --- Answers ----------------------------------------------------------------------------------


class PeriodOutput(serializers.Serializer[Any]):
    """The period of a report: moments, and the calendar days that they are in."""

    start_date = serializers.CharField(help_text="The first moment, in UTC.")
    end_date = serializers.CharField(help_text="The last second, in UTC.")
    first_day = serializers.DateField()
    last_day = serializers.DateField()


class ListedReportOutput(serializers.Serializer[Report]):
    """A report without its payload."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    report_type = serializers.ChoiceField(choices=list(BUILDERS))
    summary = serializers.CharField(
        allow_null=True, help_text="The main figures in plain words; null until it is ready."
    )
    generated_at = serializers.CharField(
        allow_null=True, help_text="UTC, with seconds and `Z`; null until it is ready."
    )
    status = serializers.ChoiceField(choices=["generating", "ready", "failed"])
    error = serializers.CharField(allow_null=True, help_text="Why it failed or is tried again.")
    timezone = serializers.CharField(help_text="The time zone in which its days were cut.")
    period = PeriodOutput()
    filters = FiltersField()
    schema_version = serializers.IntegerField(
        allow_null=True, help_text="The version of the payload's schema; null until it is ready."
    )
    requested_by = serializers.UUIDField(allow_null=True)
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


class ReportOutput(ListedReportOutput):
    """A report."""

    payload = PolymorphicProxySerializer(
        component_name="ReportPayload",
        serializers=list(PAYLOADS.values()),
        resource_type_field_name=None,
        allow_null=True,
        help_text="The figures, by `report_type`; null until it is ready.",
    )
