"""Orders that handlers make and that take stock, such as orders on the phone."""

from decimal import Decimal
from typing import Any, cast

import pytest

from accounts.models import Membership, Project, User
from accounts.tests.factories import make_staff, make_user
from catalog.errors import InsufficientStock
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.errors import Invalid
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.errors import CustomerMayOnlyCancel, ItemsFrozen, SaleNotAllowed
from orders.models import Order
from orders.services import (
    ItemDraft,
    OrderFields,
    StockItemDraft,
    create_order,
    delete_order,
    move_order,
    update_order,
)
from orders.services.items import AnyItemDraft
from orders.stream.models import Event
from orders.tests.shopping import check_books, ledger_of, stock_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Project:
    return make_storefront(currency="EUR")


@pytest.fixture
def agent(shop: Project) -> User:
    return member(shop, Membership.Role.AGENT)


def member(shop: Project, role: str) -> User:
    user = make_user()
    Membership.objects.create(project=shop, user=user, role=role)
    return user


def sell(
    by: User, shop: Project, *items: AnyItemDraft, owner: User | None = None, **fields: Any
) -> Order:
    """Make an order of `shop` by hand, as the hub and the back office do."""
    waits_for: list[Order] = fields.pop("waits_for", [])
    return create_order(
        by=by,
        owner=owner or by,
        project=shop,
        provider=Order.Provider.MANUAL,
        fields=cast(OrderFields, {"title": "On the phone", **fields}),
        items=items,
        dependencies=[order.pk for order in waits_for],
    )


def test_items_are_frozen_from_their_products_and_take_stock(shop: Project, agent: User) -> None:
    lamp = make_product(shop, name="Lamp", sku="L-1", price=Decimal("19.99"), stock=5)
    bulb = make_product(shop, name="Bulb", sku="B-1", price=Decimal(3), stock=9)

    order = sell(
        agent,
        shop,
        StockItemDraft(lamp.pk, 2),
        ItemDraft(name="Gift wrap", unit_price=Decimal("1.50"), quantity=1),
        StockItemDraft(bulb.pk, 4, name="Warm bulb", sku="B-W", unit_price=Decimal("2.50")),
        StockItemDraft(lamp.pk, 1),
    )

    order.refresh_from_db()
    assert [
        (item.name, item.sku, item.unit_price, item.quantity, item.product_id)
        for item in order.items.order_by("pk")
    ] == [
        ("Lamp", "L-1", Decimal("19.99"), 2, lamp.pk),
        ("Gift wrap", "", Decimal("1.50"), 1, None),
        ("Warm bulb", "B-W", Decimal("2.50"), 4, bulb.pk),
        ("Lamp", "L-1", Decimal("19.99"), 1, lamp.pk),
    ]
    assert (order.total_price, order.currency) == (Decimal("71.47"), "EUR")
    assert stock_of(lamp, bulb) == [2, 5]
    assert ledger_of(lamp) == [("initial", 5), ("sold", -3)]
    check_books()


def test_stock_follows_the_order(shop: Project, agent: User) -> None:
    lamp = make_product(shop, stock=5)
    order = sell(agent, shop, StockItemDraft(lamp.pk, 3))

    with pytest.raises(ItemsFrozen):
        update_order(order_id=order.pk, by=agent, fields={}, items=[])

    move_order(order_id=order.pk, status="failed", by=agent)
    assert stock_of(lamp) == [5]
    move_order(order_id=order.pk, status="pending", by=agent)
    assert stock_of(lamp) == [2]
    delete_order(order_id=order.pk, by=agent)
    assert stock_of(lamp) == [5]

    sell(agent, shop, StockItemDraft(lamp.pk, 3), status="cancelled")
    assert stock_of(lamp) == [5]
    check_books()


def test_a_refusal_lists_everything_that_is_short(shop: Project, agent: User) -> None:
    lamp = make_product(shop, name="Lamp", stock=2)
    bulb = make_product(shop, name="Bulb", stock=9)
    gone = make_product(shop, name="Vase", stock=9, is_active=False)

    with pytest.raises(InsufficientStock) as refusal:
        sell(
            agent,
            shop,
            *(StockItemDraft(lamp.pk, 2), StockItemDraft(lamp.pk, 1)),
            *(StockItemDraft(bulb.pk, 9), StockItemDraft(gone.pk, 1)),
        )

    shortages = refusal.value.shortages
    assert [(it.name, it.requested, it.available) for it in shortages] == [
        ("Lamp", 3, 2),
        ("Vase", 1, 0),
    ]
    assert stock_of(lamp, bulb, gone) == [2, 9, 9]
    assert not Order.objects.exists()
    assert not Event.objects.exists()


