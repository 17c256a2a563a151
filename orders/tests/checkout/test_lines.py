"""Lines of an order stay as they were sold."""

from decimal import Decimal

import pytest

from accounts.models import User
from catalog.models import Product
from orders.errors import ItemsFrozen
from orders.services import ItemDraft, move_order, update_order
from orders.stream.models import Event
from orders.tests.factories import make_order
from orders.tests.shopping import buy, check_books, seller_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", ["pending", "failed", "cancelled", "completed"])
def test_lines_that_were_sold_are_not_replaced(lamp: Product, ada: User, status: str) -> None:
    order = buy(ada, {lamp: 2})
    seller = seller_of(order)
    if status != "pending":
        move_order(order_id=order.pk, status=status, by=seller)

    for items in ([], [ItemDraft("Lamp", Decimal("0.01"), 2, "LAMP")]):
        with pytest.raises(ItemsFrozen) as refusal:
            update_order(order_id=order.pk, by=seller, fields={}, items=items)
    with pytest.raises(ItemsFrozen):
        update_order(order_id=order.pk, by=seller, fields={"currency": "JPY"})

    assert refusal.value.message == (
        f"Order #{order.pk} was bought from stock, so its items and its currency cannot "
        "change. Cancel it and order again."
    )
    order.refresh_from_db()
    assert (order.total_price, order.currency) == (Decimal("39.98"), "USD")
    check_books()


def test_the_same_lines_are_no_change(lamp: Product, bulb: Product, ada: User) -> None:
    order = buy(ada, {lamp: 2, bulb: 1})

    update_order(
        order_id=order.pk,
        by=ada,
        fields={"currency": "USD", "total_price": Decimal("40.08")},
        items=[
            ItemDraft("Lamp", Decimal("19.99"), 2, "LAMP"),
            ItemDraft("Bulb", Decimal("0.10"), 1, "BULB"),
        ],
    )

    assert Event.objects.filter(order=order).count() == 1
    check_books()


def test_lines_that_were_not_sold_from_stock_can_be_replaced(ada: User) -> None:
    order = make_order(ada, items=[ItemDraft("Work", Decimal("5.00"), 1)])

    update_order(order_id=order.pk, by=ada, fields={}, items=[ItemDraft("Work", Decimal(6), 1)])

    changes = Event.objects.filter(order=order).latest("pk").data["changes"]
    assert changes["items"]["from"] == [
        {"name": "Work", "unit_price": "5.00", "quantity": 1, "sku": ""}
    ]
