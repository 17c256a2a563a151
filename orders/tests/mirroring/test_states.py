"""Orders that a source outside tells us about: what is stored, and what a change does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from accounts.models import Project, User
from accounts.services import create_project
from orders.lifecycle import Status
from orders.models import Order, OrderItem
from orders.services import ItemDraft, Outcome, cancel_deleted_order
from orders.stream.models import Event
from orders.tests.factories import make_order
from orders.tests.mirroring.told import SHOPIFY, last_event, stored
from orders.tests.outside import MUG, NOON, TOLD, events_of, mirror

pytestmark = pytest.mark.django_db


# --- a new order ------------------------------------------------------------------------------


def test_a_new_order_is_stored_as_its_source_tells_it(shop: Project, ada: User) -> None:
    mirrored = mirror(shop, is_test=True)

    order = stored(mirrored.order)
    assert mirrored.outcome is Outcome.CREATED
    assert (order.project, order.owner, order.provider) == (shop, ada, "shopify")
    assert (order.external_id, order.title, order.status) == ("5940139491234", "#1001", "pending")
    assert (order.total_price, order.currency, order.is_test) == (Decimal("64.88"), "EUR", True)
    assert (order.customer_name, order.customer_email) == ("Ada Lovelace", "ada@example.org")
    assert (order.customer_phone, order.notes) == ("+15550100", "Ring twice.")
    assert order.shipping_address == "1 Main Street\nSpringfield"
    assert order.link == TOLD.link
    assert (order.ordered_at, order.status_changed_at) == (TOLD.ordered_at, NOON)
    assert (order.fulfilled_at, order.source_updated_at) == (None, NOON)
    assert order.source_details == {"financial_status": "pending"}
    assert [(it.name, it.sku, it.unit_price, it.quantity) for it in order.items.all()] == [
        ("Mug", "MUG-B", Decimal("29.99"), 2)
    ]
    assert not order.auto_activate
    event = Event.objects.get(order=order)
    assert (event.type, event.actor_id) == ("order_created", None)
    assert event.data == {
        "title": "#1001",
        "status": "pending",
        "dependencies": [],
        "provider": "shopify",
        "total_price": "64.88",
        "currency": "EUR",
        "total_items": 2,
        "cause": SHOPIFY,
    }


def test_the_same_id_in_another_project_is_another_order(shop: Project, ada: User) -> None:
    other = create_project(owner=ada, name="Plates")

    first, second = mirror(shop).order, mirror(other).order

    assert first.pk != second.pk
    assert mirror(other, 1, title="#2").order.pk == second.pk
    assert stored(first).title == "#1001"


def test_an_order_without_a_customer_or_items_is_stored(shop: Project) -> None:
    order = mirror(
        shop,
        customer_name="",
        customer_email="",
        customer_phone="",
        shipping_address="",
        items=[],
        total=Decimal(0),
    ).order

    assert (order.customer_email, order.items.count()) == ("", 0)


@pytest.mark.parametrize("status", Status)
def test_a_new_order_can_have_any_status(shop: Project, status: Status) -> None:
    order = mirror(shop, status=status).order

    is_done = status in {"fulfilled", "completed"}
    assert order.status == status
    assert order.fulfilled_at == (NOON if is_done else None)
    assert events_of(order) == [("order_created", status)]


# --- a change ---------------------------------------------------------------------------------


def test_a_newer_state_changes_what_the_source_owns(shop: Project) -> None:
    order = mirror(shop).order
    plate = ItemDraft(name="Plate", unit_price=Decimal(12), quantity=1)

    mirrored = mirror(
        shop,
        5,
        status=Status.FULFILLED,
        total=Decimal("52.50"),
        items=[replace(MUG, quantity=1), replace(MUG, quantity=0, unit_price=Decimal(-1)), plate],
        customer_email="lovelace@example.org",
        fulfilled_at=NOON,
        details={"financial_status": "paid"},
    )

    now = stored(order)
    assert mirrored.outcome is Outcome.CHANGED
    assert (now.status, now.status_changed_at) == ("fulfilled", NOON + timedelta(seconds=5))
    assert (now.total_price, now.fulfilled_at) == (Decimal("52.50"), NOON)
    assert (now.version, now.source_status) == (order.version + 1, "fulfilled")
    assert [(it.name, it.quantity) for it in now.items.order_by("pk")] == [("Mug", 1), ("Plate", 1)]
    updated, moved = Event.objects.filter(order=order).order_by("pk")[1:]
    assert (updated.type, updated.actor_id, moved.actor_id) == ("order_updated", None, None)
    assert (updated.data["cause"], moved.data["cause"]) == (SHOPIFY, SHOPIFY)
    assert updated.data["changes"] == {
        "total_price": {"from": "64.88", "to": "52.50"},
        "customer_email": {"from": "ada@example.org", "to": "lovelace@example.org"},
        "fulfilled_at": {"from": None, "to": "2026-11-20T12:00:00+00:00"},
        "source_details": {
            "from": {"financial_status": "pending"},
            "to": {"financial_status": "paid"},
        },
        "items": {
            "from": [{"name": "Mug", "unit_price": "29.99", "quantity": 2, "sku": "MUG-B"}],
            "to": [
                {"name": "Mug", "unit_price": "29.99", "quantity": 1, "sku": "MUG-B"},
                {"name": "Plate", "unit_price": "12.00", "quantity": 1, "sku": ""},
            ],
        },
    }
    assert (moved.data["old_status"], moved.data["new_status"]) == ("pending", "fulfilled")


@pytest.mark.parametrize("seconds", [-5, 0])
def test_an_older_or_equal_state_changes_nothing(shop: Project, seconds: int) -> None:
    order = mirror(shop, status=Status.FULFILLED).order
    before = stored(order)

    mirrored = mirror(shop, seconds, status=Status.PENDING, total=Decimal(1), items=[])

    assert mirrored.outcome is Outcome.UNCHANGED
    assert vars(stored(order)) | {"_state": None} == vars(before) | {"_state": None}
    assert order.items.get().quantity == 2
    assert events_of(order) == [("order_created", "fulfilled")]


def test_moments_are_compared_as_moments(shop: Project) -> None:
    new_york = timezone(-timedelta(hours=5))
    mirror(shop, updated_at=datetime(2026, 11, 20, 7, tzinfo=new_york))

    same = mirror(shop, updated_at=datetime(2026, 11, 20, 12, tzinfo=UTC), title="#2")
    newer = mirror(shop, updated_at=datetime(2026, 11, 20, 7, 0, 1, tzinfo=new_york), title="#3")

    assert (same.outcome, newer.outcome) == (Outcome.UNCHANGED, Outcome.CHANGED)


def test_an_order_made_and_paid_within_one_second_is_paid(shop: Project) -> None:
    mirror(shop, status=Status.PENDING)

    paid = mirror(shop, status=Status.ACTIVE)
    late = mirror(shop, status=Status.PENDING)

    assert (paid.outcome, late.outcome) == (Outcome.CHANGED, Outcome.UNCHANGED)
    assert late.order.status == "active"


def test_of_two_states_of_one_moment_the_one_that_we_asked_for_wins(shop: Project) -> None:
    mirror(shop, status=Status.ACTIVE)

    assert mirror(shop, status=Status.PENDING, is_current=True).order.status == "pending"
    assert mirror(shop, -1, status=Status.ACTIVE, is_current=True).order.status == "pending"


def test_what_changes_within_a_second_arrives_when_we_ask(shop: Project) -> None:
    order = mirror(shop, details={"tags": ""}).order

    tagged = mirror(shop, details={"tags": "vip"}, is_current=True)
    assert tagged.outcome is Outcome.CHANGED
    assert stored(order).source_details == {"tags": "vip"}

    # The same again is no news, so it takes nothing back of what a person changed since.
    Order.objects.filter(pk=order.pk).update(customer_name="Ada here")
    again = mirror(shop, details={"tags": "vip"}, is_current=True)
    assert again.outcome is Outcome.UNCHANGED
    assert stored(order).customer_name == "Ada here"


def test_a_newer_state_that_says_the_same_is_no_change(shop: Project) -> None:
    order = mirror(shop).order

    mirrored = mirror(shop, 9)

    assert (mirrored.outcome, mirrored.order.version) == (Outcome.UNCHANGED, order.version)
    assert stored(order).source_updated_at == NOON + timedelta(seconds=9)
    assert stored(order).updated_at == order.updated_at
    assert len(events_of(order)) == 1
    assert mirror(shop, 8, title="#9").outcome is Outcome.UNCHANGED


def test_a_paid_message_before_the_first_one_of_an_order(shop: Project) -> None:
    first = mirror(shop, 5, status=Status.ACTIVE)
    second = mirror(shop, 1, status=Status.PENDING)

    assert (first.outcome, second.outcome) == (Outcome.CREATED, Outcome.UNCHANGED)
    assert (Order.objects.get().status, OrderItem.objects.count()) == ("active", 1)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("completed", "active"),
        ("fulfilled", "shipped"),
        ("cancelled", "active"),
        ("failed", "completed"),
        ("shipped", "draft"),
        ("completed", "cancelled"),
    ],
)
def test_the_source_makes_moves_that_people_cannot(shop: Project, was: str, now: str) -> None:
    order = mirror(shop, status=Status(was)).order

    mirror(shop, 1, status=Status(now))

    assert stored(order).status == now
    assert (stored(order).fulfilled_at is not None) == (now == "completed")
    assert events_of(order)[-1] == ("order_status_changed", now)


# --- items ------------------------------------------------------------------------------------


A, B, C, D = (replace(MUG, name=name) for name in "ABCD")
B2 = replace(B, quantity=9)


@pytest.mark.parametrize(
    ("was", "now", "kept"),
    [
        ([A, B, C], [A, B2, C], 3),
        ([A, B], [A, B, C, D], 2),
        ([A, B, C, D], [A, D], 2),
        ([A, B, C], [], 0),
        ([A, B, A], [A, A], 2),
        ([], [A, B], 0),
        ([A, B, C], [C, B2], 2),
        ([A, B], [C, B2, A, D], 2),
        ([A, B, C], [C, A, B], 3),
    ],
    ids=[
        *("one changes", "more at the end", "some go", "all go", "one of two equal ones goes"),
        *("the first ones", "fewer and others", "more and others", "another sequence"),
    ],
)
def test_items_become_what_the_source_tells(
    shop: Project, was: list[ItemDraft], now: list[ItemDraft], kept: int
) -> None:
    order = mirror(shop, items=was).order
    before = set(order.items.values_list("pk", flat=True))
    other = mirror(shop, external_id="2", items=[A, B, C, D]).order

    mirror(shop, 1, items=now)

    for it, wanted in ((order, now), (other, [A, B, C, D])):
        rows = it.items.order_by("pk").values_list("name", "sku", "unit_price", "quantity")
        assert list(rows) == [
            (each.name, each.sku, each.unit_price, each.quantity) for each in wanted
        ]
    assert len(before & set(order.items.values_list("pk", flat=True))) == kept


# --- an order that its source deleted ---------------------------------------------------------


def test_an_order_that_its_source_deleted_is_cancelled(shop: Project, ada: User) -> None:
    order = mirror(shop, status=Status.ACTIVE).order
    waits = make_order(ada, order)

    def delete(seconds: int) -> bool:
        return cancel_deleted_order(
            project=shop,
            provider="shopify",
            external_id=TOLD.external_id,
            at=NOON + timedelta(seconds=seconds),
        )

    assert not delete(-1)
    assert stored(order).status == "active"
    assert delete(9)
    assert not delete(9)
    assert not delete(10)

    now = stored(order)
    assert (now.status, now.title, now.total_price) == ("cancelled", "#1001", Decimal("64.88"))
    assert now.source_details["deleted_at"] == "2026-11-20T12:00:09+00:00"
    assert now.items.count() == 1
    assert last_event(order).data["cause"] == {"source": "shopify", "reason": "deleted"}
    assert events_of(order)[1:] == [
        ("order_updated", "active"),
        ("order_status_changed", "cancelled"),
    ]
    assert events_of(waits)[-1] == ("order_blocked", "pending")
    assert mirror(shop, 5, status=Status.COMPLETED).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("external_id", ["nobody", "", "\x00", "9" * 99])
def test_nothing_happens_when_an_unknown_order_is_deleted(shop: Project, external_id: str) -> None:
    order = mirror(shop).order

    assert not cancel_deleted_order(
        project=shop, provider="shopify", external_id=external_id, at=NOON + timedelta(days=1)
    )
    assert len(events_of(order)) == 1
