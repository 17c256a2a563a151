"""What follows in chains when a source tells of an order."""

import pytest

from accounts.models import Project, User
from catalog.services import adjust_stock
from catalog.tests.factories import make_product, make_storefront
from orders.holds import wrong_holds
from orders.lifecycle import Status
from orders.queries import row_for
from orders.services import Outcome, StockItemDraft, create_order, update_order
from orders.tests.factories import make_order
from orders.tests.mirroring.told import last_event, stored
from orders.tests.outside import events_of, mirror
from orders.tests.shopping import stock_of

pytestmark = pytest.mark.django_db


def test_those_that_wait_are_freed(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    waits = make_order(ada, order)
    starts = make_order(ada, order, auto_activate=True)

    mirror(shop, 1, status=Status.COMPLETED)

    cause = {"order_id": order.pk, "status": "completed"}
    assert [stored(each).status for each in (waits, starts)] == ["pending", "active"]
    assert events_of(waits)[-1] == ("order_ready", "pending")
    assert last_event(waits).data["cause"] == cause
    assert [name for name, _ in events_of(starts)[1:]] == ["order_ready", "order_status_changed"]


def test_a_reopened_order_holds_those_up_that_have_not_begun(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    waits, ignores = make_order(ada, order), make_order(ada, order, failure_policy="ignore")
    begun = make_order(ada, order, auto_activate=True)
    mirror(shop, 1, status=Status.COMPLETED)

    mirror(shop, 2, status=Status.ACTIVE)

    assert [stored(each).status for each in (waits, ignores, begun)] == [
        *("pending", "pending", "active")
    ]
    assert not row_for(ada, waits.pk)["ready"]
    for each in (waits, ignores):
        assert last_event(each).type == "order_blocked"
        assert last_event(each).data["blockers"] == [order.pk]
        assert last_event(each).data["cause"] == {"order_id": order.pk, "status": "active"}
    assert events_of(begun)[-1] == ("order_status_changed", "active")

    mirror(shop, 3, status=Status.FULFILLED)
    assert events_of(waits)[-1] == ("order_ready", "pending")
    assert row_for(ada, waits.pk)["ready"]
    mirror(shop, 4, status=Status.COMPLETED)
    assert len(events_of(waits)) == 4


@pytest.mark.parametrize("was", ["pending", "completed"])
def test_a_cancellation_does_what_each_policy_says(shop: Project, ada: User, was: str) -> None:
    order = mirror(shop, status=Status(was)).order
    holds = make_order(ada, order)
    fails = make_order(ada, order, failure_policy="fail")
    along = make_order(ada, fails, failure_policy="fail")
    ignores = make_order(ada, order, failure_policy="ignore")
    known = len(events_of(ignores))

    mirror(shop, 1, status=Status.CANCELLED)

    chain = (holds, fails, along, ignores)
    assert [stored(each).status for each in chain] == ["pending", "failed", "failed", "pending"]
    assert events_of(holds)[-1] == ("order_blocked", "pending")
    assert stored(along).failed_along_with == fails
    assert row_for(ada, ignores.pk)["ready"]
    # It is told only if it was not ready before.
    assert len(events_of(ignores)) == known + (was == "pending")

    mirror(shop, 2, status=Status.COMPLETED)

    assert [stored(each).status for each in chain] == ["pending"] * 4
    assert [name for name, _ in events_of(fails)[-2:]] == ["order_status_changed", "order_ready"]
    assert not row_for(ada, along.pk)["ready"]
    assert events_of(holds)[-1] == ("order_ready", "pending")


def test_those_that_come_back_may_begin_at_once(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    fails = make_order(ada, order, failure_policy="fail", auto_activate=True)
    mirror(shop, 1, status=Status.FAILED)
    assert stored(fails).status == "failed"

    mirror(shop, 2, status=Status.FULFILLED)

    assert (stored(fails).status, stored(fails).failed_along_with) == ("active", None)
    assert events_of(fails)[-3:] == [
        ("order_status_changed", "pending"),
        ("order_ready", "pending"),
        ("order_status_changed", "active"),
    ]


def test_those_that_cannot_take_their_stock_again_stay_failed(ada: User) -> None:
    shop = make_storefront(ada)
    lamp = make_product(shop, stock=3)
    order = mirror(shop).order
    sold = create_order(
        by=ada,
        project=shop,
        fields={"title": "Lamps", "failure_policy": "fail"},
        dependencies=[order.pk],
        items=[StockItemDraft(lamp.pk, 3)],
    )
    mirror(shop, 1, status=Status.CANCELLED)
    assert (stored(sold).status, stock_of(lamp)) == ("failed", [3])
    adjust_stock(product_id=lamp.pk, change=-1)

    assert mirror(shop, 2, status=Status.ACTIVE).outcome is Outcome.CHANGED
    assert (stored(order).status, stored(sold).status, stock_of(lamp)) == ("active", "failed", [2])

    adjust_stock(product_id=lamp.pk, change=1)
    mirror(shop, 3, status=Status.CANCELLED)
    mirror(shop, 4, status=Status.COMPLETED)
    assert (stored(sold).status, stock_of(lamp)) == ("pending", [0])
    assert wrong_holds() == []


def test_the_source_moves_an_order_that_waits_here(shop: Project, ada: User) -> None:
    order, blocker = mirror(shop).order, make_order(ada)
    update_order(order_id=order.pk, by=ada, fields={}, dependencies=[blocker.pk])

    mirror(shop, 1, status=Status.SHIPPED)

    assert stored(order).status == "shipped"


def test_an_order_that_activates_itself_stays_active(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    update_order(order_id=order.pk, by=ada, fields={"auto_activate": True})
    assert stored(order).status == "active"

    assert mirror(shop, 1).outcome is Outcome.UNCHANGED
    assert stored(order).status == "active"
    mirror(shop, 2, status=Status.FAILED)
    mirror(shop, 3, status=Status.PENDING)
    assert events_of(order)[-2:] == [
        ("order_status_changed", "pending"),
        ("order_status_changed", "active"),
    ]

    blocker = make_order(ada)
    update_order(order_id=order.pk, by=ada, fields={}, dependencies=[blocker.pk])
    mirror(shop, 4, status=Status.FAILED)
    mirror(shop, 5, status=Status.PENDING)
    assert stored(order).status == "pending"
