"""The page of a customer: their orders, and what they add up to in each currency."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import create_project
from accounts.tests.admin.browsers import TOO_LARGE, browser_of, shown, staff_who_may
from accounts.tests.factories import make_user
from orders.models import Order
from orders.tests.admin.pages import page
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def sold(owner: User, total: str = "10", currency: str = "EUR", **fields: Any) -> Order:
    return make_order(owner, total_price=Decimal(total), currency=currency, **fields)


def panels(client: Client, **query: str | int) -> dict[str, list[Any]]:
    response = client.get(page("order_customer"), query)
    assert response.status_code == 200
    return {panel.title: list(panel.rows) for panel in response.context["panels"]}


def numbers(rows: list[Any]) -> list[str]:
    return [row[0].split("#")[1].split("<")[0] for row in rows]


def test_the_customer_of_an_order_has_all_orders_with_their_address_or_number(
    client: Client, ada: User
) -> None:
    first = sold(ada, "10", customer_email="Grace@example.com", customer_phone="+43 1 23")
    same_mail = sold(ada, "5.50", customer_email="grace@EXAMPLE.com")
    same_number = sold(ada, "7", "USD", customer_phone="+43-1-23", status="cancelled")
    sold(ada, "99", customer_email="bob@example.com")
    sold(make_user(), "99", customer_email="grace@example.com")  # of another project

    found = panels(client, order=first.pk)

    assert numbers(found["Orders"]) == [str(order.pk) for order in (same_number, same_mail, first)]
    assert [tuple(row) for row in found["Totals"]] == [
        ("EUR", "2", "15.50", "7.75"),
        ("USD", "1", "0.00", "0.00"),
    ]


def test_an_order_that_names_nobody_belongs_to_its_owner(client: Client, ada: User) -> None:
    first = sold(ada)
    elsewhere = sold(ada)
    shop = create_project(owner=ada, name="Other")
    Order.objects.filter(pk=elsewhere.pk).update(project=shop)
    sold(make_user())

    found = panels(client, order=first.pk)

    assert sorted(numbers(found["Orders"])) == [str(first.pk), str(elsewhere.pk)]


def test_a_user_page_leads_to_what_the_user_ordered(client: Client, ada: User) -> None:
    order = sold(ada)
    sold(make_user())

    assert f"{page('order_customer')}?user={ada.pk}" in shown(
        client, f"/admin/accounts/user/{ada.pk}/change/"
    )
    assert numbers(panels(client, user=ada.pk)["Orders"]) == [str(order.pk)]


def test_an_orders_page_leads_to_its_customer(client: Client, ada: User) -> None:
    order = sold(ada, customer_name="Grace", customer_email="grace@example.com")

    response = client.get(f"/admin/orders/order/{order.pk}/customer/", follow=True)

    assert f"/admin/orders/order/{order.pk}/customer/" in shown(
        client, page("order_change", order.pk)
    )
    assert response.status_code == 200
    assert "grace@example.com" in response.content.decode()


def test_a_user_without_orders_has_an_empty_page(client: Client, ada: User) -> None:
    assert panels(client, user=ada.pk) == {"Totals": [], "Orders": []}


def test_the_page_takes_as_many_queries_for_many_orders_as_for_few(
    client: Client, ada: User
) -> None:
    counts = []
    for number in (2, 60):
        for _ in range(number):
            order = sold(ada, customer_email="grace@example.com")
        with CaptureQueriesContext(connection) as queries:
            assert len(panels(client, order=order.pk)["Orders"]) <= 50
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_text_of_a_customer_stays_text(client: Client, ada: User) -> None:
    order = sold(ada, customer_name="<b>Grace", customer_email="g@example.com")

    text = shown(client, page("order_customer"), order=str(order.pk))

    assert "<b>Grace" not in text
    assert "&lt;b&gt;Grace" in text


@pytest.mark.parametrize("key", ["", "0", "999", "abc", TOO_LARGE, "\x00"])
@pytest.mark.parametrize("name", ["order", "user"])
def test_a_customer_who_does_not_exist_is_not_found(client: Client, name: str, key: str) -> None:
    assert client.get(page("order_customer"), {name: key}).status_code == 404


def test_only_those_who_may_view_orders_see_customers(ada: User) -> None:
    order = sold(ada, customer_email="grace@example.com")

    assert staff_who_may().get(page("order_customer"), {"order": order.pk}).status_code == 404
    assert browser_of(ada).get(page("order_customer"), {"order": order.pk}).status_code == 302
    assert panels(staff_who_may("view_order"), order=order.pk)["Orders"]
