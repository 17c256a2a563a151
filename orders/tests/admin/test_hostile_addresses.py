"""Addresses and selections that no link leads to: they are answered without a crash."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin.browsers import TOO_LARGE
from orders.tests.admin.pages import LISTS, page, typed
from orders.tests.factories import make_delivery, make_order

pytestmark = pytest.mark.django_db

HOSTILE = [
    {"q": "a\x00b"},
    {"q": "word " * 1000},
    {"q": TOO_LARGE},
    {"q": "'\"%_\\"},
    {"p": "abc"},
    {"p": TOO_LARGE},
    {"p": "-1"},
    {"o": "999.-5.abc"},
    {"all": "1"},
    {"e": "1"},
    {"id__exact": TOO_LARGE},
    {"id__gt": "abc"},
    {"created_at_from": "no date"},
    {"created_at_from": "0001-01-01", "created_at_to": "9999-12-31"},
    {"created_at__gte": "0001-01-01 00:00:00+23:00"},
]


# Uses real transactions: PostgreSQL refuses some of these values, and that would abort the
# transaction in which a test usually runs.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", LISTS)
def test_a_hostile_address_is_no_defect(client: Client, ada: User, name: str) -> None:
    make_delivery(make_order(ada))

    for query in HOSTILE:
        response = client.get(page(name), query, follow=True)

        assert response.status_code in (200, 400), query


@pytest.mark.parametrize(
    "query",
    [
        {"title__regex": "(a+)+$"},
        {"id__in": TOO_LARGE},
        {"owner__password__startswith": "argon2"},
        {"owner__password__gte": "a"},
    ],
)
def test_an_unknown_filter_in_an_address_is_a_400(client: Client, query: dict[str, str]) -> None:
    assert client.get(page("order_changelist"), query).status_code == 400


@pytest.mark.parametrize("value", ["abc", TOO_LARGE, "\x00"])
def test_an_impossible_project_filters_nothing(client: Client, value: str) -> None:
    response = client.get(page("order_changelist"), {"project__id__exact": value}, follow=True)

    assert response.status_code == 200


@pytest.mark.parametrize("order_id", ["0", "999", "abc", TOO_LARGE, "-1"])
def test_a_missing_order_has_no_pages(client: Client, order_id: str) -> None:
    assert client.get(f"/admin/orders/order/{order_id}/chain/").status_code == 404
    for name in ("change", "delete", "history"):
        response = client.get(f"/admin/orders/order/{order_id}/{name}/")
        assert (response.status_code, response.get("Location")) == (302, "/admin/")


@pytest.mark.parametrize("model", ["order", "event", "eventdelivery"])
def test_actions_ignore_impossible_ids(client: Client, model: str) -> None:
    for key in ("abc", TOO_LARGE, "", "\x00"):
        response = client.post(
            page(f"{model}_changelist"),
            {"action": "move_to_active", "_selected_action": [key], "index": "abc"},
            follow=True,
        )

        assert response.status_code == 200


@pytest.mark.parametrize("field", ["dependencies", "owner", "project"])
def test_any_text_can_be_searched_for(client: Client, ada: User, field: str) -> None:
    make_order(ada)

    for term in ("", "a", "#1", TOO_LARGE, "a\x00b", "word " * 1000):
        assert typed(client, field, term).status_code == 200
