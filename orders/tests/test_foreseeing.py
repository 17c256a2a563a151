"""What a move would bring, told before it is made."""

import random
from collections.abc import Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, User
from accounts.tests.factories import make_user
from catalog.tests.factories import make_product, make_storefront
from orders.errors import MoveRefused, OrderNotFound
from orders.lifecycle import Status
from orders.models import Order, OrderDependency
from orders.services import StockItemDraft, foresee_move, move_order
from orders.services.foreseeing import GivenBack, Group
from orders.stream.models import Event
from orders.tests.factories import make_chain, make_order
from orders.tests.test_selling import member, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


def ids(group: Group) -> list[int]:
    assert len(group.first) == min(group.count, 10)
    return [order.id for order in group.first]


def test_a_failure_has_four_groups(ada: User) -> None:
    root = make_order(ada, title="root")
    fails = make_order(ada, root, failure_policy="fail", title="fails")
    holds = make_order(ada, fails, title="holds")
    ignores = make_order(ada, root, failure_policy="ignore")
    starts = make_order(ada, root, failure_policy="ignore", auto_activate=True)
    other = make_order(ada)
    waits = make_order(ada, root, other, failure_policy="ignore")
    started = make_order(ada, root, failure_policy="ignore")
    Order.objects.filter(pk=started.pk).update(status="active")

    impact = foresee_move(ada, root.pk, "failed")

    assert [order.title for order in impact.fail_along.first] == ["fails"]
    assert ids(impact.fail_along) == [fails.pk]
    assert ids(impact.held_up) == [holds.pk, waits.pk]
    assert ids(impact.become_ready) == [ignores.pk]
    assert ids(impact.become_active) == [starts.pk]
    assert ids(impact.go_on) == [started.pk]
    assert ids(impact.come_back) == []
    move_order(order_id=root.pk, status="failed", by=ada)
    assert ids(foresee_move(ada, root.pk, "pending").come_back) == [fails.pk]


@pytest.mark.parametrize("seed", range(12))
def test_it_foretells_what_the_move_does(ada: User, seed: int) -> None:
    chance = random.Random(seed)
    orders: list[Order] = []
    for _ in range(15):
        awaited = chance.sample(orders, min(len(orders), chance.randrange(3)))
        policy = chance.choice(["hold", "fail", "ignore"])
        activates = chance.random() < 0.5
        orders.append(make_order(ada, *awaited, failure_policy=policy, auto_activate=activates))
    root = chance.choice(orders[:4])
    root.refresh_from_db()
    # A move that needs no dependency to be done.
    status = chance.choice([move for move in ("failed", "cancelled") if move in root.open_moves()])
    stored = list(Order.objects.order_by("pk").values())
    events = Event.objects.count()
    edges = list(OrderDependency.objects.order_by("pk").values())

    impact = foresee_move(ada, root.pk, status)

    assert list(Order.objects.order_by("pk").values()) == stored
    assert list(OrderDependency.objects.order_by("pk").values()) == edges
    assert Event.objects.count() == events
    before = dict(Order.objects.values_list("pk", "status"))
    move_order(order_id=root.pk, status=status, by=ada)
    now = dict(Order.objects.values_list("pk", "status"))
    changed = {pk: now[pk] for pk in now if now[pk] != before[pk] and pk != root.pk}
    assert changed == dict.fromkeys(ids(impact.fail_along), "failed") | dict.fromkeys(
        ids(impact.become_active), "active"
    )
    ready = Event.objects.filter(
        type="order_ready", pk__gt=Event.objects.order_by("pk")[events - 1].pk
    )
    assert sorted(ready.values_list("order_id", flat=True)) == sorted(
        [*ids(impact.become_ready), *ids(impact.become_active)]
    )


def test_it_tells_which_stock_comes_back() -> None:
    shop = make_storefront()
    agent = member(shop, Membership.Role.AGENT)
    lamp = make_product(shop, name="Lamp", sku="L-1", stock=9)
    bulb = make_product(shop, name="Bulb", sku="B-1", stock=9)
    first = sell(agent, shop, StockItemDraft(lamp.pk, 2), StockItemDraft(bulb.pk, 3))
    sell(agent, shop, StockItemDraft(lamp.pk, 4), waits_for=[first], failure_policy="fail")

    assert foresee_move(agent, first.pk, "failed").gives_back == [
        GivenBack("L-1", "Lamp", 6),
        GivenBack("B-1", "Bulb", 3),
    ]
    assert foresee_move(agent, first.pk, "completed").gives_back == []
    move_order(order_id=first.pk, status="failed", by=agent)
    assert foresee_move(agent, first.pk, "cancelled").gives_back == []


def test_strangers_learn_nothing(ada: User) -> None:
    order = make_order(ada)
    with pytest.raises(OrderNotFound):
        foresee_move(make_user(email="eve@example.com"), order.pk, "failed")


def test_an_order_of_somebody_else_has_no_title(ada: User) -> None:
    bob = make_user(email="bob@example.com")
    root = make_order(ada)
    hidden = make_order(bob, title="secret")
    OrderDependency.objects.create(order=hidden, depends_on=root)
    assert [each.title for each in foresee_move(ada, root.pk, "failed").held_up.first] == [None]


def test_a_move_that_does_not_exist_is_refused(ada: User) -> None:
    order = make_order(ada)
    move_order(order_id=order.pk, status="cancelled", by=ada)
    with pytest.raises(MoveRefused):
        foresee_move(ada, order.pk, "active")


@pytest.mark.parametrize("length", [5, 1_000])
def test_it_takes_three_statements(ada: User, length: int) -> None:
    chain: Sequence[Order] = make_chain(ada, length, failure_policy="fail")
    for status in (Status.FAILED, Status.COMPLETED):
        with CaptureQueriesContext(connection) as taken:
            impact = foresee_move(ada, chain[0].pk, status)
        assert len(taken) == (3 if status == Status.FAILED else 2)
    assert impact.become_ready.count == 1
