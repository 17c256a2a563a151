"""Deleting an order that others depend on: refused while they wait for it, and only then."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from orders.errors import OrderHasDependents
from orders.models import Order, OrderDependency
from orders.services import delete_order, move_order, update_order, waive_dependency
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", "correct horse")


def test_lists_only_the_dependents_that_still_wait(ada: User) -> None:
    first = make_order(ada)
    pending, draft = make_order(ada, first), make_order(ada, first, status="draft")
    make_order(ada, first, status="cancelled")

    with pytest.raises(OrderHasDependents) as refusal:
        delete_order(order_id=first.pk, by=ada)

    assert refusal.value.data == {"dependents": [pending.pk, draft.pk]}
    assert OrderDependency.objects.count() == 3


def begin(first: Order, second: Order, by: User) -> None:
    move_order(order_id=first.pk, status="completed", by=by)
    move_order(order_id=second.pk, status="active", by=by)


def end(first: Order, second: Order, by: User) -> None:
    begin(first, second, by)
    move_order(order_id=second.pk, status="completed", by=by)


def cancel(_: Order, second: Order, by: User) -> None:
    move_order(order_id=second.pk, status="cancelled", by=by)


def fail(_: Order, second: Order, by: User) -> None:
    move_order(order_id=second.pk, status="failed", by=by)


def finish_the_first(first: Order, _: Order, by: User) -> None:
    move_order(order_id=first.pk, status="fulfilled", by=by)


def waive(first: Order, second: Order, by: User) -> None:
    waive_dependency(order_id=second.pk, dependency_id=first.pk, reason="Why not.", by=by)


@pytest.mark.parametrize("part", [begin, end, cancel, fail, finish_the_first, waive])
def test_a_dependent_that_waits_no_longer_loses_the_dependency(
    ada: User, part: Callable[[Order, Order, User], None]
) -> None:
    first, other = make_order(ada), make_order(ada, status="completed")
    second = make_order(ada, first, other)
    part(first, second, ada)
    version = Order.objects.get(pk=second.pk).version

    delete_order(order_id=first.pk, by=ada)

    assert not Order.objects.filter(pk=first.pk).exists()
    assert [one.pk for one in second.dependencies.all()] == [other.pk]
    assert Order.objects.get(pk=second.pk).version == version + 1
    event = Event.objects.filter(order=second).latest("pk")
    assert (event.type, event.actor_id) == ("order_updated", ada.pk)
    changes: dict[str, Any] = event.data["changes"]
    assert changes == {"dependencies": {"from": sorted([first.pk, other.pk]), "to": [other.pk]}}


def test_a_dependent_that_waits_again_waits_for_its_other_dependencies(
    ada: User,
) -> None:
    first = make_order(ada)
    second = make_order(ada, status="active")
    update_order(order_id=second.pk, by=ada, fields={}, dependencies=[first.pk])
    delete_order(order_id=first.pk, by=ada)

    move_order(order_id=second.pk, status="draft", by=ada)
    move_order(order_id=second.pk, status="active", by=ada)

    assert Order.objects.get(pk=second.pk).status == "active"
