"""What Shopify posts to us: verified, deduplicated, and worked on as an order's newest state."""

import base64
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
import time_machine
from django.utils import timezone

from accounts.models import Membership, User
from accounts.tests.factories import make_user
from integrations.contracts import Call
from integrations.inbound.working import work_on
from integrations.models import InboundDelivery, Integration
from integrations.models.integrations import sealed, sealed_earlier
from integrations.sandbox.shopify import Delivery, signature
from integrations.shopify import webhook
from integrations.shopify.mapping import order_of_payload
from integrations.shopify.mirroring import store_or_give_up
from integrations.shopify.tests.shop import PretendShop, make_integration
from integrations.shopify.tests.webhooks import bring, post, snapshot, state_of, the_order, told
from integrations.shopify.webhook import WEBHOOK
from orders.lifecycle import Status
from orders.models import Order
from orders.services import cancel_deleted_order
from orders.stream.models import Event

TEST_SECRET = "shpss_test_secret"
VECTORS = [
    (
        '{"id":820982911946154508,"name":"#1001","note":"café"}'.encode(),
        "2mrb399R0wSwjmKyn3SxRzutylNgo+LRCK/8yJl8cWI=",
    ),
    (
        '{"id": 5940139491234, "note": "a\\/b \\u2028 \u2028", "name":"#1002"}'.encode(),
        "86BifiLbHbaGkAEFGBW3/ZxvZOBs42Grdb3U/aVTbvk=",
    ),
    (
        b'{"id":5940139491234,"note":"caf\xe9","name":"#1002"}',
        "d619S6ltypC0Pb61Sgddp1V0mhCTLMspFcsJxVZapFk=",
    ),
]


# --- Whose it is, and whether it is genuine ---------------------------------------------------


@pytest.mark.parametrize(("body", "right"), VECTORS, ids=["accent", "escapes", "not UTF-8"])
def test_a_signature_counts_over_the_bytes_whatever_they_are(body: bytes, right: str) -> None:
    def verifies(body: bytes, given: str) -> bool:
        call = Call(headers={"x-shopify-hmac-sha256": given}, body=body)
        return WEBHOOK.verifies(call, {"api_secret": TEST_SECRET})

    assert verifies(body, right)
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert not verifies(changed, right)
    assert not verifies(body, right.swapcase())
    assert not verifies(body, base64.b64decode(right).hex())
    assert not verifies(orjson.dumps(orjson.loads(body)) if body.isascii() else b"{}", right)


@pytest.mark.parametrize("given", ["", " ", "é", "\x00", "None", "\ud800", "x" * 10_000])
def test_nothing_but_the_right_signature_verifies(given: str) -> None:
    call = Call(headers={"x-shopify-hmac-sha256": given}, body=b"{}")
    for secrets in ({"api_secret": TEST_SECRET}, {"api_secret": ""}, {}, {"access_token": "t"}):
        assert not WEBHOOK.verifies(call, secrets)
    unsigned = Call(headers={}, body=b"{}")
    # Without a secret, not even what an empty secret would sign.
    empty = Call(headers={"x-shopify-hmac-sha256": signature("", b"{}")}, body=b"{}")
    for call in (unsigned, empty):
        assert not WEBHOOK.verifies(call, {"api_secret": ""})
        assert not WEBHOOK.verifies(call, {})


@pytest.mark.parametrize(
    ("header", "accounts"),
    [("Demo-Shop.myshopify.com", ["demo-shop.myshopify.com"]), ("example.com", []), ("", [])],
)
def test_the_header_names_the_shop(header: str, accounts: list[str]) -> None:
    assert WEBHOOK.accounts(Call({"x-shopify-shop-domain": header}, b"")) == accounts


