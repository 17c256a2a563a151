"""Addresses and selections that no link leads to: they are answered without a crash."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Project
from accounts.tests.admin.browsers import TOO_LARGE
from catalog.tests.admin.pages import LISTS, page
from catalog.tests.factories import make_category, make_product

HOSTILE = [
    {"q": "a\x00b"},
    {"q": "word " * 1000},
    {"q": TOO_LARGE},
    {"q": f"#{TOO_LARGE}"},
    {"q": "'\"%_\\"},
    {"p": "abc"},
    {"p": TOO_LARGE},
    {"p": "-1"},
    {"o": "999.-5.abc"},
    {"all": "1"},
    {"e": "1"},
    {"id__exact": TOO_LARGE},
    {"id__gt": "abc"},
    {"level": "abc"},
    {"stock_from": "abc", "stock_to": TOO_LARGE},
    {"stock_from": "-1", "stock_to": "1e5"},
    {"category__id__exact": TOO_LARGE},
    {"category__id__exact": "abc"},
    {"project__id__exact": TOO_LARGE},
    {"product__id__exact": "\x00"},
    {"created_at_from": "0001-01-01", "created_at_to": "9999-12-31"},
]


# Uses real transactions: PostgreSQL refuses some of these values, and that would abort the
# transaction in which a test usually runs.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", LISTS)
def test_a_hostile_address_is_no_defect(client: Client, shop: Project, name: str) -> None:
    make_product(shop, category=make_category(shop))

    for query in HOSTILE:
        response = client.get(page(name), query, follow=True)

        assert response.status_code in (200, 400), query


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        {"name__regex": "(a+)+$"},
        {"id__in": TOO_LARGE},
        {"project__members__password__startswith": "argon2"},
    ],
)
def test_an_unknown_filter_in_an_address_is_a_400(client: Client, query: dict[str, str]) -> None:
    assert client.get(page("product_changelist"), query).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["0", "999", "abc", TOO_LARGE, "-1"])
def test_a_missing_product_has_no_pages(client: Client, key: str) -> None:
    assert client.get(f"/admin/catalog/product/{key}/stock/").status_code == 404
    response = client.get(f"/admin/catalog/product/{key}/change/")
    assert (response.status_code, response.get("Location")) == (302, "/admin/")


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["project", "category"])
def test_any_text_can_be_searched_for(client: Client, shop: Project, field: str) -> None:
    make_category(shop)
    query = {"app_label": "catalog", "model_name": "product", "field_name": field}

    for term in ("", "a", "#1", TOO_LARGE, "a\x00b", "word " * 1000):
        url = reverse("admin:autocomplete")
        assert client.get(url, {**query, "term": term}).status_code == 200
