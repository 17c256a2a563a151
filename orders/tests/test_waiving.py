"""Dependencies that no longer count: ignored by the policy, or waived by hand with a reason."""

from typing import Any

import pytest
from django.db import IntegrityError

from accounts.models import User
from accounts.tests.factories import make_user
from orderchainer.core.errors import Invalid
from orders.errors import NotADependency, OrderBlocked, OrderNotFound
from orders.models import Order, OrderDependency
from orders.models.dependencies import IGNORED
from orders.services import move_order, update_order, waive_dependency
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

WHY = "The customer takes it without."


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", "correct horse")


def history(order: Order) -> list[str]:
    return list(Event.objects.filter(order=order).order_by("pk").values_list("type", flat=True))


def status_of(order: Order) -> str:
    return str(Order.objects.get(pk=order.pk).status)


def edge(order: Order, dependency: Order) -> OrderDependency:
    return OrderDependency.objects.get(order=order, depends_on=dependency)


def waive(order: Order, dependency: Order, by: User, reason: str = WHY) -> Order:
    return waive_dependency(order_id=order.pk, dependency_id=dependency.pk, reason=reason, by=by)


# --- nothing binds an order that has begun ----------------------------------------------------


@pytest.mark.parametrize("status", ["active", "completed"])
def test_an_active_order_can_be_edited_after_a_dependency_fails(ada: User, status: str) -> None:
    first = make_order(ada)
    second = make_order(ada, first, failure_policy="ignore")
    move_order(order_id=first.pk, status="failed", by=ada)
    move_order(order_id=second.pk, status=status, by=ada)
    move_order(order_id=first.pk, status="pending", by=ada)

    update_order(
        order_id=second.pk,
        by=ada,
        fields={"title": "Edited", "status": status},
        dependencies=[first.pk],
    )

    assert Order.objects.get(pk=second.pk).title == "Edited"


@pytest.mark.parametrize("policy", ["hold", "fail", "ignore"])
def test_an_active_order_goes_on_while_its_dependency_is_open(ada: User, policy: str) -> None:
    first = make_order(ada)
    second = make_order(ada, status="active", failure_policy=policy)
    update_order(order_id=second.pk, by=ada, fields={}, dependencies=[first.pk])

    move_order(order_id=first.pk, status="failed", by=ada)
    move_order(order_id=second.pk, status="shipped", by=ada)

    assert status_of(second) == "shipped"


# --- what the policy ignores ------------------------------------------------------------------


def test_the_policy_waives_failed_dependencies_for_good(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, failure_policy="ignore", status="draft")

    move_order(order_id=first.pk, status="failed", by=ada)
    move_order(order_id=first.pk, status="pending", by=ada)
    update_order(order_id=second.pk, by=ada, fields={"failure_policy": "hold"})
    move_order(order_id=second.pk, status="active", by=ada)

    waived = edge(second, first)
    assert waived.waived_at is not None
    assert (waived.waived_by, waived.waiver_reason) == (None, IGNORED)


def test_a_dependency_on_a_failed_order_is_waived_from_the_start(ada: User) -> None:
    gone = make_order(ada, status="cancelled")

    placed = make_order(ada, gone, failure_policy="ignore")
    edited = make_order(ada, failure_policy="ignore")
    update_order(order_id=edited.pk, by=ada, fields={}, dependencies=[gone.pk])

    assert edge(placed, gone).waived_at is not None
    assert edge(edited, gone).waived_at is not None


def test_setting_the_policy_to_ignore_waives_earlier_failures(ada: User) -> None:
    first = make_order(ada, status="failed")
    open_order = make_order(ada)
    second = make_order(ada, first, open_order)

    update_order(order_id=second.pk, by=ada, fields={"failure_policy": "ignore"})

    assert edge(second, first).waived_at is not None
    assert edge(second, open_order).waived_at is None


