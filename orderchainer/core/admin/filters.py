"""Filters for lists of the back office."""

from datetime import UTC, datetime, time
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.utils import parse_date_str

from orderchainer.core.admin.picking import is_key_of


class DaysFilter(RangeDateFilter):
    """From one day to another, both included."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list. Ignore text that is not a date."""
        for end, how, moment in (("from", "gte", time.min), ("to", "lte", time.max)):
            text = self.used_parameters.get(f"{self.parameter_name}_{end}")
            day = parse_date_str(text) if text else None
            if day is not None:
                bound = datetime.combine(day, moment, tzinfo=UTC)
                queryset = queryset.filter(**{f"{self.field_path}__{how}": bound})
        return queryset


class PickFilter(AutocompleteSelectFilter):
    """Filter by a related row. People type to find it, because a list of all rows could be long."""

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, request, *args, **kwargs)
        chosen = self.value()
        if chosen and not is_key_of(field.remote_field.model, chosen):
            raise IncorrectLookupParameters
