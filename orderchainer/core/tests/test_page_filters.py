"""Filters of pages: the query string is their only state, and nothing in it ends at an error."""

from urllib.parse import urlencode

import django_filters
import pytest
from django.contrib.sessions.models import Session
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from orderchainer.core.http.filters import ChoicesFilter
from orderchainer.core.web.filters import Filters, read_filters


class ExampleFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """Filters of the kinds that our lists have."""

    kind = ChoicesFilter([("one", "One"), ("two", "Two"), ("three", "Three")])
    search = django_filters.CharFilter(field_name="session_key", max_length=20)
    least = django_filters.NumberFilter(field_name="pk", lookup_expr="gte")
    since = django_filters.DateFilter(field_name="expire_date", lookup_expr="date__gte")

    class Meta:
        model = Session
        fields = ()

    def filter_queryset(self, queryset):  # type: ignore[no-untyped-def]
        """Filter nothing: these tests look at the parameters only."""
        return queryset


def read(query: str) -> Filters:
    filters, _rows = read_filters(ExampleFilter, QueryDict(query), Session.objects.none())
    return filters


NAMES = ["kind", "search", "least", "since", "page", "other"]
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["one", "two", "three", "12", "-1", "1e5", "2026-01-12", " ", "\x00", "ö&=?"]),
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)


@given(PAIRS)
def test_every_query_string_is_read_and_stays_what_it_is(pairs: list[tuple[str, str]]) -> None:
    query = urlencode([(name, text.encode("utf-8", "replace")) for name, text in pairs])

    filters = read(query)

    again = read(filters.query)
    assert again == filters
    assert again.query == filters.query
    assert again.notes == ()
    assert set(filters.values) <= {"kind", "search", "least", "since"}
    for name, values in filters.values.items():
        for value in values:
            assert not filters.without(name, value).has(name, value)
            assert read(filters.without(name, value).query) == filters.without(name, value)
        assert name not in filters.without(name).values


@pytest.mark.parametrize(
    ("query", "kept", "note"),
    [
        (
            "kind=one&kind=four&kind=two",
            "kind=one&kind=two",
            'Kind: “four” was left out. "four" is not one of one, two, three.',
        ),
        ("least=abc&search=Ada", "search=Ada", "Least: “abc” was left out. Enter a number."),
        ("since=soon", "", "Since: “soon” was left out. Enter a valid date."),
        (
            "search=a%00b",
            "",
            "Search: “a\\u0000b” was left out. Null characters are not allowed.",
        ),
    ],
)
def test_a_value_that_is_refused_is_dropped_with_a_note(query: str, kept: str, note: str) -> None:
    filters = read(query)

    assert (filters.query, filters.notes) == (kept, (note,))


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("search=&kind=%20&page=7&view=board", ""),
        ("least=1&least=2", "least=2"),
        ("kind=two&kind=one&kind=two", "kind=two&kind=one"),
        ("search=%C3%B6+%26", "search=%C3%B6+%26"),
    ],
)
def test_what_says_nothing_is_no_filter(query: str, kept: str) -> None:
    filters = read(query)

    assert (filters.query, filters.notes, bool(filters)) == (kept, (), bool(kept))


def test_addresses_of_chips_and_tabs() -> None:
    filters = read("kind=one&kind=two&search=Ada")

    assert filters.without("kind", "one").query == "kind=two&search=Ada"
    assert filters.without("kind").query == "search=Ada"
    assert filters.replacing("search", ["Bob"]).query == "kind=one&kind=two&search=Bob"
    assert filters.replacing("kind", []).query == "search=Ada"
    assert filters.has("kind", "two")
    assert not filters.has("kind", "three")