def test_bytes_that_are_signed_but_unreadable_are_kept_and_failed(
    integration: Integration, shop: PretendShop
) -> None:
    bodies = [body for body, _ in VECTORS]
    rows = bring(told(shop, "orders/create", body) for body in bodies)

    assert [bytes(row.body) for row in rows] == bodies
    # The first two can be read. They have too little of an order, and the shop knows none.
    assert [row.state for row in rows] == ["ignored", "ignored", "failed"]
    assert not Order.objects.exists()


@pytest.mark.parametrize("signed", ["wrong", "none"])
def test_a_call_that_is_not_signed_well_changes_nothing(
    integration: Integration, shop: PretendShop, signed: str
) -> None:
    order = shop.order()
    delivery = told(shop, "orders/create", snapshot(shop, order), signed=signed)
    assert post(delivery.body, delivery.headers) == 401
    assert post(delivery.body, {}) == 401
    assert not InboundDelivery.objects.exists()
    assert not Order.objects.exists()


def test_the_shops_own_secret_counts_and_no_other(shop: PretendShop, owner: User) -> None:
    # Somebody else has connected the shop with a secret that they made up.
    theirs = make_integration(shop, make_user(), secrets={"api_key": "k", "api_secret": "made up"})
    ours = make_integration(shop, owner)
    delivery = told(shop, "orders/create", snapshot(shop, shop.order()))
    forged = Delivery(**{**vars(delivery), "signature": signature("made up", delivery.body)})
    forged.webhook_id = "another"

    bring([delivery])

    assert the_order().project == ours.project
    assert post(forged.body, forged.headers) == 200
    assert [row.integration for row in InboundDelivery.objects.order_by("pk")] == [ours, theirs]


def test_a_replaced_secret_counts_for_an_hour(integration: Integration, shop: PretendShop) -> None:
    old, now = integration.reveal(), timezone.now()
    until = now + timedelta(hours=1)
    shop.shop.rotate_secret()
    integration.secrets = sealed(shop.credentials)
    integration.old_secrets = sealed_earlier([{"secrets": old, "until": until.isoformat()}])
    integration.old_secrets_until = until
    integration.save()
    with time_machine.travel(now, tick=False) as clock:
        for signed in ("good", "old"):
            bring([told(shop, "orders/create", snapshot(shop, shop.order()), signed=signed)])
        assert Order.objects.count() == 2
        clock.shift(61 * 60)
        late = told(shop, "orders/create", snapshot(shop, shop.order()), signed="old")
        assert post(late.body, late.headers) == 401
        assert Order.objects.count() == 2


# --- Repeats ----------------------------------------------------------------------------------


def test_the_same_delivery_is_worked_on_once(integration: Integration, shop: PretendShop) -> None:
    delivery = told(shop, "orders/create", snapshot(shop, shop.order()))
    bring([delivery])
    before = state_of(the_order())

    for _ in range(3):
        assert post(delivery.body, delivery.headers) == 200

    assert InboundDelivery.objects.count() == 1
    assert state_of(the_order()) == before


def test_a_retry_with_a_new_id_is_known_by_its_event(
    integration: Integration, shop: PretendShop
) -> None:
    delivery = told(shop, "orders/create", snapshot(shop, shop.order()))
    bring([delivery])
    delivery.webhook_id = "another"
    assert post(delivery.body, delivery.headers) == 200
    assert InboundDelivery.objects.count() == 1


def test_two_topics_of_one_event_both_count(integration: Integration, shop: PretendShop) -> None:
    order = shop.order()
    paid = told(shop, "orders/paid", snapshot(shop, order), event_id="one")
    order.updated_at += timedelta(seconds=1)
    order.tags.append("vip")
    updated = told(shop, "orders/updated", snapshot(shop, order), event_id="one")

    bring([paid, updated])

    assert InboundDelivery.objects.filter(state="done").count() == 2
    assert the_order().source_details["tags"] == "vip"