def test_products_of_other_projects_and_currencies_are_refused(shop: Project, agent: User) -> None:
    lamp = make_product(shop, name="Lamp", currency="EUR")
    rug = make_product(shop, name="Rug", currency="USD")
    theirs = make_product(make_storefront())

    with pytest.raises(Invalid) as refusal:
        sell(
            agent,
            shop,
            *(StockItemDraft(pk, 1) for pk in (lamp.pk, theirs.pk, rug.pk, 2**70, -1)),
        )

    assert refusal.value.errors == {
        "items": [
            f"Item 2: This project has no product {theirs.pk}.",
            "Item 3: Rug is sold in USD. Give it a price in EUR, or make the order in USD.",
            f"Item 4: This project has no product {2**70}.",
            "Item 5: This project has no product -1.",
        ]
    }
    assert not Order.objects.exists()

    assert sell(agent, shop, StockItemDraft(rug.pk, 1)).currency == "USD"
    priced = StockItemDraft(rug.pk, 1, unit_price=Decimal(9))
    assert sell(agent, shop, StockItemDraft(lamp.pk, 1), priced, currency="EUR").currency == "EUR"
    check_books()


def test_only_those_who_handle_the_projects_orders_sell_from_its_stock(shop: Project) -> None:
    lamp = make_product(shop, stock=9)
    draft = ItemDraft(name="Lamp", unit_price=Decimal(1), quantity=1, product_id=lamp.pk)

    for by in (make_user(), member(shop, Membership.Role.VIEWER), make_staff("view_order")):
        for item in (draft, StockItemDraft(lamp.pk, 1)):
            with pytest.raises(SaleNotAllowed):
                sell(by, shop, item)
    assert not Order.objects.exists()
    assert stock_of(lamp) == [9]

    for by in (member(shop, Membership.Role.AGENT), make_staff("add_order")):
        sell(by, shop, draft, StockItemDraft(lamp.pk, 1))
    assert stock_of(lamp) == [5]
    check_books()


def test_a_customer_on_the_phone_may_cancel_and_nothing_else(shop: Project, agent: User) -> None:
    lamp, customer = make_product(shop, stock=5), make_user()
    order = sell(agent, shop, StockItemDraft(lamp.pk, 2), owner=customer)

    with pytest.raises(CustomerMayOnlyCancel):
        move_order(order_id=order.pk, status="shipped", by=customer)
    move_order(order_id=order.pk, status="cancelled", by=customer)

    assert stock_of(lamp) == [5]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_orders_for_the_last_units_of_two_products(shop: Project, agent: User) -> None:
    """They name the products in opposite sequences."""
    lamp, bulb = make_product(shop, stock=1), make_product(shop, stock=1)
    one, other = StockItemDraft(lamp.pk, 1), StockItemDraft(bulb.pk, 1)
    first = sell(agent, shop)

    outcomes = race(
        lambda: sell(agent, shop, one, other, waits_for=[first]),
        lambda: sell(agent, shop, other, one, waits_for=[first]),
        meeting=Meeting("UPDATE catalog_product"),
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InsufficientStock", "Order"]
    assert stock_of(lamp, bulb) == [0, 0]
    check_books()


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_only_the_constraint_saves_the_stock(
    shop: Project, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both see the last lamp, and one of them crashes."""
    monkeypatch.setattr(
        "orders.services.selling.lock_products",
        lambda ids: Product.objects.in_bulk(list(ids)),
    )
    lamp = make_product(shop, stock=1)

    outcomes = race(
        *[lambda: sell(agent, shop, StockItemDraft(lamp.pk, 1))] * 2,
        meeting=Meeting.of_all("UPDATE catalog_product"),
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IntegrityError", "Order"]
    assert stock_of(lamp) == [0]
    check_books()
