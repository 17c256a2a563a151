"""Filters for lists of the back office."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.utils import parse_date_str

from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.readers_zone import days_between, readers_zone


class DaysFilter(RangeDateFilter):
    """From one day to another, both included. They are days in the reader's zone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        title: Any = self.title  # type: ignore[has-type]  # the stubs leave it out
        self.title = f"{title}, {readers_zone().key}"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list. Ignore text that is not a date."""
        bounds = days_between(self._day("from"), self._day("to"))
        return queryset.filter(**{f"{self.field_path}__{how}": at for how, at in bounds.items()})

    def _day(self, end: str) -> Any:
        text = self.used_parameters.get(f"{self.parameter_name}_{end}")
        return parse_date_str(text) if text else None


class PickFilter(AutocompleteSelectFilter):
    """Filter by a related row. People type to find it, because a list of all rows could be long."""

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, request, *args, **kwargs)
        chosen = self.value()
        if chosen and not is_key_of(field.remote_field.model, chosen):
            raise IncorrectLookupParameters
