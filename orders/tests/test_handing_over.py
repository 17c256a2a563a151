"""Who leaves a project leaves its orders behind, but not what they bought."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.access import Role
from accounts.models import Membership, Project, User
from accounts.services import create_project, remove_member, set_member
from accounts.tests.factories import make_user
from orders.errors import OrderNotFound
from orders.models import Order
from orders.queries import order_for
from orders.services import create_order, create_order_in_project, handing_over, mirror_order
from orders.services.handing_over import hand_over_orders
from orders.tests.outside import TOLD

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
    set_member(project=shop, user=bob, role=Role.MANAGER)
    return bob


def mirrored_for(owner: User, shop: Project) -> Order:
    return mirror_order(project=shop, owner=owner, provider="shopify", told=TOLD).order


def made_by_hand(owner: User, shop: Project) -> Order:
    return create_order_in_project(by=owner, project=shop, fields={"title": "By telephone"})


def bought(owner: User, shop: Project) -> Order:
    """Return an order that somebody else took for them."""
    merchant = shop.members.earliest("pk")
    return create_order(
        by=merchant,
        owner=owner,
        project=shop,
        provider=Order.Provider.MANUAL,
        fields={"title": "Mugs"},
    )


@pytest.mark.parametrize("make", [mirrored_for, made_by_hand])
def test_orders_of_the_team_pass_to_an_owner_of_the_project(
    shop: Project, ada: User, bob: User, make: Callable[[User, Project], Order]
) -> None:
    order = make(bob, shop)
    remove_member(project=shop, user=bob, by=ada)

    assert hand_over_orders(project_id=shop.pk) == 1

    handed = Order.objects.get(pk=order.pk)
    assert (handed.owner, handed.version) == (ada, order.version + 1)
    with pytest.raises(OrderNotFound):
        order_for(bob, order.pk)


def test_what_somebody_bought_stays_theirs(shop: Project, ada: User, bob: User) -> None:
    purchase = bought(bob, shop)
    private = create_order(by=bob, fields={"title": "In their own project"})
    remove_member(project=shop, user=bob, by=ada)

    assert hand_over_orders() == 0

    for order in (purchase, private):
        assert order_for(bob, order.pk).owner == bob


def test_an_order_that_was_handed_over_is_handed_over_again(
    shop: Project, ada: User, bob: User
) -> None:
    order = made_by_hand(bob, shop)
    remove_member(project=shop, user=bob, by=ada)
    hand_over_orders(project_id=shop.pk)
    carol = make_user(email="carol@example.com")
    set_member(project=shop, user=carol, role=Role.OWNER)
    remove_member(project=shop, user=ada, by=carol)

    assert hand_over_orders(project_id=shop.pk) == 1

    assert Order.objects.get(pk=order.pk).owner == carol


def test_a_new_order_never_belongs_to_somebody_who_was_removed(
    shop: Project, ada: User, bob: User
) -> None:
    """A sync asks once for the owner of all that it stores."""
    remove_member(project=shop, user=bob, by=ada)

    assert mirrored_for(bob, shop).owner == ada

    # A change of it keeps the owner.
    paid = replace(TOLD, updated_at=TOLD.updated_at + timedelta(seconds=1), title="#1001 paid")
    mirror_order(project=shop, owner=bob, provider="shopify", told=paid)
    order = Order.objects.get()
    assert (order.title, order.owner) == ("#1001 paid", ada)


def test_without_another_owner_a_new_order_belongs_to_whoever_connected_the_shop(
    shop: Project, ada: User, bob: User
) -> None:
    """As with the orders that are there already, nobody else could have it."""
    Membership.objects.filter(project=shop).delete()

    assert mirrored_for(bob, shop).owner == bob


def test_whoever_gets_the_orders_and_is_removed_at_that_moment_hands_them_on(
    shop: Project, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that the second removal woke ran before the orders were handed over."""
    carl = make_user(email="carl@example.com")
    set_member(project=shop, user=carl, role=Role.OWNER)
    mirrored = mirrored_for(bob, shop)
    remove_member(project=shop, user=bob, by=ada)

    def with_a_removal(owner_id: int, project_id: int, successor_id: int) -> int:
        if successor_id == ada.pk:
            remove_member(project=shop, user=ada, by=ada)
        return hand_over(owner_id, project_id, successor_id)

    hand_over = handing_over._hand_over
    monkeypatch.setattr(handing_over, "_hand_over", with_a_removal)
    hand_over_orders(project_id=shop.pk)

    assert Order.objects.get(pk=mirrored.pk).owner == carl


def test_orders_of_members_stay_theirs(shop: Project, bob: User) -> None:
    mirrored = mirrored_for(bob, shop)

    assert hand_over_orders() == 0

    assert Order.objects.get(pk=mirrored.pk).owner == bob


def test_an_owner_who_comes_back_meanwhile_keeps_the_orders(
    shop: Project, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored = mirrored_for(bob, shop)
    remove_member(project=shop, user=bob, by=ada)
    # With as many orders as fit in a transaction, a change of nothing would never end.
    monkeypatch.setattr("orders.services.handing_over.MAX_AT_ONCE", 1)
    monkeypatch.setattr("orders.services.handing_over._successor_in", lambda project: bob.pk)

    assert hand_over_orders(project_id=shop.pk) == 0

    unchanged = Order.objects.get(pk=mirrored.pk)
    assert (unchanged.owner, unchanged.updated_at) == (bob, mirrored.updated_at)


def test_a_removal_wakes_the_task(
    shop: Project,
    ada: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    nudged: list[int] = []
    monkeypatch.setattr(
        "orders.subscribers.nudge", lambda task, project_id: nudged.append(project_id)
    )

    with django_capture_on_commit_callbacks(execute=True):
        remove_member(project=shop, user=bob, by=ada)

    assert nudged == [shop.pk]
