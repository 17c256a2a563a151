"""The chain of an order as a picture."""

import random

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.tests.factories import make_user
from orders.errors import OrderNotFound
from orders.folding import MAX_DRAWN
from orders.layout import Place
from orders.models import Order, OrderDependency
from orders.queries import blockers_for, picture_for
from orders.services import assign_order, move_order, waive_dependency
from orders.tests.factories import make_chain, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


def test_a_picture_shows_where_the_wait_begins(ada: User) -> None:
    legs = make_order(ada, title="Legs")
    oil = make_order(ada, title="Oil")
    finish = make_order(ada, legs, oil, title="Finish")
    deliver = make_order(ada, finish, title="Deliver")
    assign_order(order_id=legs.pk, assignee=ada, by=ada)

    picture = picture_for(ada, deliver.pk)

    assert picture.ways == [[deliver.pk, finish.pk, legs.pk], [deliver.pk, finish.pk, oil.pk]]
    assert picture.layout.places[deliver.pk].level == 2
    assert picture.layout.places[legs.pk] == Place(0, 0)
    assert picture.details[legs.pk].assignee == "ada@example.com"
    assert picture.details[oil.pk].assignee == ""
    waive_dependency(order_id=finish.pk, dependency_id=oil.pk, reason="enough left", by=ada)
    move_order(order_id=legs.pk, status="completed", by=ada)
    assert picture_for(ada, deliver.pk).ways == [[deliver.pk, finish.pk]]


@pytest.mark.parametrize("seed", range(6))
def test_the_ways_lead_to_the_roots_of_the_wait(ada: User, seed: int) -> None:
    chance = random.Random(seed)
    orders: list[Order] = []
    for _ in range(20):
        orders.append(
            make_order(ada, *chance.sample(orders, min(len(orders), chance.randrange(3))))
        )
    for order in chance.sample(orders, 8):
        status = chance.choice(["completed", "active", "failed", "cancelled"])
        Order.objects.filter(pk=order.pk).update(status=status)
    for order in orders:
        roots = {each.id for each in blockers_for(ada, order.pk).blockers if each.is_root}
        ways = picture_for(ada, order.pk).ways
        assert {way[-1] for way in ways} == roots
        assert all(way[0] == order.pk for way in ways)


def test_an_order_of_somebody_else_is_drawn_as_such(ada: User) -> None:
    bob = make_user(email="bob@example.com")
    hidden = make_order(bob, title="secret")
    assign_order(order_id=hidden.pk, assignee=bob, by=bob)
    order = make_order(ada)
    OrderDependency.objects.create(order=order, depends_on=hidden)

    picture = picture_for(ada, order.pk)

    node = picture.nodes[hidden.pk]
    assert (node.title, node.owner_id, node.assignee_id) == (None, None, None)
    assert picture.details.keys() == {order.pk}
    with pytest.raises(OrderNotFound):
        picture_for(ada, hidden.pk)


@pytest.mark.slow
@pytest.mark.parametrize("length", [5, 2_000])
def test_the_number_of_statements_does_not_grow(
    ada: User, length: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    chain = make_chain(ada, length)
    assign_order(order_id=chain[length // 2].pk, assignee=ada, by=ada)
    with django_assert_num_queries(3):
        picture = picture_for(ada, chain[length // 2].pk)
    assert len(picture.folded.nodes) <= MAX_DRAWN
    assert picture.folded.node_of[chain[0].pk] == chain[0].pk
