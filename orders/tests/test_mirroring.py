"""Orders that a shop outside tells us about: what is stored, what holds, and what follows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from catalog.services import adjust_stock
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.errors import Invalid
from orderchainer.testing.statements import Statements
from orders.errors import OutsideOrderRefused
from orders.holds import wrong_holds
from orders.lifecycle import Status
from orders.models import Order, OrderItem
from orders.queries import row_for
from orders.services import (
    ItemDraft,
    OrderFields,
    Outcome,
    StockItemDraft,
    cancel_deleted_order,
    create_order,
    delete_order,
    move_order,
    update_order,
)
from orders.services.fields import OF_SOURCE
from orders.stream.models import Event
from orders.tests.factories import make_chain, make_order
from orders.tests.outside import MUG, NOON, TOLD, events_of, mirror
from orders.tests.shopping import stock_of

pytestmark = pytest.mark.django_db

SHOPIFY = {"source": "shopify"}


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def shop(ada: User) -> Project:
    return create_project(owner=ada, name="Mugs", currency="EUR")


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def last_event_of_type(order: Order, type_: str) -> Event:
    return Event.objects.filter(order=order, type=type_).latest("pk")


def last_event(order: Order) -> Event:
    return Event.objects.filter(order=order).latest("pk")


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


# --- what people change here ------------------------------------------------------------------


def test_a_move_holds_until_the_source_tells_something_newer(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    move_order(order_id=order.pk, status="shipped", by=ada)

    assert mirror(shop, 0).outcome is Outcome.UNCHANGED
    assert mirror(shop, 0, is_current=True).outcome is Outcome.UNCHANGED
    assert stored(order).status == "shipped"

    assert mirror(shop, 1).outcome is Outcome.CHANGED
    assert stored(order).status == "pending"


def test_what_is_ours_stays_ours(shop: Project, ada: User) -> None:
    order, blocker = mirror(shop).order, make_order(ada)
    update_order(
        order_id=order.pk,
        by=ada,
        fields={
            "title": "#1001 for the fair",
            "notes": "Ring twice. Ada is in the garden.",
            "description": "With a card.",
            "auto_activate": True,
            "failure_policy": "fail",
            "phone_number": "+15550199",
        },
        dependencies=[blocker.pk],
    )
    ours = ("title", "notes", "description", "auto_activate", "failure_policy", "phone_number")
    before = {name: getattr(stored(order), name) for name in ours}

    mirror(shop, 1, title="EN1001", notes="Ring once.", total=Decimal(1))

    now = stored(order)
    assert {name: getattr(now, name) for name in ours} == before
    assert (now.source_title, now.source_notes) == ("EN1001", "Ring once.")
    assert list(now.dependencies.all()) == [blocker]


def test_title_and_notes_follow_the_source_until_somebody_changes_them(shop: Project) -> None:
    order = mirror(shop).order

    mirror(shop, 1, title="EN1001", notes="Ring once.")

    assert (stored(order).title, stored(order).notes) == ("EN1001", "Ring once.")
    assert last_event(order).data["changes"] == {
        "title": {"from": "#1001", "to": "EN1001"},
        "notes": {"from": "Ring twice.", "to": "Ring once."},
    }


def test_people_cannot_change_what_only_the_source_decides(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    before = stored(order)

    others: Sequence[OrderFields] = (
        {"total_price": Decimal(1)},
        {"currency": "USD"},
        {"link": ""},
        {"ordered_at": NOON},
        {"customer_name": "Grace"},
        {"customer_email": ""},
        {"customer_phone": ""},
        {"shipping_address": ""},
    )
    for fields in others:
        with pytest.raises(Invalid) as refusal:
            update_order(order_id=order.pk, by=ada, fields=fields)
        words = "It comes from Shopify; change it there."
        assert refusal.value.errors == {name: [words] for name in fields}
    with pytest.raises(Invalid) as refusal:
        update_order(order_id=order.pk, by=ada, fields={}, items=[replace(MUG, quantity=1)])

    assert refusal.value.errors.keys() == {"items"}
    assert vars(stored(order)) | {"_state": None} == vars(before) | {"_state": None}
    assert order.items.get().quantity == 2
    assert len(events_of(order)) == 1


def test_people_cannot_change_what_the_source_would_take_back(shop: Project) -> None:
    order = mirror(shop).order

    mirror(
        shop,
        1,
        title="#2",
        status=Status.FULFILLED,
        ordered_at=NOON,
        fulfilled_at=NOON,
        currency="USD",
        total=Decimal(1),
        **dict.fromkeys(("customer_name", "customer_email", "customer_phone"), "2"),
        **dict.fromkeys(("shipping_address", "notes", "link"), "https://2.example/"),
    )

    follow = last_event_of_type(order, "order_updated").data["changes"].keys()
    ours_once_changed, settable_too = {"title", "notes"}, {"fulfilled_at"}
    assert follow == set(OF_SOURCE) | ours_once_changed | settable_too


def test_an_order_that_was_deleted_here_comes_back(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    delete_order(order_id=order.pk, by=ada)

    assert mirror(shop).outcome is Outcome.CREATED


# --- chains -----------------------------------------------------------------------------------


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


# --- absurd input -----------------------------------------------------------------------------


def test_texts_are_made_fit(shop: Project) -> None:
    order = mirror(
        shop,
        title=" \x00\n ",
        customer_name="Ada\x00 \ud800Love\nlace" + "e" * 300,
        customer_email="not an address",
        customer_phone="5" * 99,
        shipping_address=" 1 Main\x07 Street\r\nSpringfield " + "d" * 2000,
        notes="n" * 6000,
        link="javascript:alert(1)",
        items=[
            ItemDraft(name="", sku="S" * 99, unit_price=Decimal("0.0000"), quantity=1),
            ItemDraft(name="\x00", unit_price=Decimal("-0"), quantity=1_000_000, product_id=7),
            ItemDraft(name="i" * 300, unit_price=Decimal("1E+2"), quantity=1),
        ],
        details={"a\x00": "b" * 600, "": "c", **{f"d{n}": "" for n in range(99)}},
    ).order

    now = stored(order)
    assert now.title == "Order 5940139491234"
    assert now.customer_name == "Ada Love lace" + "e" * 242
    assert (now.customer_email, now.customer_phone) == ("not an address", "5" * 32)
    assert now.shipping_address.startswith("1 Main Street\r\nSpringfield d")
    assert [len(now.shipping_address), len(now.notes), now.link] == [1000, 5000, ""]
    assert len(now.source_details) == 49
    assert now.source_details["a"] == "b" * 500
    assert [
        (item.name, item.sku, item.unit_price, item.product_id) for item in now.items.order_by("pk")
    ] == [
        ("S" * 64, "S" * 64, Decimal(0), None),
        ("Item", "", Decimal(0), None),
        ("i" * 255, "", Decimal(100), None),
    ]
    assert mirror(shop, 1, title="\t").order.title == "Order 5940139491234"


@pytest.mark.parametrize(
    "link",
    [
        *("ftp://a.example/", "//a.example/", "https://", "http://[", "https://a.example/ b"),
        *("https://a.example/\x00", "https://a.example/" + "x" * 2048, "mailto:a@example.com"),
    ],
)
def test_links_that_lead_nowhere_are_left_out(shop: Project, link: str) -> None:
    assert mirror(shop, link=link).order.link == ""


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"external_id": ""}, "external_id"),
        ({"external_id": "1" * 65}, "external_id"),
        ({"external_id": "1\x00"}, "external_id"),
        ({"total": Decimal("-0.01")}, "total_price"),
        ({"total": Decimal("10000000000")}, "total_price"),
        ({"total": Decimal("1E+400")}, "total_price"),
        ({"total": Decimal("1.00001")}, "total_price"),
        ({"total": Decimal("NaN")}, "total_price"),
        ({"currency": "XBT"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"items": [replace(MUG, quantity=-1)]}, "items"),
        ({"items": [replace(MUG, quantity=1_000_001)]}, "items"),
        ({"items": [replace(MUG, unit_price=Decimal(-1))]}, "items"),
        ({"items": [replace(MUG, unit_price=Decimal("Infinity"))]}, "items"),
        ({"updated_at": datetime(2026, 11, 20)}, "updated_at"),  # noqa: DTZ001 (that is the point)
        ({"ordered_at": datetime.min.replace(tzinfo=UTC)}, "ordered_at"),
        ({"fulfilled_at": datetime.max.replace(tzinfo=UTC)}, "fulfilled_at"),
    ],
)
def test_an_order_that_cannot_be_stored_is_refused(
    shop: Project, wrong: dict[str, Any], field: str
) -> None:
    order = mirror(shop).order
    before = stored(order)

    with pytest.raises(OutsideOrderRefused) as refusal:
        mirror(shop, 5, **wrong)

    assert list(refusal.value.errors) == [field]
    assert field in refusal.value.message
    assert "\x00" not in refusal.value.message
    assert stored(order).source_updated_at == before.source_updated_at
    assert len(events_of(order)) == 1


def test_a_refusal_says_everything_that_is_wrong(shop: Project) -> None:
    cheap = replace(MUG, unit_price=Decimal("0.12345"))

    with pytest.raises(OutsideOrderRefused) as refusal:
        mirror(shop, currency="XBT", items=[MUG, cheap, replace(MUG, quantity=-2)])

    assert refusal.value.message == (
        "The order 5940139491234 cannot be stored. "
        "currency: ISO 4217 has no currency XBT. Use a code such as USD, EUR or JPY.; "
        "items: Item 2: The price must have at most 4 decimals. "
        "Item 3: The quantity must be from 0 to 1000000."
    )
    assert not Order.objects.exists()


def test_amounts_are_kept_exactly(shop: Project) -> None:
    thin = replace(MUG, unit_price=Decimal("0.3351"))

    order = stored(mirror(shop, total=Decimal("10.005"), items=[thin]).order)

    assert order.total_price == Decimal("10.005")
    assert order.items.get().unit_price == Decimal("0.3351")
    yen = mirror(shop, 1, currency="JPY", total=Decimal("1500.00"), items=[])
    assert (stored(order).currency, yen.order.total_price) == ("JPY", Decimal(1500))


# --- statements -------------------------------------------------------------------------------


def statements_of(shop: Project, seconds: int, **changes: Any) -> int:
    """Mirror the order, and return how many statements that took."""
    statements = Statements()
    with connection.execute_wrapper(statements):
        mirror(shop, seconds, **changes)
    # Without the project's first member, and the savepoint of the test's own transaction.
    return len(statements.take()) - 1 - 2


MANY = [replace(MUG, quantity=number) for number in range(1, 41)]
FEWER = [replace(each, unit_price=Decimal(1)) for each in MANY[:30]]


def test_an_order_that_nothing_waits_for_takes_at_most_six_statements(shop: Project) -> None:
    everything: dict[str, Any] = {"total": Decimal(9), "customer_name": "Ada"}

    assert statements_of(shop, 0) == 5
    assert statements_of(shop, 0) == 1
    assert statements_of(shop, 1) == 2
    assert statements_of(shop, 2, total=Decimal(1)) == 3
    assert statements_of(shop, 3, **everything, status=Status.ACTIVE, items=MANY) == 5
    assert statements_of(shop, 4, **everything, status=Status.SHIPPED, items=FEWER) == 5
    # One more to see whether an order waits for it by now.
    assert statements_of(shop, 5, status=Status.COMPLETED, items=FEWER[:5]) == 5
    # Some items change and others come, which takes two statements.
    assert statements_of(shop, 6, status=Status.PENDING, items=MANY) == 6


@pytest.mark.parametrize("dependents", [1, 12])
def test_a_move_that_frees_others_takes_at_most_six_statements(
    shop: Project, ada: User, dependents: int
) -> None:
    """Read, lock, read again under the locks, and one write each for orders, items and events."""
    order = mirror(shop, items=MANY).order
    for starts in [False, True] * dependents:
        others = make_chain(ada, 2)
        update_order(
            order_id=others[0].pk,
            by=ada,
            fields={"auto_activate": starts},
            dependencies=[order.pk],
        )
    changed = [replace(each, quantity=7) for each in MANY]
    done, back = Status.COMPLETED, Status.ACTIVE

    assert statements_of(shop, 1, status=done, items=changed) == 6
    assert Order.objects.filter(status="active").count() == dependents
    assert statements_of(shop, 2, status=back, items=changed[:9]) == 6
    assert statements_of(shop, 3, status=done, items=changed) == 6
    assert statements_of(shop, 4, status=Status.CANCELLED, items=changed) == 5
    # One more if some items change and others come or go, since no statement does both.
    assert statements_of(shop, 5, status=done, items=FEWER) == 7


@pytest.mark.parametrize("dependents", [1, 12])
def test_others_that_fail_along_take_a_bounded_number_of_statements(
    shop: Project, ada: User, dependents: int
) -> None:
    order = mirror(shop).order
    for _ in range(dependents):
        fails = make_order(ada, order, failure_policy="fail", auto_activate=True)
        make_order(ada, fails, failure_policy="fail")
        make_order(ada, order, failure_policy="ignore")

    # Beside those above: the failed orders, the waived edges, and whether any holds stock.
    assert statements_of(shop, 1, status=Status.CANCELLED) == 8
    assert Order.objects.filter(status="failed").count() == 2 * dependents
    # Which stock those would take that come back, asked twice, and those that only wait.
    assert statements_of(shop, 2, status=Status.COMPLETED) == 8
    assert Order.objects.filter(status="active").count() == dependents


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