def test_two_resources_of_one_event_both_count() -> None:
    def keys(topic: str, body: Any, **headers: str) -> tuple[str, str]:
        named = {f"x-shopify-{name.replace('_', '-')}": text for name, text in headers.items()}
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return WEBHOOK.keys(Call({"x-shopify-topic": topic, **named}, raw))

    assert keys("orders/paid", {"id": 7}, webhook_id="w", event_id="e") == ("w", "orders/paid e 7")
    assert keys("refunds/create", {"id": 8, "order_id": 7}, webhook_id="w", event_id="e") == (
        "w",
        "refunds/create e 8",
    )
    assert keys("orders/edited", {"order_edit": {"id": 9}}, webhook_id="w", event_id="e") == (
        "w",
        "orders/edited e 9",
    )
    for unreadable in (b"", b"[]", b"\xff", b"[" * 5000):
        assert keys("orders/paid", unreadable, webhook_id="w", event_id="e") == (
            "w",
            "orders/paid e None",
        )
    assert keys("orders/paid", {"id": 7}, webhook_id="w") == ("w", "")
    # Without any id, the bytes tell repeats apart.
    first, second = keys("orders/paid", {"id": 7}), keys("orders/paid", {"id": 8})
    assert first[0] != second[0] != keys("orders/updated", {"id": 8})[0]
    assert first == keys("orders/paid", {"id": 7})


# --- Orders -----------------------------------------------------------------------------------


def test_an_order_arrives_with_everything_that_the_shop_tells(
    integration: Integration, shop: PretendShop, owner: User
) -> None:
    made = shop.order(
        lines=[{"title": "Mug", "price": "50.00", "quantity": 2, "sku": "MUG"}],
        customer={"first_name": "Ada", "last_name": "L", "email": "a@example.com"},
        currency="USD",
        presentment_currency="JPY",
        rate="150",
        note="Ring twice",
        paid=True,
    )
    (row,) = bring([told(shop, "orders/create", snapshot(shop, made))])

    assert (row.state, row.topic, row.attempts) == ("done", "orders/create", 1)
    order = the_order()
    assert (order.project, order.owner) == (integration.project, owner)
    assert (order.external_id, order.title) == (str(made.id), made.name)
    assert order.status == Status.ACTIVE
    assert (order.total_price, order.currency) == (Decimal("100.00"), "USD")
    assert [(item.name, item.unit_price, item.quantity) for item in order.items.all()] == [
        ("Mug", Decimal("50.00"), 2)
    ]
    assert (order.customer_name, order.customer_email) == ("Ada L", "a@example.com")
    assert order.notes == "Ring twice"
    assert order.link == f"https://admin.shopify.com/store/demo-shop/orders/{made.id}"
    (event,) = Event.objects.filter(order=order)
    assert event.data["cause"] == {"source": "shopify"}
    # What we keep of the call has no signature.
    assert set(row.headers) == {
        "x-shopify-topic",
        "x-shopify-shop-domain",
        "x-shopify-webhook-id",
        "x-shopify-event-id",
        "x-shopify-triggered-at",
        "x-shopify-api-version",
    }


@pytest.mark.parametrize(
    ("topic", "changes", "status"),
    [
        ("orders/create", [], Status.PENDING),
        ("orders/updated", [], Status.PENDING),
        ("orders/paid", ["pay"], Status.ACTIVE),
        ("orders/partially_fulfilled", ["pay", "fulfil_partly"], Status.SHIPPED),
        ("orders/fulfilled", ["pay", "fulfil"], Status.FULFILLED),
        ("orders/cancelled", ["cancel"], Status.CANCELLED),
    ],
)
def test_every_topic_of_an_order_brings_the_order(
    integration: Integration,
    shop: PretendShop,
    topic: str,
    changes: list[str],
    status: Status,
) -> None:
    order = shop.order(lines=[{"title": "Mug", "price": "5.00", "quantity": 2}])
    for change in changes:
        shop.change(order, change)
    bring([told(shop, topic, snapshot(shop, order))])
    assert the_order().status == status
    assert shop.calls() == []


