"""Who leaves a project leaves the orders of its shop behind."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.access import Role
from accounts.models import Project, User
from accounts.services import create_project, remove_member, set_member
from accounts.tests.factories import make_user
from orders.errors import OrderNotFound
from orders.models import Order
from orders.queries import order_for
from orders.services import create_order, mirror_order
from orders.services.handing_over import hand_over_mirrored_orders
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


def test_orders_of_the_shop_pass_to_an_owner_of_the_project(
    shop: Project, ada: User, bob: User
) -> None:
    mirrored = mirrored_for(bob, shop)
    own = create_order(by=bob, fields={"title": "made by hand"}, project=shop)
    remove_member(project=shop, user=bob, by=ada)

    assert hand_over_mirrored_orders(project_id=shop.pk) == 1

    assert Order.objects.get(pk=mirrored.pk).owner == ada
    with pytest.raises(OrderNotFound):
        order_for(bob, mirrored.pk)
    assert Order.objects.get(pk=own.pk).owner == bob


def test_orders_of_members_stay_theirs(shop: Project, bob: User) -> None:
    mirrored = mirrored_for(bob, shop)

    assert hand_over_mirrored_orders() == 0

    assert Order.objects.get(pk=mirrored.pk).owner == bob


def test_an_owner_who_comes_back_meanwhile_keeps_the_orders(
    shop: Project, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored = mirrored_for(bob, shop)
    remove_member(project=shop, user=bob, by=ada)
    # With as many orders as fit in a transaction, a change of nothing would never end.
    monkeypatch.setattr("orders.services.handing_over.MAX_AT_ONCE", 1)
    monkeypatch.setattr("orders.services.handing_over._successor_in", lambda project: bob.pk)

    assert hand_over_mirrored_orders(project_id=shop.pk) == 0

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
