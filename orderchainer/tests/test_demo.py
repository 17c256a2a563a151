"""The demo account and its chain."""

import io

import pytest
from django.core.management import call_command

from accounts.models import User
from orderchainer.demo import EMAIL, load_demo
from orders.models import Order, OrderEvent
from orders.services import move_order

pytestmark = pytest.mark.django_db


def test_it_shows_an_order_in_every_kind_of_wait() -> None:
    loaded = load_demo(as_staff=False)

    assert [
        (order.title, str(order.status), order.pk in loaded.waiting)
        for order in loaded.orders
    ] == [
        ("Oak boards", "completed", False),
        ("Hardware kit", "fulfilled", False),
        ("Steel legs", "active", False),
        ("Plane and glue the top", "pending", False),
        ("Assemble the table", "pending", True),
        ("Hardwax oil", "failed", False),
        ("Finish the surface", "pending", True),
        ("Deliver to Café Aurora", "pending", True),
    ]
    assert OrderEvent.objects.filter(type="order_ready").count() == 1
    assert OrderEvent.objects.filter(type="order_blocked").count() == 1


def test_loading_it_again_changes_nothing() -> None:
    first = load_demo(as_staff=False)
    move_order(
        order_id=first.orders[3].pk,
        status="completed",
        by=User.objects.get(email=EMAIL),
    )
    events = OrderEvent.objects.count()

    again = load_demo(as_staff=True)

    assert again.password is None
    assert [order.pk for order in again.orders] == [order.pk for order in first.orders]
    assert again.orders[3].status == "completed"
    assert OrderEvent.objects.count() == events
    assert not User.objects.get(email=EMAIL).is_staff


def test_its_password_is_told_once_and_signs_in() -> None:
    told, silent = io.StringIO(), io.StringIO()

    call_command("demo", stdout=told)
    call_command("demo", stdout=silent)

    password = told.getvalue().split("password  ")[1].split()[0]
    assert User.objects.get(email=EMAIL).check_password(password)
    assert (
        silent.getvalue()
        == "The demo account demo@example.com is there, with 8 orders.\n"
    )


@pytest.mark.parametrize("as_staff", [True, False])
def test_it_opens_the_admin_only_where_asked_to(as_staff: bool) -> None:
    load_demo(as_staff=as_staff)

    user = User.objects.get(email=EMAIL)
    assert (user.is_staff, user.is_superuser) == (as_staff, as_staff)


def test_an_account_whose_orders_are_gone_gets_them_anew() -> None:
    load_demo(as_staff=False)
    OrderEvent.objects.all().delete()
    Order.objects.get(title="Oak boards").dependent_edges.all().delete()
    for order in Order.objects.order_by("-pk"):
        order.delete()

    again = load_demo(as_staff=False)

    assert len(again.orders) == 8
    assert again.password is None