def test_a_payment_may_come_before_the_order(integration: Integration, shop: PretendShop) -> None:
    order = shop.order(created_at="2026-11-20T12:00:01Z")
    made = told(shop, "orders/create", snapshot(shop, order))
    shop.change(order, "pay", at="2026-11-20T12:00:05Z")
    paid = told(shop, "orders/paid", snapshot(shop, order))

    bring([paid])
    assert the_order().status == Status.ACTIVE
    before = state_of(the_order())
    (late,) = bring([made])

    assert late.state == "done"
    assert state_of(the_order()) == before


def test_a_late_retry_changes_nothing(integration: Integration, shop: PretendShop) -> None:
    order = shop.order(paid=True, created_at="2026-11-20T12:00:01Z")
    unshipped = told(shop, "orders/updated", snapshot(shop, order))
    shop.change(order, "fulfil", at="2026-11-20T12:00:05Z", tracking_number="1Z")
    bring([told(shop, "orders/fulfilled", snapshot(shop, order))])
    before = state_of(the_order())

    (late,) = bring([unshipped])

    assert late.state == "done"
    assert state_of(the_order()) == before
    assert before[0] == Status.FULFILLED


def test_an_order_may_go_back_to_where_people_could_not_move_it(
    integration: Integration, shop: PretendShop
) -> None:
    order = shop.order(paid=True, created_at="2026-11-20T12:00:00Z")
    shop.change(order, "fulfil", at="2026-11-20T12:00:01Z")
    bring([told(shop, "orders/fulfilled", snapshot(shop, order))])
    assert the_order().status == Status.FULFILLED
    shop.change(order, "unfulfil", at="2026-11-20T12:00:02Z")
    bring([told(shop, "orders/updated", snapshot(shop, order))])
    assert the_order().status == Status.ACTIVE


def test_guests_tills_and_erased_customers_are_stored(
    integration: Integration, shop: PretendShop
) -> None:
    nobody = shop.order(is_guest=True, has_address=False, source_name="pos")
    payload = snapshot(shop, nobody)
    for name in ("email", "contact_email", "phone", "shipping_address", "billing_address"):
        assert payload[name] is None
    fallback = {
        **snapshot(shop, shop.order()),
        "email": None,
        "customer": {"id": 7, "email": None},
        "contact_email": "c@example.com",
    }
    bring([told(shop, "orders/create", payload), told(shop, "orders/create", fallback)])

    first, second = Order.objects.order_by("pk")
    assert (first.customer_name, first.customer_email, first.customer_phone) == ("", "", "")
    assert second.customer_email == "c@example.com"


def test_a_test_order_is_stored_and_marked(integration: Integration, shop: PretendShop) -> None:
    order = shop.order(test=True, lines=[{"title": "Boat", "price": "999.00"}])
    bring([told(shop, "orders/create", snapshot(shop, order))])
    assert the_order().is_test
    assert the_order().total_price == Decimal("999.00")


def test_an_order_that_cannot_be_stored_is_failed_with_the_reason(
    integration: Integration, shop: PretendShop
) -> None:
    payload = snapshot(shop, shop.order())
    for money in ("current_total_price_set", "total_price_set"):
        payload[money]["shop_money"]["currency_code"] = "XXX"
    payload["currency"] = "XXX"
    payload["line_items"][0]["price_set"]["shop_money"]["currency_code"] = "XXX"

    (row,) = bring([told(shop, "orders/create", payload)])

    assert row.state == "failed"
    assert "ISO 4217 has no currency XXX" in row.last_error
    assert not Order.objects.exists()


# --- Bodies that are no order -----------------------------------------------------------------


def test_a_body_without_all_of_an_order_makes_us_ask_for_it(
    integration: Integration, shop: PretendShop
) -> None:
    order = shop.order(lines=[{"title": "Mug", "price": "5.00", "quantity": 2}])
    payload = {"id": order.id, "updated_at": "2026-11-20T12:00:00Z", "brand_new": True}
    (row,) = bring([told(shop, "orders/updated", payload)])
    assert row.state == "done"
    assert the_order().total_price == Decimal("10.00")
    assert len(shop.queries("Order")) == 1


