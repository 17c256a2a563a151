"""Who cares for an order."""

import pytest

from accounts.access import Role
from accounts.models import Project, User
from accounts.services import create_project, remove_member, set_member
from accounts.tests.factories import make_user
from orderchainer.core.errors import Invalid
from orders import tasks
from orders.errors import OrderNotFound, OrderNotYours
from orders.models import Order
from orders.services import assign_order, create_order, move_order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def shop(ada: User) -> Project:
    return create_project(owner=ada, name="Mugs", currency="EUR")


@pytest.fixture
def bob(shop: Project) -> User:
    bob = make_user(email="bob@example.com")
    set_member(project=shop, user=bob, role=Role.AGENT)
    return bob


@pytest.fixture
def order(shop: Project, ada: User) -> Order:
    return create_order(by=ada, fields={"title": "Mugs"}, project=shop)


def test_a_member_cares_for_an_order(order: Order, ada: User, bob: User) -> None:
    assign_order(order_id=order.pk, assignee=bob, by=ada)
    assign_order(order_id=order.pk, assignee=bob, by=ada)

    told = Event.objects.filter(order=order, type="order_updated")
    assert [each.data["changes"] for each in told] == [
        {"assignee": {"from": None, "to": str(bob.uuid)}}
    ]
    order.refresh_from_db()
    assert (order.assignee, order.version) == (bob, 2)

    assign_order(order_id=order.pk, assignee=None, by=bob)
    order.refresh_from_db()
    assert (order.assignee, order.version) == (None, 3)


@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_who_does_not_handle_orders_cares_for_none(
    shop: Project, order: Order, ada: User, role: Role | None
) -> None:
    eve = make_user(email="eve@example.com")
    if role:
        set_member(project=shop, user=eve, role=role)
    with pytest.raises(Invalid):
        assign_order(order_id=order.pk, assignee=eve, by=ada)
    with pytest.raises(OrderNotYours if role else OrderNotFound):
        assign_order(order_id=order.pk, assignee=ada, by=eve)
    order.refresh_from_db()
    assert (order.assignee, order.version) == (None, 1)


def test_what_failed_along_still_comes_back(shop: Project, ada: User) -> None:
    first = create_order(by=ada, fields={"title": "first"}, project=shop)
    fields = {"title": "second", "failure_policy": "fail"}
    second = create_order(by=ada, fields=fields, dependencies=[first.pk], project=shop)  # type: ignore[arg-type]
    move_order(order_id=first.pk, status="failed", by=ada)
    assign_order(order_id=second.pk, assignee=ada, by=ada)
    move_order(order_id=first.pk, status="pending", by=ada)
    second.refresh_from_db()
    assert second.status == "pending"


@pytest.mark.parametrize("leaves", [True, False])
def test_who_leaves_or_loses_the_role_cares_for_nothing(
    shop: Project, order: Order, ada: User, bob: User, leaves: bool
) -> None:
    other = create_order(by=ada, fields={"title": "Cups"}, project=shop)
    assign_order(order_id=order.pk, assignee=bob, by=ada)
    assign_order(order_id=other.pk, assignee=ada, by=ada)
    if leaves:
        remove_member(project=shop, user=bob, by=ada)
    else:
        set_member(project=shop, user=bob, role=Role.VIEWER)

    tasks.hand_over(shop.pk)
    tasks.hand_over()

    order.refresh_from_db()
    assert (order.assignee, order.version) == (None, 3)
    last = Event.objects.filter(order=order).latest("pk")
    assert last.data["changes"] == {"assignee": {"from": str(bob.uuid), "to": None}}
    assert last.actor_id is None
    assert Order.objects.get(pk=other.pk).assignee == ada


def test_whose_account_is_switched_off_cares_for_nothing(
    shop: Project, order: Order, ada: User, bob: User
) -> None:
    assign_order(order_id=order.pk, assignee=bob, by=ada)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    tasks.hand_over()

    order.refresh_from_db()
    assert order.assignee is None
