"""The latest orders with a product, beside the product's page."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.projects import Team
from catalog.models import Product
from catalog.tests.factories import make_product
from orders.models import Order, OrderItem
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db


def place_with(team: Team, product: Product, *quantities: int, title: str = "An order") -> Order:
    order = place(team, title=title)
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order, product=product, name="Lamp", quantity=quantity, unit_price=Decimal(1)
        )
        for quantity in quantities
    )
    return order


def test_the_latest_orders_come_first_with_how_many_are_in_them(team: Team, agent: Client) -> None:
    product, other = make_product(team.project), make_product(team.project)
    assert "No order has this product yet." in text_of(
        agent.get(address(team, "products", product.uuid, "orders"))
    )
    orders = [place_with(team, product, number, 100) for number in range(1, 13)]
    place_with(team, other, 7, title="Elsewhere")

    part = agent.get(
        address(team, "products", product.uuid, "orders"), headers={"HX-Request": "true"}
    )

    page = text_of(part)
    assert "<html" not in page
    shown = [page.index(f"#{order.pk} ") for order in reversed(orders[2:])]
    assert shown == sorted(shown)
    assert f"#{orders[1].pk} " not in page
    assert ">112</td>" in page
    assert "These are the latest 10." in page
    assert "Elsewhere" not in page


def test_the_product_leads_to_them(team: Team, agent: Client) -> None:
    product = make_product(team.project, name=HOSTILE)
    place_with(team, product, 1, title=HOSTILE)
    path = address(team, "products", product.uuid, "orders")

    assert f'<a href="{path}">Recent orders</a>' in text_of(
        agent.get(address(team, "products", product.uuid))
    )
    page = text_of(agent.get(path))
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


def test_many_orders_take_as_many_statements_as_one(team: Team, agent: Client) -> None:
    counts = []
    for orders in (1, 30):
        product = make_product(team.project)
        for _ in range(orders):
            place_with(team, product, 1)
        path = address(team, "products", product.uuid, "orders")
        agent.get(path)
        with CaptureQueriesContext(connection) as statements:
            agent.get(path, headers={"HX-Request": "true"})
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 5
