"""Filters and orderings in query strings, the same on every surface.

A parameter without a value is no filter, because that is what an empty field of a form sends.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django_filters.fields import BaseCSVField

from orderchainer.core.db.planning import planned_for_values
from orderchainer.core.errors import Invalid
from orderchainer.core.form_fields import PlainDecimalField
from orderchainer.core.http.fields import refused_choice
from orderchainer.core.ids import uuid_in

Rows = TypeVar("Rows", bound="QuerySet[Any]")

MAX_ORDERING_TERMS = 10


def filled(request: HttpRequest) -> QueryDict:
    """Return the parameters that have a value, without the values that are empty or blank."""
    given = request.GET
    if all(value.strip() for _, values in given.lists() for value in values):
        return given
    kept = given.copy()
    for name, values in given.lists():
        if some := [value for value in values if value.strip()]:
            kept.setlist(name, some)
        else:
            del kept[name]
    return kept


def filter_of(
    filters: type[django_filters.FilterSet], request: HttpRequest, rows: QuerySet[Any]
) -> Any:
    """Return a valid filter set of `rows`, filled with the query string.

    Raises `Invalid` with the parameters' names.
    """
    filterset = filters(filled(request), queryset=rows, request=request)
    if not filterset.is_valid():
        raise Invalid({name: list(messages) for name, messages in filterset.errors.items()})
    return filterset


def planned_for_filters(
    request: HttpRequest, filters: type[django_filters.FilterSet]
) -> AbstractContextManager[None]:
    """Have PostgreSQL plan a list for the values in the query string, if `filters` has any there.

    One value may match nearly all rows and another one nearly none.
    """
    narrowing = filters.base_filters.keys() - {"ordering"}
    return planned_for_values(not narrowing.isdisjoint(filled(request)))


def ordered(rows: Rows, *, last: str = "id") -> Rows:
    """Sort rows with equal values by id, so that no row appears on two pages.

    `last` is "id" or "-id".
    """
    terms = [str(term) for term in rows.query.order_by]
    if not any(_name_in(term) == "id" for term in terms):
        terms.append(last)
    return rows.order_by(*terms)


class NumberFilter(django_filters.NumberFilter):  # type: ignore[misc]  # untyped library
    """A number in plain digits."""

    field_class = PlainDecimalField


class ChoicesFilter(django_filters.MultipleChoiceFilter):  # type: ignore[misc]  # untyped library
    """Filter by one or more of several words. A refusal lists the words."""

    def __init__(self, choices: Sequence[tuple[str, Any]]) -> None:
        words = refused_choice("%(value)s", [word for word, _ in choices])
        super().__init__(
            choices=choices,
            error_messages={"invalid_choice": words},
            # A row has one word, so none is found twice.
            distinct=False,
        )


# Words for a person instead of an id: the caller, and nobody at all.
ME, NOBODY = "me", "none"


class _PersonField(forms.CharField):
    """The id of a user, or `me`, or `none`."""

    def clean(self, value: Any) -> Any:
        """Read the text. Raises ValidationError."""
        text = super().clean(value)
        if text and text not in {ME, NOBODY} and uuid_in(text) is None:
            words = f'Must be the id of a user, "{ME}" or "{NOBODY}".'
            raise forms.ValidationError(words, code="invalid")
        return text


class PersonFilter(django_filters.Filter):  # type: ignore[misc]  # untyped library
    """Filter by a person: the id of a user, `me` or `none`."""

    field_class = _PersonField


class _OrderingField(BaseCSVField):  # type: ignore[misc]  # untyped library
    """The terms of an ordering. If a name is repeated, only its first term counts."""

    def clean(self, value: Any) -> list[str]:
        """Read the terms. Raises ValidationError."""
        terms = [term.strip() for term in value or () if term.strip()]
        if len(terms) > MAX_ORDERING_TERMS:
            msg = f"An ordering has at most {MAX_ORDERING_TERMS} terms."
            raise forms.ValidationError(msg)
        first: dict[str, str] = {}
        for term in terms:
            first.setdefault(_name_in(term), term)
        kept: list[str] = super().clean(list(first.values()))
        return kept


class Ordering(django_filters.OrderingFilter):  # type: ignore[misc]  # untyped library
    """Sort by some of `names`, separated by commas, each descending after a minus.

    A mapping has the names of the columns for names that a surface calls differently.
    """

    base_field_class = _OrderingField

    def __init__(self, names: Iterable[str] | Mapping[str, str]) -> None:
        columns = names if isinstance(names, Mapping) else {name: name for name in names}
        words = refused_choice("%(value)s", columns)
        super().__init__(
            fields=[(column, name) for name, column in columns.items()],
            error_messages={"invalid_choice": words},
        )


def _name_in(term: str) -> str:
    return term.removeprefix("-")
