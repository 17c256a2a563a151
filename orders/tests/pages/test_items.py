"""The items in the forms of an order, and what fields offer while people type."""

from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.projects import Team
from catalog.models import Product
from catalog.tests.factories import make_product
from orders.models import Order
from orders.services import ItemDraft, StockItemDraft, create_order_in_project
from orders.tests.pages.scenes import HOSTILE, address, place, text_of
from orders.tests.pages.test_editing import fields_on, send

pytestmark = pytest.mark.django_db

OAK = ItemDraft(name="Oak boards", quantity=3, unit_price=Decimal("129.00"), sku="OAK")
OIL = ItemDraft(name="Oil", quantity=1, unit_price=Decimal("1.50"))


def items_of(order: Order) -> list[tuple[str, int, Decimal]]:
    rows = order.items.order_by("pk").values_list("name", "quantity", "unit_price")
    return list(rows)


def lamp(team: Team, **fields: Any) -> Product:
    told: dict[str, Any] = {
        "name": "Lamp",
        "sku": "LAMP-1",
        "price": Decimal(20),
        "currency": "USD",
        "stock": 5,
    }
    return make_product(project=team.project, **{**told, **fields})


# --- New orders -------------------------------------------------------------------------------


def test_a_row_that_names_a_product_sells_it(team: Team, agent: Client) -> None:
    product = lamp(team)

    response = send(
        agent,
        address(team, "orders/new"),
        item_1_product="LAMP-1",
        item_1_quantity="2",
        item_2_name="Delivery",
        item_2_price="4.50",
    )

    assert response.status_code == 303, text_of(response)
    order = Order.objects.latest("pk")
    assert items_of(order) == [("Lamp", 2, Decimal(20)), ("Delivery", 1, Decimal("4.50"))]
    assert order.total_price == Decimal("44.50")
    product.refresh_from_db()
    assert product.stock == 3


@pytest.mark.parametrize(
    ("typed", "words", "status"),
    [
        ({"item_1_product": "NONE"}, "This project sells no product “NONE”.", 400),
        ({"item_1_product": "Twin"}, "Several products are called “Twin”.", 400),
        ({"item_1_product": "LAMP-1", "item_1_quantity": "6"}, "LAMP-1", 409),
        ({"item_1_product": "LAMP-1", "item_1_quantity": "0"}, "greater than or equal to 1", 400),
        ({"item_1_product": HOSTILE}, "This project sells no product “<img", 400),
    ],
)
def test_what_cannot_be_sold_is_refused(
    team: Team, agent: Client, typed: dict[str, str], words: str, status: int
) -> None:
    lamp(team)
    for sku in ("T-1", "T-2"):
        lamp(team, name="Twin", sku=sku)

    response = send(agent, address(team, "orders/new"), title="T", **typed)

    assert response.status_code == status
    assert words in unescape(text_of(response))
    assert "<img src=x" not in text_of(response)
    assert not Order.objects.exists()


def test_a_button_adds_a_row_and_keeps_what_was_typed(team: Team, agent: Client) -> None:
    path = address(team, "orders/new")

    page = text_of(send(agent, path, more="on", item_3_name=HOSTILE))
    response = send(agent, path, rows="4", title="T", item_4_name="Fourth", item_4_price="2")

    assert "Item 4" in page
    assert "error-summary" not in page
    assert fields_on(page)["item_3_name"] == HOSTILE
    assert fields_on(page)["rows"] == "4"
    assert response.status_code == 303
    assert items_of(Order.objects.get()) == [("Fourth", 1, Decimal(2))]


@pytest.mark.parametrize("rows", ["x", "-1", "999", "9" * 30, ""])
def test_a_number_of_rows_is_never_absurd(team: Team, agent: Client, rows: str) -> None:
    response = send(agent, address(team, "orders/new"), rows=rows, more="on")

    assert response.status_code == 200
    assert text_of(response).count("<legend>Item") <= 50


# --- Changing orders --------------------------------------------------------------------------


