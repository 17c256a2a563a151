"""Services do not change the values that their callers pass."""

from copy import deepcopy
from decimal import Decimal

import pytest

from accounts.tests.factories import make_user
from orders.services import ItemDraft, OrderFields, create_order, update_order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

LAMP = ItemDraft(name="Lamp", unit_price=Decimal("19.99"), quantity=2)


@pytest.mark.parametrize("items", [[LAMP], []])
def test_updating_leaves_the_callers_values_alone(items: list[ItemDraft]) -> None:
    ada = make_user()
    first = make_order(ada)
    order = make_order(ada, items=[LAMP, LAMP])
    fields: OrderFields = {"notes": "Ring twice."}
    dependencies = [first.pk]
    before = deepcopy((fields, dependencies, items))

    updated = update_order(
        order_id=order.pk, by=ada, fields=fields, dependencies=dependencies, items=items
    )

    assert updated.total_price == sum(item.total_price for item in items)
    assert (fields, dependencies, items) == before


def test_creating_leaves_the_callers_values_alone() -> None:
    ada = make_user()
    first = make_order(ada)
    fields: OrderFields = {"title": "Lamps"}
    dependencies, items = [first.pk], [LAMP]
    before = deepcopy((fields, dependencies, items))

    create_order(by=ada, fields=fields, dependencies=dependencies, items=items)

    assert (fields, dependencies, items) == before
