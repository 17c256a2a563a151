"""A shop tells the same order many times at once, with and without what keeps it one order."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from accounts.access import Role
from accounts.models import Project, User
from accounts.services import remove_member, set_member
from accounts.tests.factories import make_user
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint
from orders.graph import Walk
from orders.lifecycle import Status
from orders.locks import lock_orders
from orders.models import Order, OrderItem
from orders.services import Mirrored, Outcome, blank_customer, mirror_order, move_order
from orders.services.chains import edges_of
from orders.services.handing_over import hand_over_orders
from orders.services.locking import LockedReach
from orders.stream.models import Event as StreamEvent
from orders.tests.factories import make_order
from orders.tests.outside import MUG, TOLD, events_of, mirror

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def outcomes_of(results: Iterable[object]) -> dict[object, int]:
    return dict(
        Counter(each.outcome if isinstance(each, Mirrored) else repr(each) for each in results)
    )


# --- one order --------------------------------------------------------------------------------


def test_twenty_identical_messages_make_one_order(shop: Project) -> None:
    results = race(*[partial(mirror, shop)] * 20, meeting=Meeting("INSERT INTO", parties=20))

    assert outcomes_of(results) == {Outcome.CREATED: 1, Outcome.UNCHANGED: 19}
    assert events_of(Order.objects.get()) == [("order_created", "pending")]
    assert OrderItem.objects.count() == 1


@pytest.mark.slow
def test_twenty_identical_changes_are_one_change(shop: Project) -> None:
    order = mirror(shop).order
    change = partial(mirror, shop, 5, status=Status.SHIPPED, items=[MUG, MUG])

    results = race(*[change] * 20, meeting=Meeting("UPDATE", parties=20))

    assert outcomes_of(results) == {Outcome.CHANGED: 1, Outcome.UNCHANGED: 19}
    assert [name for name, _ in events_of(order)[1:]] == ["order_updated", "order_status_changed"]
    assert order.items.count() == 2


@pytest.mark.slow
def test_of_twenty_different_states_the_newest_stays(shop: Project) -> None:
    """Webhooks and a sync tell the whole life of an order at once, which nobody knew before."""
    states = [
        partial(mirror, shop, number, title=f"#{number}", items=[MUG] * number)
        for number in range(20)
    ]

    outcomes = outcomes_of(race(*states, meeting=Meeting("INSERT INTO", parties=20)))

    order = Order.objects.get()
    assert outcomes.keys() <= set(Outcome)
    assert (order.title, order.items.count()) == ("#19", 19)
    assert order.version == outcomes[Outcome.CREATED] + outcomes.get(Outcome.CHANGED, 0)
    assert (
        StreamEvent.objects.filter(type="order_created").count() == outcomes[Outcome.CREATED] == 1
    )


@on_postgresql
def test_without_the_constraint_there_would_be_two_orders(shop: Project) -> None:
    """The negative control: both messages find no order, and each makes one."""
    with without_constraint("orders_order", "order_unique_by_external_id"):
        results = race(
            *[partial(mirror, shop)] * 2, meeting=Meeting.of_all('INSERT INTO "orders_order"')
        )

        assert outcomes_of(results) == {Outcome.CREATED: 2}
        OrderItem.objects.all().delete()
        Order.objects.all().delete()


# --- its owner --------------------------------------------------------------------------------


def a_new_order_during_a_removal(ada: User, shop: Project) -> User:
    """Remove the person who connected the shop while a sync stores an order for them.

    The removal and the task that follows it are done before the order is inserted, if nothing
    keeps them. Return who owns the order in the end.
    """
    bob = make_user(email="bob@example.com")
    set_member(project=shop, user=bob, role=Role.MANAGER)
    has_asked, is_handed_over = Event(), Event()

    def sync() -> Mirrored:
        with connection.execute_wrapper(wait_before_writing):
            return mirror_order(project=shop, owner=bob, provider="shopify", told=TOLD)

    def wait_before_writing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INSERT INTO "orders_order"' in sql:
            has_asked.set()
            is_handed_over.wait(1)
        return execute(sql, params, many, context)

    def remove() -> None:
        has_asked.wait(30)
        remove_member(project=shop, user=bob, by=ada)
        hand_over_orders(project_id=shop.pk)
        is_handed_over.set()

    results = race(sync, remove)
    assert not [each for each in results if isinstance(each, Exception)]
    return Order.objects.get().owner


@on_postgresql
def test_whoever_is_removed_during_a_sync_keeps_none_of_its_orders(
    ada: User, shop: Project
) -> None:
    assert a_new_order_during_a_removal(ada, shop) == ada


@on_postgresql
def test_without_holding_the_owner_a_removed_person_gets_a_new_order(
    ada: User, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr("orders.services.mirroring.hold_owner", lambda project, owner: owner)

    assert a_new_order_during_a_removal(ada, shop).email == "bob@example.com"


# --- what was read changes before it is written -----------------------------------------------


def a_message_during_a_move(ada: User, shop: Project) -> list[tuple[str, str]]:
    """Let a person move the order after a message has read it; return the moves that are told."""
    order = mirror(shop).order
    race(
        partial(mirror, shop, 1, status=Status.COMPLETED),
        partial(move_order, order_id=order.pk, status="shipped", by=ada),
        meeting=Meeting('UPDATE "orders_order"'),
    )
    assert Order.objects.get().status == "completed"
    moves = StreamEvent.objects.filter(type="order_status_changed").order_by("pk")
    return [(each.data["old_status"], each.data["new_status"]) for each in moves]


@on_postgresql
def test_a_message_builds_on_what_a_person_did_meanwhile(ada: User, shop: Project) -> None:
    assert a_message_during_a_move(ada, shop) == [("pending", "shipped"), ("shipped", "completed")]
    assert Order.objects.get().version == 3


@on_postgresql
def test_without_the_condition_a_message_overwrites_what_a_person_did(
    ada: User, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: two moves begin at the same status."""
    monkeypatch.setattr("orders.services.mirroring._as_read", anything)

    assert a_message_during_a_move(ada, shop) == [("pending", "shipped"), ("pending", "completed")]
    assert Order.objects.get().version == 2