def test_items_are_changed_added_and_removed(team: Team, agent: Client) -> None:
    order = place(team, title="Table", items=[OAK, OIL])
    path = address(team, "orders", order.pk, "edit")

    typed = {
        "item_1_quantity": "2",
        "item_2_remove": "on",
        "item_3_name": "Wax",
        "item_3_price": "9",
    }
    assert send(agent, path, **typed).status_code == 303

    assert items_of(order) == [("Oak boards", 2, Decimal(129)), ("Wax", 1, Decimal(9))]
    order.refresh_from_db()
    assert (order.total_price, order.version) == (Decimal(267), 2)


def test_a_form_that_is_sent_twice_has_saved_the_order(team: Team, agent: Client) -> None:
    order = place(team, title="Old", items=[OAK, OIL])
    path = address(team, "orders", order.pk, "edit")
    sent = {**fields_on(text_of(agent.get(path))), "title": "New", "item_1_quantity": "2"}

    answers = [agent.post(path, sent) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    order.refresh_from_db()
    assert (order.title, order.version) == ("New", 2)
    assert agent.post(path, {**sent, "title": "Other"}).status_code == 412


def test_items_that_were_sold_stay(team: Team, agent: Client) -> None:
    product = lamp(team)
    order = create_order_in_project(
        by=team.owner, project=team.project, fields={}, items=[StockItemDraft(product.pk, 2)]
    )
    path = address(team, "orders", order.pk, "edit")

    page = text_of(agent.get(path))
    response = send(agent, path, notes="Ring twice", item_1_name="Something else")

    assert "They were sold from stock" in page
    assert "item_1_name" not in page
    assert response.status_code == 303
    assert items_of(order) == [("Lamp", 2, Decimal(20))]


def test_what_the_source_decides_is_shown_and_stays(team: Team, agent: Client) -> None:
    order = place(team, title="#1001", items=[OAK], customer_name="Anna")
    Order.objects.filter(pk=order.pk).update(
        provider="shopify",
        external_id="7",
        source_updated_at=timezone.now(),
        source_status="pending",
    )
    path = address(team, "orders", order.pk, "edit")

    page = text_of(agent.get(path))
    response = send(agent, path, notes="Ring twice", customer_name="Eve", item_1_name="Elm")

    assert "Shopify decides this." in page
    assert "The items come from Shopify." in page
    assert response.status_code == 303
    order.refresh_from_db()
    assert (order.notes, order.customer_name) == ("Ring twice", "Anna")
    assert items_of(order)[0][0] == "Oak boards"


# --- While people type ------------------------------------------------------------------------


def test_orders_are_found_by_number_and_title(team: Team, agent: Client) -> None:
    orders = [place(team, title=f"Lamp {number}") for number in range(10)]
    hostile = place(team, title=HOSTILE)

    def found(text: str, **more: str) -> list[str]:
        answer = text_of(agent.get(address(team, "orders/pick"), {"q": text, **more}))
        assert "<img src=x" not in answer
        return [part.partition('"')[0] for part in answer.split('data-value="')[1:]]

    newest = [f"#{order.pk}" for order in reversed(orders)]
    assert found("lamp") == newest[:8]
    assert found("lamp", but=str(orders[-1].pk)) == newest[1:9]
    assert found(f"#{orders[0].pk}")[0] == f"#{orders[0].pk}"
    assert found("<img") == [f"#{hostile.pk}"]
    for nothing in ("", " ", "\x00", "9" * 30, "x" * 1000):
        assert found(nothing) == []


def test_products_are_found_with_price_and_stock(team: Team, agent: Client) -> None:
    lamp(team)
    lamp(team, name="Lamp shade", sku="SHADE", is_active=False)

    answer = text_of(agent.get(address(team, "orders/pick-product"), {"q": "lamp"}))

    assert 'data-value="LAMP-1"' in answer
    assert "20.00" in answer
    assert "5 left" in answer
    assert "SHADE" not in answer


@pytest.mark.parametrize("count", [1, 20])
def test_the_form_takes_as_many_statements_for_many_items(
    team: Team, agent: Client, count: int
) -> None:
    order = place(team, items=[OAK] * count)
    path = address(team, "orders", order.pk, "edit")
    agent.get(path)
    with CaptureQueriesContext(connection) as statements:
        agent.get(path)
    assert len(statements) == 6
