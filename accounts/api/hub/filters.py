"""The filters of the activity log."""

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django_filters.fields import IsoDateTimeField

from accounts.events import ActivityType
from accounts.models import Activity
from orderchainer.core.http.filters import ChoicesFilter, filter_of


class _MomentField(IsoDateTimeField):  # type: ignore[misc]  # untyped library
    """A moment in ISO 8601. Without a zone it is UTC."""

    default_error_messages = {  # noqa: RUF012  (Django's forms have it so)
        "invalid": "This is not a moment. Write 2025-01-12T10:00:00Z, for example."
    }

    def to_python(self, value: Any) -> datetime | None:
        """Read a moment. Refuses one whose year in UTC is out of range."""
        moment: datetime | None = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as exc:
            raise ValidationError(self.error_messages["invalid"]) from exc


class _MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]  # untyped library
    field_class = _MomentField


class ActivityFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """`type` (repeatable), `since` (inclusive) and `until` (exclusive)."""

    type = ChoicesFilter(ActivityType.choices)
    since = _MomentFilter(field_name="created_at", lookup_expr="gte")
    until = _MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Activity
        fields = ()


def narrowed(activities: QuerySet[Activity], request: HttpRequest) -> QuerySet[Activity]:
    """Apply the filters in the query string. Raises `Invalid` with the parameter's name."""
    found: QuerySet[Activity] = filter_of(ActivityFilter, request, activities).qs
    return found