def test_an_edit_and_a_refund_make_us_ask_for_the_order(
    integration: Integration, shop: PretendShop
) -> None:
    order = shop.order(
        lines=[{"title": "Mug", "price": "69.60", "quantity": 2, "discount": "19.20"}], paid=True
    )
    bring([told(shop, "orders/create", snapshot(shop, order))])
    assert the_order().total_price == Decimal("120.00")
    line = str(order.lines[0].id)

    later = timezone.now() + timedelta(minutes=1)
    (edited, *_) = shop.shop.change(order.id, "edit", quantities={line: 1}, at=later)
    assert edited.topic == "orders/edited"
    bring([edited])
    assert the_order().total_price == Decimal("60.00")
    assert [item.quantity for item in the_order().items.all()] == [1]

    (refunded, *_) = shop.shop.change(
        order.id, "refund", quantities={line: 1}, at=later + timedelta(minutes=1)
    )
    assert refunded.topic == "refunds/create"
    bring([refunded])
    assert the_order().total_price == Decimal("0.00")
    assert list(the_order().items.all()) == []


def test_an_order_that_is_gone_when_we_ask_is_ignored(
    integration: Integration, shop: PretendShop
) -> None:
    (row,) = bring([told(shop, "refunds/create", {"id": 1, "order_id": 404})])
    assert (row.state, row.last_error) == ("ignored", "The shop has no such order any more.")


@pytest.mark.parametrize("body", [{}, {"order_id": None}, {"order_id": "7"}, {"order_id": True}])
def test_a_body_that_names_no_order_is_failed(
    integration: Integration, shop: PretendShop, body: Any
) -> None:
    for topic in ("refunds/create", "orders/edited", "orders/delete", "orders/updated"):
        (row,) = bring([told(shop, topic, body)])
        assert (row.state, row.last_error) == ("failed", "The body names no order.")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"7", b'"text"', b"{", b"\xff"])
def test_a_body_that_is_no_object_is_failed(
    integration: Integration, shop: PretendShop, body: bytes
) -> None:
    (row,) = bring([told(shop, "orders/create", body)])
    assert row.state == "failed"
    assert row.last_error.startswith("The body ")


def test_trouble_while_asking_for_an_order_is_tried_again(
    integration: Integration, shop: PretendShop
) -> None:
    order = shop.order()
    delivery = told(shop, "refunds/create", {"id": 1, "order_id": order.id})
    shop.go_wrong("status", status=500)
    (row,) = bring([delivery])
    assert (row.state, row.attempts) == ("pending", 1)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        work_on(row.pk)
    assert the_order().external_id == str(order.id)


def test_a_shop_that_lets_us_in_no_more_is_reported(
    integration: Integration, shop: PretendShop
) -> None:
    shop.go_wrong("status", status=403)
    (row,) = bring([told(shop, "refunds/create", {"id": 1, "order_id": 2})])
    integration.refresh_from_db()
    assert (integration.status, row.state) == ("error", "failed")
    assert integration.last_error == "Shopify does not let the app into the shop (403)."


@pytest.mark.parametrize("topic", ["products/create", "app/scopes_update", "", "orders/brand_new"])
def test_a_topic_without_use_is_ignored(
    integration: Integration, shop: PretendShop, topic: str
) -> None:
    (row,) = bring([told(shop, topic, {"id": 1})])
    assert (row.state, row.last_error) == ("ignored", "Nothing follows from this topic.")


# --- The end of an order ----------------------------------------------------------------------


def test_a_deleted_order_is_cancelled(integration: Integration, shop: PretendShop) -> None:
    order = shop.order(paid=True)
    bring([told(shop, "orders/create", snapshot(shop, order))])
    deleted = shop.shop.change(order.id, "delete")

    bring(deleted)

    assert the_order().status == Status.CANCELLED
    last = Event.objects.filter(order=the_order()).latest("pk")
    assert last.data["cause"] == {"source": "shopify", "reason": "deleted"}
    # A snapshot from before does not bring it back.
    before = state_of(the_order())
    bring([told(shop, "orders/updated", snapshot(shop, order))])
    assert state_of(the_order()) == before


