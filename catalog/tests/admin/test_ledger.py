"""The ledger: who changed which stock and why, and the page that checks it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from accounts.tests.admin.browsers import shown
from accounts.tests.factories import make_user
from catalog.models import Product
from catalog.services import adjust_stock, lock_products, take_stock
from catalog.tests.admin.pages import page
from catalog.tests.factories import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamp(shop: Project, admin: User) -> Product:
    """A lamp whose stock went up and down."""
    lamp = make_product(shop, name="Tall lamp", sku="TALL-1", stock=10)
    adjust_stock(product_id=lamp.pk, change=5, reason="received", note="By truck", by=admin)
    take_stock(products=lock_products([lamp.pk]), demand={lamp.pk: 2}, order_id=77)
    return lamp


def test_shows_who_changed_the_stock_and_why(client: Client, lamp: Product) -> None:
    text = shown(client, page("stockmovement_changelist"))

    for words in (
        *("Tall lamp (TALL-1)", "+10", "+5", "-2", "received", "sold"),
        *("By truck", "admin@example.com", "an order", "#77"),
    ):
        assert words in text


@pytest.mark.parametrize("term", ["TALL", "truck", "#77"])
def test_rows_are_found_by_sku_note_and_order(
    client: Client, shop: Project, lamp: Product, term: str
) -> None:
    make_product(shop, name="Other", sku="OTHER-1")

    text = shown(client, page("stockmovement_changelist"), q=term)

    assert "Tall lamp" in text
    assert "Other" not in text


def test_a_row_has_a_page_and_cannot_be_changed(client: Client, lamp: Product) -> None:
    row = lamp.movements.order_by("pk")[1]
    url = page("stockmovement_change", row.pk)

    assert "By truck" in shown(client, url)
    assert client.post(url, {"note": "Mine"}).status_code == 403
    assert client.get(page("stockmovement_add")).status_code == 403
    assert client.post(page("stockmovement_delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_ledger_takes_as_many_queries_for_many_rows_as_for_few(
    client: Client, shop: Project
) -> None:
    counts = []
    for number in (2, 20):
        for _ in range(number):
            lamp = make_product(shop)
            adjust_stock(product_id=lamp.pk, change=5, by=make_user())
        with CaptureQueriesContext(connection) as queries:
            shown(client, page("stockmovement_changelist"))
        counts.append(len(queries))

    assert counts == [4, 4]


def test_a_products_page_shows_its_ledger_to_those_who_may_see_it(
    client: Client, lamp: Product
) -> None:
    text = shown(client, page("product_change", lamp.pk))

    assert "By truck" in text
    assert "#77" in text


def test_proves_that_stock_is_the_sum_of_the_ledger(client: Client, lamp: Product) -> None:
    # Order 77 of the fixture does not exist. No service leaves such rows, so delete them.
    lamp.movements.filter(order_id=77).delete()
    Product.objects.update(stock=15)

    text = shown(client, page("stockmovement_prove"))

    assert "Stock and ledger agree." in text
    assert "1 product, 2 rows of the ledger, 15 units on hand" in text


def test_shows_where_stock_differs_from_the_ledger(client: Client, lamp: Product) -> None:
    Product.objects.filter(pk=lamp.pk).update(stock=99)

    text = shown(client, page("stockmovement_prove"))

    assert "Stock and ledger differ" in text
    assert f"product {lamp.pk}" in text
    assert "+86" in text