@pytest.mark.parametrize("status", ["active", "failed"])
def test_a_waiver_also_lasts_for_an_order_that_is_not_waiting_now(ada: User, status: str) -> None:
    first = make_order(ada)
    second = make_order(ada, failure_policy="ignore")
    move_order(order_id=second.pk, status=status, by=ada)
    update_order(order_id=second.pk, by=ada, fields={}, dependencies=[first.pk])

    move_order(order_id=first.pk, status="failed", by=ada)

    assert edge(second, first).waived_at is not None


def test_the_same_dependencies_again_keep_the_waivers(ada: User) -> None:
    first, other = make_order(ada), make_order(ada)
    second = make_order(ada, first)
    waive(second, first, ada)

    update_order(order_id=second.pk, by=ada, fields={}, dependencies=[first.pk, other.pk])

    assert edge(second, first).waiver_reason == WHY


# --- by hand ----------------------------------------------------------------------------------


def test_waives_a_dependency_with_a_reason(ada: User) -> None:
    first, other = make_order(ada), make_order(ada)
    second = make_order(ada, first, other)

    order = waive(second, first, ada, reason=f"  {WHY} ")

    waived = edge(second, first)
    assert (waived.waived_by, waived.waiver_reason) == (ada, WHY)
    assert order.version == 2
    event = Event.objects.filter(order=second).latest("pk")
    assert (event.type, event.actor_id) == ("order_dependency_waived", ada.pk)
    assert event.data == {
        "title": "An order",
        "status": "pending",
        "dependency": first.pk,
        "reason": WHY,
    }
    with pytest.raises(OrderBlocked) as refusal:
        move_order(order_id=second.pk, status="active", by=ada)
    assert refusal.value.data["blockers"] == [other.pk]


def test_waiving_the_last_blocker_makes_ready_and_activates(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, auto_activate=True)

    waive(second, first, ada)

    assert status_of(second) == "active"
    assert history(second) == [
        "order_created",
        "order_dependency_waived",
        "order_ready",
        "order_status_changed",
    ]


def test_waiving_again_is_no_change_and_no_event(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)
    waive(second, first, ada)

    order = waive(second, first, ada, reason="Another reason.")

    assert order.version == 2
    assert edge(second, first).waiver_reason == WHY
    assert history(second).count("order_dependency_waived") == 1


@pytest.mark.parametrize("policy", ["hold", "fail"])
def test_a_waived_dependency_neither_blocks_nor_fails_its_dependent(ada: User, policy: str) -> None:
    first = make_order(ada)
    second = make_order(ada, first, failure_policy=policy)
    waive(second, first, ada)
    told = history(second)

    move_order(order_id=first.pk, status="failed", by=ada)

    assert status_of(second) == "pending"
    assert history(second) == told


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_refuses_a_waiver_without_a_valid_reason(ada: User, reason: str) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    with pytest.raises(Invalid) as refusal:
        waive(second, first, ada, reason=reason)

    assert refusal.value.errors.keys() == {"reason"}
    assert edge(second, first).waived_at is None
    assert history(second) == ["order_created"]


def test_refuses_to_waive_an_order_that_is_not_a_dependency(ada: User) -> None:
    first, second = make_order(ada), make_order(ada)

    with pytest.raises(NotADependency) as refusal:
        waive(second, first, ada)

    assert refusal.value.errors == {
        "dependency": [f"Order #{second.pk} does not depend on an order #{first.pk}."]
    }


def test_a_stranger_waives_nothing(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    with pytest.raises(OrderNotFound):
        waive(second, first, make_user())

    assert edge(second, first).waived_at is None


@pytest.mark.parametrize(
    "fields",
    [
        {"waived_at": "2024-02-14T12:00:00Z", "waiver_reason": ""},
        {"waived_at": None, "waiver_reason": "Because"},
    ],
)
def test_the_database_refuses_half_a_waiver(ada: User, fields: dict[str, Any]) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    with pytest.raises(IntegrityError):
        OrderDependency.objects.filter(order=second).update(**fields)
