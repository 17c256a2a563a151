"""What people may change of a mirrored order, and for how long it holds."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.models import Project, User
from orderchainer.core.errors import Invalid
from orders.lifecycle import Status
from orders.services import OrderFields, Outcome, delete_order, move_order, update_order
from orders.services.fields import OF_SOURCE
from orders.tests.factories import make_order
from orders.tests.mirroring.told import last_event, last_event_of_type, stored
from orders.tests.outside import MUG, NOON, events_of, mirror

pytestmark = pytest.mark.django_db


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