def test_a_deletion_waits_for_an_order_that_comes_later(
    integration: Integration, shop: PretendShop
) -> None:
    order = shop.order()
    created = told(shop, "orders/create", snapshot(shop, order))
    (row,) = bring([told(shop, "orders/delete", {"id": order.id})])
    assert (row.state, row.attempts) == ("pending", 0)
    assert row.last_error == "We do not know the order. A call that is late can still bring it."
    bring([created])
    assert the_order().status == Status.PENDING

    with time_machine.travel(row.next_attempt_at + timedelta(seconds=1)):
        work_on(row.pk)

    row.refresh_from_db()
    assert (row.state, the_order().status) == ("done", Status.CANCELLED)


def test_an_order_that_is_stored_while_its_deletion_finds_none_is_cancelled_all_the_same(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = shop.order()

    def then_it_comes(**told_of: Any) -> bool:
        is_cancelled = cancel_deleted_order(**told_of)
        store_or_give_up(integration, order_of_payload(snapshot(shop, order), shop=shop.domain))
        return is_cancelled

    with monkeypatch.context() as patch:
        patch.setattr(webhook, "cancel_deleted_order", then_it_comes)
        (row,) = bring([told(shop, "orders/delete", {"id": order.id})])
    assert (row.state, the_order().status) == ("pending", Status.PENDING)

    with time_machine.travel(row.next_attempt_at + timedelta(seconds=1)):
        work_on(row.pk)

    row.refresh_from_db()
    assert (row.state, the_order().status) == ("done", Status.CANCELLED)


def test_a_deletion_of_an_order_that_never_comes_ends(
    integration: Integration, shop: PretendShop
) -> None:
    (row,) = bring([told(shop, "orders/delete", {"id": 7})])
    tries = 1
    while row.state == "pending":
        with time_machine.travel(row.next_attempt_at + timedelta(seconds=1)):
            work_on(row.pk)
        row.refresh_from_db()
        tries += 1
    assert (row.state, tries) == ("done", 10)
    assert not Order.objects.exists()


@pytest.mark.parametrize("triggered_at", ["", "yesterday", "2026-11-20T12:00:00", None])
def test_a_deletion_without_a_readable_time_counts_from_when_it_came(
    integration: Integration, shop: PretendShop, triggered_at: str | None
) -> None:
    order = shop.order()
    bring([told(shop, "orders/create", snapshot(shop, order))])
    (delivery,) = shop.shop.change(order.id, "delete")
    headers = {**delivery.headers, "X-Shopify-Triggered-At": triggered_at or ""}
    if triggered_at is None:
        del headers["X-Shopify-Triggered-At"]
    assert post(delivery.body, headers) == 200
    work_on(InboundDelivery.objects.latest("pk").pk)
    assert the_order().status == Status.CANCELLED


# --- Whose orders they are --------------------------------------------------------------------


def test_orders_belong_to_whoever_connected_the_shop_while_a_member(
    integration: Integration, shop: PretendShop, owner: User
) -> None:
    agent = make_user()
    membership = Membership.objects.create(
        user=agent, project=integration.project, role=Membership.Role.MANAGER
    )
    integration.connected_by = agent
    integration.save()
    bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    assert Order.objects.latest("pk").owner == agent

    membership.delete()
    bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    assert Order.objects.latest("pk").owner == owner


def test_without_an_owner_nothing_is_stored(
    integration: Integration, shop: PretendShop, owner: User
) -> None:
    owner.is_active = False
    owner.save()
    (row,) = bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    assert row.state == "failed"
    assert row.last_error == ("The project has no active owner, so nobody could own its orders.")
