"""The stock that orders hold, as the back office shows it and gives it back."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Project, User
from accounts.tests.admin.browsers import TOO_LARGE, shown
from accounts.tests.admin.forms import opened
from cart.tests.factories import make_cart
from catalog.models import Product, StockMovement
from catalog.tests.factories import make_product, make_storefront
from orders.holds import wrong_holds
from orders.models import Order, OrderItem
from orders.services import check_out
from orders.tests.admin.forms import change, errors_in, items_form, new_form
from orders.tests.admin.pages import page, run

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


def test_the_items_of_an_order_that_was_bought_can_only_be_read(
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

    form = opened(client, page("order_change", order.pk), "order_form")
    text = shown(client, page("order_change", order.pk))
    response = change(
        client,
        order,
        notes="Ring twice",
        currency="GBP",
        **items_form({**line, "quantity": 5}, {"name": "Glue", "unit_price": 1, "quantity": 1}),
    )

    assert form.keys() & {"title", "notes"}
    assert not form.keys() & {"items-0-name", "items-0-quantity", "total_price", "currency"}
    # The script offers another form if there may be more than there are.
    assert form["items-MAX_NUM_FORMS"] == form["items-TOTAL_FORMS"] == ["1"]
    assert "Tall lamp" in text
    assert response.status_code == 302
    order.refresh_from_db()
    assert (order.notes, order.currency) == ("Ring twice", lamp.currency)
    assert OrderItem.objects.get().quantity == 2


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


# --- orders on the phone ----------------------------------------------------------------------


def test_a_new_order_is_sold_from_stock(
    client: Client, ada: User, admin: User, shop: Project, lamp: Product
) -> None:
    response = client.post(
        page("order_add"),
        new_form(
            ada,
            project=shop.pk,
            currency="",
            **items_form(
                {"product": lamp.pk, "quantity": 2},
                {"product": lamp.pk, "name": "Loud lamp", "unit_price": "15", "quantity": 1},
                {"name": "Gift wrap", "unit_price": "1.50", "quantity": 1},
            ),
        ),
    )

    assert response.status_code == 302
    order = Order.objects.get()
    assert [
        (it.name, it.sku, str(it.unit_price), it.quantity, it.product)
        for it in order.items.order_by("pk")
    ] == [
        ("Tall lamp", "TALL-1", "19.9900", 2, lamp),
        ("Loud lamp", "TALL-1", "15.0000", 1, lamp),
        ("Gift wrap", "", "1.5000", 1, None),
    ]
    assert (f"{order.total_price:.2f}", order.owner) == ("56.48", ada)
    assert stock_of(lamp) == 7
    assert wrong_holds() == []


def test_a_refused_sale_shows_what_is_short_and_keeps_what_was_typed(
    client: Client, ada: User, shop: Project, lamp: Product
) -> None:
    line = items_form({"product": lamp.pk, "quantity": 11})
    elsewhere = make_product(make_storefront())

    short = client.post(page("order_add"), new_form(ada, project=shop.pk, currency="", **line))
    foreign = client.post(
        page("order_add"),
        new_form(ada, project=shop.pk, **items_form({"product": elsewhere.pk, "quantity": 1})),
    )

    assert "Tall lamp" in str(errors_in(short))
    assert 'value="11"' in short.content.decode()
    assert f"This project has no product {elsewhere.pk}." in str(errors_in(foreign))
    assert not Order.objects.exists()
    assert stock_of(lamp) == 10


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"quantity": 1, "sku": "S"}, "name"),
        ({"quantity": 1, "name": "Lamp"}, "unit_price"),
        ({"quantity": 1, "product": "999"}, "product"),
        ({"quantity": 1, "product": TOO_LARGE}, "product"),
        ({"quantity": 1, "product": "\x00"}, "product"),
    ],
)
def test_an_item_needs_a_product_or_a_name_and_a_price(
    client: Client, ada: User, line: dict[str, object], field: str
) -> None:
    response = client.post(page("order_add"), new_form(ada, **items_form(line)))

    assert response.status_code == 200
    assert field in response.context["inline_admin_formsets"][0].formset.errors[0]
    assert not Order.objects.exists()


def test_a_product_is_found_by_typing(client: Client, lamp: Product) -> None:
    query = {"app_label": "orders", "model_name": "orderitem", "field_name": "product"}

    response = client.get(reverse("admin:autocomplete"), {**query, "term": "tall"})

    assert response.json()["results"] == [
        {"id": str(lamp.pk), "text": "Tall lamp (TALL-1) · 19.99 USD · 10 in stock"}
    ]
    assert 'name="items-__prefix__-product"' in shown(client, page("order_add"))
