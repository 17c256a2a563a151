"""The stock that orders hold, as the back office shows it and gives it back."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Project, User
from cart.tests.factories import make_cart
from catalog.models import Product, StockMovement
from catalog.tests.factories import make_product, make_storefront
from orders.models import Order, OrderItem
from orders.services import check_out
from orders.tests.admin.forms import change, errors_in, items_form
from orders.tests.admin.pages import page, run, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Project:
    """The storefront's project."""
    return make_storefront()


@pytest.fixture
def lamp(shop: Project) -> Product:
    """Ten lamps."""
    return make_product(shop, name="Tall lamp", sku="TALL-1", stock=10)


def bought(buyer: User, *products: Product) -> Order:
    """Let `buyer` buy two of each product."""
    make_cart(buyer, dict.fromkeys(products, 2))
    return check_out(by=buyer, fields={"shipping_address": "1 Main St"})


def stock_of(product: Product) -> int:
    return Product.objects.get(pk=product.pk).stock


def test_an_order_shows_its_products_and_the_stock_that_it_holds(
    client: Client, ada: User, lamp: Product
) -> None:
    order = bought(ada, lamp)

    response = client.get(page("order_change", order.pk))

    text = response.content.decode()
    assert reverse("admin:catalog_product_change", args=[lamp.pk]) in text
    panels = {panel.title: panel for panel in response.context["panels"]}
    [row] = panels["Stock it holds"].rows
    assert "Tall lamp (TALL-1)" in row[0]
    assert row[1:] == ("2", "8")


def test_an_order_shows_the_stock_that_it_returned(
    client: Client, ada: User, lamp: Product
) -> None:
    order = bought(ada, lamp)
    run(client, "move_to_cancelled", order)

    text = shown(client, page("order_change", order.pk))

    assert "given back" in text


@pytest.mark.parametrize("action", ["move_to_cancelled", "move_to_failed"])
def test_an_action_that_ends_an_order_gives_its_stock_back_once(
    client: Client, ada: User, lamp: Product, action: str
) -> None:
    orders = [bought(ada, lamp), bought(ada, lamp)]
    assert stock_of(lamp) == 6

    run(client, action, *orders)
    run(client, action, *orders)

    assert stock_of(lamp) == 10
    ledger = StockMovement.objects.filter(product=lamp).order_by("pk")
    assert [row.change for row in ledger] == [10, -2, -2, 2, 2]


def test_a_deleted_order_gives_its_stock_back(client: Client, ada: User, lamp: Product) -> None:
    orders = [bought(ada, lamp), bought(ada, lamp)]

    client.post(page("order_delete", orders[0].pk), {"post": "yes"})
    run(client, "delete_selected", orders[1], post="yes")

    assert (stock_of(lamp), Order.objects.count()) == (10, 0)


def test_a_retried_order_takes_its_stock_or_is_refused(
    client: Client, ada: User, lamp: Product
) -> None:
    order = bought(ada, lamp)
    run(client, "move_to_failed", order)
    other = [bought(ada, lamp) for _ in range(5)]

    refused = run(client, "move_to_pending", order)
    run(client, "move_to_cancelled", other[0])
    run(client, "move_to_pending", order)

    assert "Not enough in stock" in refused
    order.refresh_from_db()
    assert (order.status, stock_of(lamp)) == ("pending", 0)


def test_the_items_of_an_order_that_was_bought_stay(
    client: Client, ada: User, lamp: Product
) -> None:
    order = bought(ada, lamp)
    item = order.items.get()
    line = {
        "id": item.pk,
        "order": order.pk,
        "name": item.name,
        "sku": item.sku,
        "unit_price": item.unit_price,
    }

    response = change(client, order, **items_form({**line, "quantity": 5}))

    assert "was bought from stock" in errors_in(response)["__all__"][0]
    assert OrderItem.objects.get().quantity == 2
    assert change(client, order, notes="Ring twice").status_code == 302


def test_an_orders_page_takes_as_many_queries_however_many_products_it_holds(
    client: Client, ada: User, shop: Project
) -> None:
    counts = []
    for number in (2, 10):
        order = bought(ada, *(make_product(shop) for _ in range(number)))
        with CaptureQueriesContext(connection) as queries:
            shown(client, page("order_change", order.pk))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_proof_of_the_ledger_tells_of_orders_that_hold_too_much(
    client: Client, ada: User, lamp: Product
) -> None:
    order = bought(ada, lamp)
    url = reverse("admin:catalog_stockmovement_prove")
    before = shown(client, url)
    Order.objects.filter(pk=order.pk).update(status="cancelled")

    text = shown(client, url)

    assert "Stock and ledger agree." in before
    assert "Stock and ledger differ" in text
    assert f"#{order.pk}" in text
