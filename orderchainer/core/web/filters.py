"""The filters of a list on a page. The query string is their only state.

A page uses the filter sets of its app's API. But where the API refuses a value, the page drops it
and says so, because an old link or a slip should not end at an empty page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from orderchainer.core.printable import printable

# How many characters of a wrong value a note repeats.
MAX_SHOWN = 50


@dataclass(frozen=True)
class Filters:
    """What a page filters by: each parameter with its values, as they stand in the query string.

    `notes` are sentences about what was dropped.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: Sequence[str] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return bool(self.values)

    @property
    def query(self) -> str:
        """The query string, without its question mark. Equal filters have the same one."""
        return urlencode(
            [(name, value) for name in sorted(self.values) for value in self.values[name]]
        )

    def has(self, name: str, value: str) -> bool:
        """Tell whether `value` is among the values of a parameter."""
        return value in self.values.get(name, ())

    def without(self, name: str, value: str | None = None) -> "Filters":
        """Return the filters without a parameter, or without one of its values."""
        kept = tuple(each for each in self.values.get(name, ()) if value not in (None, each))
        return self.replacing(name, kept)

    def replacing(self, name: str, values: Iterable[str]) -> "Filters":
        """Return the filters with other values of a parameter; with none, without it."""
        given = tuple(dict.fromkeys(values))
        others = _without(self.values, name)
        return Filters({**others, name: given} if given else others)


@dataclass(frozen=True)
class Tab:
    """A list with filters that everybody can open, in the navigation above it."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Choice:
    """A value of a filter, as people read it, and whether they have chosen it."""

    value: str
    words: str
    is_chosen: bool


def read_filters(
    filters: type[django_filters.FilterSet],
    query: QueryDict,
    rows: QuerySet[Any],
    *,
    request: HttpRequest | None = None,
) -> tuple[Filters, QuerySet[Any]]:
    """Return what the query string asks for, and the rows that it selects.

    Parameters that the filter set does not have are left to the page, for example its number. Each
    filter has to read one parameter, with the filter's name. `request` is for filter sets that ask
    who is there.
    """
    values = _given(filters.base_filters, query)
    notes: list[str] = []

    def filled_in() -> Any:
        return filters(_as_query(values), queryset=rows, request=request)

    while not (filterset := filled_in()).is_valid() and values:
        form: forms.Form = filterset.form
        # Without a field to blame, all of them are wrong together.
        for name in [each for each in form.errors if each in values] or list(values):
            kept = _fine_among(form.fields[name], values[name])
            notes.append(_note(name, [each for each in values[name] if each not in kept], form))
            values = {**values, name: kept} if kept else _without(values, name)
    found: QuerySet[Any] = filterset.qs
    return Filters(values, tuple(notes)), found


def number_in(filters: Filters, name: str) -> int | None:
    """Return the whole number that a filter was set to, however it is spelt: `7`, `07` or `7e0`.

    The filter set has checked it. None without a value.
    """
    values = filters.values.get(name)
    return int(Decimal(values[0])) if values else None


def _given(known: Mapping[str, Any], query: QueryDict) -> dict[str, tuple[str, ...]]:
    """Return the known parameters that have a value: each value once, or the last one alone."""
    given = {}
    for name in known.keys() & query.keys():
        values = [value for value in query.getlist(name) if value.strip()]
        if values:
            takes_several = isinstance(known[name].field, forms.MultipleChoiceField)
            given[name] = tuple(dict.fromkeys(values if takes_several else values[-1:]))
    return given


def _fine_among(field_: forms.Field, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return those values of a field for several that it accepts alone."""
    if not isinstance(field_, forms.MultipleChoiceField):
        return ()
    return tuple(each for each in values if field_.valid_value(each))


def _note(name: str, wrong: Sequence[str], form: forms.Form) -> str:
    """Say what was dropped and why."""
    shown = ", ".join(f"“{printable(each)[:MAX_SHOWN]}”" for each in wrong)
    reasons = " ".join(str(each) for each in form.errors.get(name, ()))
    return f"{name.replace('_', ' ').capitalize()}: {shown} was left out. {reasons}".strip()


def _without(values: Mapping[str, tuple[str, ...]], name: str) -> dict[str, tuple[str, ...]]:
    return {other: given for other, given in values.items() if other != name}


def _as_query(values: Mapping[str, tuple[str, ...]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, given in values.items():
        query.setlist(name, list(given))
    return query
