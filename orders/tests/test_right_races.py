"""The right to change an order is taken away while a change is under way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from time import monotonic, sleep

import pytest
from django.db import connection

from accounts.models import Membership, User
from accounts.services import change_role, delete_project, remove_member
from accounts.tests.factories import make_staff, make_user
from accounts.tests.projects import Team, make_team
from orderchainer.core.errors import DomainError
from orderchainer.testing.races import on_postgresql, race
from orders.errors import OrderNotFound, OrderNotYours
from orders.models import Order
from orders.services import (
    changing,
    create_order,
    delete_order,
    deleting,
    move_order,
    rights,
    update_order,
)
from orders.services.rights import Standing

pytestmark = [pytest.mark.django_db(transaction=True)]

Role = Membership.Role
PATIENCE_SECONDS = 0.5


@dataclass
class Shop:
    """A project, and an order in it whose customer is not a member."""

    team: Team
    customer: User
    order: Order

    @property
    def agent(self) -> User:
        return self.team.members["agent"]

    def is_untouched(self) -> bool:
        order = Order.objects.filter(pk=self.order.pk).first()
        return order is not None and order.status == "pending"


def shop_with(team: Team, customer: User) -> Shop:
    order = create_order(
        by=customer, owner=customer, project=team.project, fields={"title": "Lamp"}
    )
    return Shop(team, customer, order)


@pytest.fixture
def shop() -> Shop:
    return shop_with(make_team(), make_user())


def move(shop: Shop) -> object:
    return move_order(order_id=shop.order.pk, status="active", by=shop.agent)


def delete(shop: Shop) -> object:
    return delete_order(order_id=shop.order.pk, by=shop.agent)


def remove(shop: Shop) -> object:
    return remove_member(project=shop.team.project, user=shop.agent, by=shop.team.owner)


def lower(shop: Shop) -> object:
    return change_role(
        project=shop.team.project,
        user=shop.agent,
        role=Role.VIEWER,
        by=shop.team.owner,
    )


def close(shop: Shop) -> object:
    return delete_project(project=shop.team.project, by=shop.team.owner)


Deed = Callable[[Shop], object]
DEEDS = pytest.mark.parametrize("deed", [move, delete])
# Ways to lose the right, each with the refusal that follows.
LOSSES = pytest.mark.parametrize(
    ("loss", "refusal"),
    [(remove, OrderNotFound), (lower, OrderNotYours), (close, OrderNotFound)],
)


# --- Staff ------------------------------------------------------------------------------------


def test_a_permission_that_staff_lost_meanwhile_no_longer_counts(shop: Shop) -> None:
    clerk = make_staff("change_order", "delete_order")
    # Django caches the answer on this object, so the permission seems to be there later.
    assert clerk.has_perm("orders.change_order")
    clerk.user_permissions.clear()
    assert clerk.has_perm("orders.change_order")

    with pytest.raises(OrderNotFound):
        move_order(order_id=shop.order.pk, status="active", by=clerk)
    with pytest.raises(OrderNotFound):
        delete_order(order_id=shop.order.pk, by=clerk)
    assert shop.is_untouched()


# --- Without a race: the refusal that the race must lead to as well ---------------------------


@DEEDS
@LOSSES
def test_a_lost_right_refuses(
    shop: Shop, deed: Deed, loss: Deed, refusal: type[DomainError]
) -> None:
    loss(shop)

    with pytest.raises(refusal):
        deed(shop)
    assert shop.is_untouched()


@DEEDS
@LOSSES
def test_a_right_is_lost_before_or_after_the_change_but_not_during_it(
    shop: Shop, deed: Deed, loss: Deed, refusal: type[DomainError]
) -> None:
    done, lost = race(lambda: deed(shop), lambda: loss(shop))

    assert not isinstance(lost, Exception)
    assert isinstance(done, refusal) is shop.is_untouched()


# --- While the change waits for the order's lock ----------------------------------------------


def wait_until_blocked() -> None:
    """Wait until a connection waits for a lock in this database."""
    deadline = monotonic() + 10
    with connection.cursor() as cursor:
        while monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            sleep(0.01)
    pytest.fail("no connection waited for a lock")


def while_it_waits(shop: Shop, deed: Deed, loss: Deed) -> list[object]:
    """Let the agent lose their right while they wait for an order that the customer has locked."""
    is_held, is_lost = Event(), Event()

    def hold(_: Order) -> None:
        is_held.set()
        is_lost.wait(10)

    def hold_it() -> object:
        return update_order(
            order_id=shop.order.pk,
            by=shop.customer,
            fields={"notes": "Ring twice."},
            precondition=hold,
        )

    def come_late() -> object:
        is_held.wait(10)
        return deed(shop)

    def lose() -> object:
        is_held.wait(10)
        try:
            wait_until_blocked()
            return loss(shop)
        finally:
            is_lost.set()

    return race(hold_it, come_late, lose)


@pytest.mark.services
@on_postgresql
@DEEDS
@LOSSES
def test_a_right_that_is_lost_before_the_lock_is_refused(
    shop: Shop, deed: Deed, loss: Deed, refusal: type[DomainError]
) -> None:
    held, done, lost = while_it_waits(shop, deed, loss)

    assert isinstance(held, Order)
    assert not isinstance(lost, Exception)
    assert isinstance(done, refusal)
    assert shop.is_untouched()


@pytest.mark.services
@on_postgresql
@DEEDS
def test_without_a_check_under_the_lock_the_change_goes_through(
    monkeypatch: pytest.MonkeyPatch, shop: Shop, deed: Deed
) -> None:
    """The negative control: the agent was allowed to change the order when they asked."""

    def as_asked_before(*_: object, **__: object) -> Standing:
        return Standing.HANDLER

    monkeypatch.setattr(changing, "standing_of", as_asked_before)
    monkeypatch.setattr(deleting, "require_right_to_change", as_asked_before)

    _, done, lost = while_it_waits(shop, deed, remove)

    assert not isinstance(lost, Exception)
    assert not isinstance(done, Exception)
    assert not shop.is_untouched()


@pytest.mark.services
@on_postgresql
@DEEDS
def test_an_order_that_changes_hands_before_the_lock_is_not_found(shop: Shop, deed: Deed) -> None:
    other = make_user()
    is_held, is_waited_for = Event(), Event()

    def hand_over(order: Order) -> None:
        is_held.set()
        is_waited_for.wait(10)
        order.owner, order.project = other, other.personal_project

    def give_away() -> object:
        return update_order(
            order_id=shop.order.pk,
            by=shop.customer,
            fields={"notes": "Ring twice."},
            precondition=hand_over,
        )

    def come_late() -> object:
        is_held.wait(10)
        return deed(shop)

    def watch() -> None:
        is_held.wait(10)
        try:
            wait_until_blocked()
        finally:
            is_waited_for.set()

    given, done, _ = race(give_away, come_late, watch)

    assert isinstance(given, Order)
    assert isinstance(done, OrderNotFound)
    assert shop.is_untouched()


# --- Between the check and the commit ---------------------------------------------------------


@dataclass
class Pause:
    """Holds a change, between its check of the right and its first write, until the loss."""

    begun: Event = field(default_factory=Event)
    lost: Event = field(default_factory=Event)
    was_overtaken: bool = False

    def __call__(self, _: Order) -> None:
        self.begun.set()
        self.was_overtaken = self.lost.wait(PATIENCE_SECONDS)


def losing(shop: Shop, loss: Deed, pause: Pause) -> Callable[[], object]:
    def lose() -> object:
        pause.begun.wait(10)
        outcome = loss(shop)
        pause.lost.set()
        return outcome

    return lose


def paused(shop: Shop, deed: str, pause: Pause) -> Callable[[], object]:
    if deed == "move":
        return lambda: update_order(
            order_id=shop.order.pk,
            by=shop.agent,
            fields={"status": "active"},
            precondition=pause,
        )
    return lambda: delete_order(order_id=shop.order.pk, by=shop.agent, precondition=pause)


@pytest.mark.parametrize("deed", ["move", "delete"])
@pytest.mark.parametrize("loss", [remove, lower])
def test_a_right_that_was_checked_is_kept_until_the_commit(
    shop: Shop, deed: str, loss: Deed
) -> None:
    pause = Pause()

    done, lost = race(paused(shop, deed, pause), losing(shop, loss, pause))

    assert not isinstance(done, Exception)
    assert not isinstance(lost, Exception)
    assert not pause.was_overtaken


@pytest.mark.services
@on_postgresql
@pytest.mark.parametrize("deed", ["move", "delete"])
@pytest.mark.parametrize("loss", [remove, lower])
def test_without_the_lock_on_the_role_the_change_comes_after_the_loss(
    monkeypatch: pytest.MonkeyPatch, shop: Shop, deed: str, loss: Deed
) -> None:
    """The negative control: the role is only read, so it can be lost at once."""

    def read_role(user: User, project_id: int) -> str | None:
        found = Membership.objects.filter(user=user, project=project_id)
        return found.values_list("role", flat=True).first()

    monkeypatch.setattr(rights, "hold_role", read_role)
    pause = Pause()

    race(paused(shop, deed, pause), losing(shop, loss, pause))

    assert pause.was_overtaken
    assert not shop.is_untouched()


@pytest.mark.services
@on_postgresql
def test_two_orders_are_changed_side_by_side_in_the_same_role(shop: Shop) -> None:
    other = shop_with(shop.team, shop.customer)
    first, second = Pause(), Pause()
    second.lost = first.begun
    first.lost = second.begun

    race(paused(shop, "move", first), paused(other, "move", second))

    assert first.was_overtaken
    assert second.was_overtaken
