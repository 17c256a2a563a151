"""Searches ignore case in every script, and find the same on SQLite and PostgreSQL."""

# ruff: noqa: RUF001  (the letters that look like others are the point)

import pytest
from django.db import connection

from accounts.tests.factories import make_user
from orderchainer.core.db.sqlite.lookups import simple_upper
from orders.models import Order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

FOUND = [
    ("ärztekoffer", "Ärztekoffer"),
    ("ÄRZTE", "Ärztekoffer"),
    ("CAFÉ", "Le café noir"),
    ("straße", "Hauptstraße"),
    ("STRAßE", "Hauptstraße"),
    ("ΟΔΟΣ", "Μεγάλη οδος"),  # a final sigma
    ("οδοσ", "Μεγάλη οδος"),
    ("москва", "МОСКВА"),
    ("МосКва", "из москвы, Москва"),
    ("KIZ", "kız"),
    ("kiz", "kız"),
    ("kız", "KIZ"),
    ("ıŞıK", "IŞIK"),
    ("İZMİR", "İzmİr"),
    ("success", "ſucceſs"),
    ("ÿ", "Ÿ"),
    ("100%é", "100%É"),
    ("a_é", "A_É"),
    ("phone", "Smartphone"),
    ("", "anything"),
]
NOT_FOUND = [
    ("strasse", "Hauptstraße"),
    ("STRASSE", "Hauptstraße"),
    ("izmir", "İzmir"),
    ("cafe", "café"),
    ("100%é", "1000é"),
    ("a_é", "abé"),
    ("is", "ıx"),
]


@pytest.mark.parametrize(("typed", "title"), FOUND)
def test_finds_text_in_any_case(typed: str, title: str) -> None:
    make_order(make_user(), title=title)

    assert Order.objects.filter(title__icontains=typed).exists()


@pytest.mark.parametrize(("typed", "title"), NOT_FOUND)
def test_does_not_find_other_letters(typed: str, title: str) -> None:
    make_order(make_user(), title=title)

    assert not Order.objects.filter(title__icontains=typed).exists()


@pytest.mark.parametrize(
    ("typed", "title", "is_found"),
    [
        ("ärzte", "Ärztekoffer", True),
        ("koffer", "Ärztekoffer", False),
        ("kof", "ärztekofférä", False),
        ("é", "aé", False),
        ("iş", "ış", True),
        ("i", "ış", True),
        ("s", "ıs", False),
    ],
)
def test_finds_the_start_of_a_text(typed: str, title: str, is_found: bool) -> None:
    make_order(make_user(), title=title)

    assert Order.objects.filter(title__istartswith=typed).exists() is is_found


def test_a_column_without_a_value_is_not_found() -> None:
    assert simple_upper(None) is None


@pytest.mark.skipif(connection.vendor != "sqlite", reason="how SQLite searches")
def test_a_search_for_ascii_calls_no_python_function() -> None:
    found = str(Order.objects.filter(title__icontains="phone").query)

    assert "simple_upper" not in found
    assert "LIKE" in found