def anything(order: Order) -> Q:
    return Q()


@on_postgresql
def test_what_is_erased_meanwhile_does_not_come_back(shop: Project) -> None:
    """There is nothing to erase yet, and the message brings it."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("customer_name", "customer_email", "customer_phone", "shipping_address", "notes"), ""
    )
    order = mirror(shop, **nothing).order

    race(
        partial(mirror, shop, 1),
        partial(blank_customer, project=shop, provider="shopify", external_ids=["5940139491234"]),
        meeting=Meeting('UPDATE "orders_order"'),
    )

    order.refresh_from_db()
    assert order.customer_erased_at is not None
    assert (order.customer_name, order.customer_email, order.notes) == ("", "", "")


def a_dependent_during_a_message(ada: User, shop: Project) -> list[tuple[str, str]]:
    """Let an order begin to wait for one that a message has read already; return its events."""
    order = mirror(shop).order
    has_read, is_made = Event(), Event()

    def message() -> Mirrored:
        with connection.execute_wrapper(wait_before_writing):
            return mirror(shop, 1, status=Status.COMPLETED)

    def wait_before_writing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'UPDATE "orders_order"' in sql:
            has_read.set()
            is_made.wait(30)
        return execute(sql, params, many, context)

    def make() -> Order:
        has_read.wait(30)
        made = make_order(ada, order)
        is_made.set()
        return made

    race(message, make)
    return events_of(Order.objects.exclude(pk=order.pk).get())


@on_postgresql
def test_an_order_that_just_began_to_wait_is_freed(ada: User, shop: Project) -> None:
    assert a_dependent_during_a_message(ada, shop) == [
        ("order_created", "pending"),
        ("order_ready", "pending"),
    ]


@on_postgresql
def test_without_a_second_look_it_would_never_be_told(
    ada: User, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr("orders.services.mirroring._require_no_dependents", lambda order: None)

    assert a_dependent_during_a_message(ada, shop) == [("order_created", "pending")]


def a_dependent_during_the_lock(ada: User, shop: Project) -> list[tuple[str, str]]:
    """Let an order begin to wait while a message waits for the lock; return its events.

    The message has found out already whom its move reaches, since another order waits for this one.
    """
    order = mirror(shop).order
    make_order(ada, order)
    holds_the_lock = Event()

    def make() -> Order:
        with connection.execute_wrapper(tell):
            return make_order(ada, order, title="Late")

    def tell(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INSERT INTO "orders_orderdependency"' in sql:
            holds_the_lock.set()
        return execute(sql, params, many, context)

    def message() -> Mirrored:
        holds_the_lock.wait(30)
        return mirror(shop, 1, status=Status.COMPLETED)

    # The other order waits here, in vain, and meanwhile the message begins to wait for the lock.
    meeting = Meeting('INSERT INTO "orders_event"', patience_seconds=2)
    race(make, message, meeting=meeting)
    return events_of(Order.objects.get(title="Late"))


@on_postgresql
def test_an_order_that_begins_to_wait_during_the_lock_is_freed(ada: User, shop: Project) -> None:
    assert a_dependent_during_the_lock(ada, shop) == [
        ("order_created", "pending"),
        ("order_ready", "pending"),
    ]


@on_postgresql
def test_without_a_second_look_under_the_lock_it_would_never_be_told(
    ada: User, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""

    def lock_only(order_id: int, reach: Walk | None) -> LockedReach:
        assert reach is not None
        locked = lock_orders({order_id, *reach.ids()})
        return LockedReach(locked, edges_of(locked))

    monkeypatch.setattr("orders.services.mirroring.lock_reach", lock_only)

    assert a_dependent_during_the_lock(ada, shop) == [("order_created", "pending")]


def test_messages_about_both_ends_of_a_chain(ada: User, shop: Project) -> None:
    """Both reach the same orders, and neither waits for the other for ever."""
    first = mirror(shop, external_id="1").order
    second = mirror(shop, external_id="2").order
    waiting = [make_order(ada, first, second, auto_activate=True) for _ in range(3)]

    results = race(
        partial(mirror, shop, 1, external_id="1", status=Status.COMPLETED),
        partial(mirror, shop, 1, external_id="2", status=Status.COMPLETED),
        meeting=Meeting('UPDATE "orders_order"'),
    )

    assert outcomes_of(results) == {Outcome.CHANGED: 2}
    for each in waiting:
        assert [name for name, _ in events_of(each)[1:]] == ["order_ready", "order_status_changed"]
