"""What Shopify posts about the app and its customers: it was removed, and people are forgotten."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Project, User
from integrations.inbound.erasing import ERASED, erase_bodies
from integrations.inbound.forgetting import erase_late_bodies
from integrations.inbound.working import work_on
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.services import replay_delivery, report_health, report_trouble, stop_runs
from integrations.shopify import bulk, slices, syncing, webhook
from integrations.shopify.mapping import order_of_payload
from integrations.shopify.mirroring import store_or_give_up
from integrations.shopify.models import ShopifyLine
from integrations.shopify.tests.shop import PretendShop, make_run
from integrations.shopify.tests.syncs import finish, work
from integrations.shopify.tests.webhooks import (
    bring,
    post,
    snapshot,
    state_of,
    the_order,
    told,
)
from integrations.shopify.webhook import CALLS_ARE_LATE_BY, UNINSTALLED
from orderchainer.testing.written_log import WrittenLog
from orders.models import Order
from orders.services import forget_erased_customers


def test_an_uninstalled_app_is_told_and_keeps_its_secrets(
    integration: Integration, shop: PretendShop
) -> None:
    shop.shop.uninstall()
    (row,) = bring([shop.shop.deliveries[-1]])

    integration.refresh_from_db()
    assert row.state == "done"
    assert (integration.status, integration.last_error) == ("error", UNINSTALLED)
    assert integration.reveal() == shop.credentials


def test_an_uninstallation_from_before_the_shop_was_connected_again_is_ignored(
    integration: Integration, shop: PretendShop
) -> None:
    shop.shop.uninstall()
    integration.status_since = timezone.now() + timedelta(minutes=5)
    integration.save()
    (row,) = bring([shop.shop.deliveries[-1]])
    integration.refresh_from_db()
    assert (integration.status, row.state) == ("connected", "ignored")


def test_a_customer_who_wants_to_be_forgotten_is_blanked(
    integration: Integration, shop: PretendShop
) -> None:
    ada = {"first_name": "Ada", "email": "ada@example.com", "phone": "+12125550100"}
    named, other_order, bob = (
        shop.order(customer=ada, note="Ring twice"),
        shop.order(customer=ada),
        shop.order(customer={"first_name": "Bob", "email": "bob@example.com"}),
    )
    for order in (named, other_order, bob):
        bring([told(shop, "orders/create", snapshot(shop, order))])
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[named.id])

    (row,) = bring([shop.shop.deliveries[-1]])

    assert row.state == "done"
    for order in (named, other_order):
        blanked = Order.objects.get(external_id=order.id)
        assert (blanked.customer_name, blanked.customer_email) == ("", "")
        assert (blanked.customer_phone, blanked.shipping_address, blanked.notes) == ("", "", "")
        assert blanked.title == order.name
    assert Order.objects.get(external_id=bob.id).customer_email == "bob@example.com"


@pytest.mark.parametrize(
    "body", [{}, {"customer": None}, {"customer": {"id": 7}, "orders_to_redact": [None, "x"]}]
)
def test_a_request_to_forget_nobody_forgets_nobody(
    integration: Integration, shop: PretendShop, body: Any
) -> None:
    # An order whose customer is unknown has an empty address, like the request.
    bring([told(shop, "orders/create", snapshot(shop, shop.order(is_guest=True)))])
    before = state_of(the_order())
    (row,) = bring([told(shop, "customers/redact", body)])
    assert row.state == "done"
    assert state_of(the_order()) == before


def test_a_shop_that_forgets_a_customer_speaks_for_no_other_shop_of_the_project(
    integration: Integration, shop: PretendShop
) -> None:
    ada = {"first_name": "Ada", "email": "ada@example.com", "phone": "+12125550100"}
    here, there = shop.order(customer=ada), shop.order(customer=ada)
    for order in (here, there):
        bring([told(shop, "orders/create", snapshot(shop, order))])
    # The other shop's name begins like this one's.
    link = f"https://admin.shopify.com/store/{shop.domain.partition('.')[0]}-2/orders/{there.id}"
    Order.objects.filter(external_id=there.id).update(link=link)
    before = state_of(Order.objects.get(external_id=there.id))
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[here.id])

    bring([shop.shop.deliveries[-1]])

    assert Order.objects.get(external_id=here.id).customer_email == ""
    other = Order.objects.get(external_id=there.id)
    assert (other.customer_email, other.customer_erased_at) == ("ada@example.com", None)
    assert state_of(other) == before


def try_again(row: InboundDelivery) -> tuple[str, str]:
    """Work on a delivery that waits; return its state, and why it waits."""
    InboundDelivery.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())
    work_on(row.pk)
    row.refresh_from_db()
    return row.state, row.last_error


UNKNOWN = "We do not know all of the orders. A call that is late can still bring them."
STILL_SYNCS = "A sync from before is still at work, and can bring the customer's orders."
AT_WORK = "A sync or a call was still at work."


def test_an_order_that_comes_after_its_customer_was_forgotten_is_blanked_all_the_same(
    integration: Integration, shop: PretendShop
) -> None:
    known, late = shop.order(), shop.order()
    bring([told(shop, "orders/create", snapshot(shop, known))])
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[known.id, late.id])

    (row,) = bring([shop.shop.deliveries[-1]])
    assert (row.state, row.last_error) == ("pending", UNKNOWN)
    assert Order.objects.get(external_id=known.id).customer_email == ""

    bring([told(shop, "orders/create", snapshot(shop, late))])
    assert Order.objects.get(external_id=late.id).customer_email != ""

    assert try_again(row) == ("done", "")
    order = Order.objects.get(external_id=late.id)
    assert (order.customer_name, order.customer_email, order.shipping_address) == ("", "", "")
    assert order.customer_erased_at is not None
    assert not any(bodies().values())


def during_the_erasing(patch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen each time when orders have been blanked and the rest has not."""

    def then_it_happens(project: Project) -> None:
        forget_erased_customers(project)
        happens()

    patch.setattr(webhook, "forget_erased_customers", then_it_happens)


def test_an_order_that_comes_while_its_customer_is_being_erased_is_blanked_all_the_same(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = shop.order()
    comes = told(shop, "orders/create", snapshot(shop, late))
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[late.id])
    assert post(shop.shop.deliveries[-1].body, shop.shop.deliveries[-1].headers) == 200
    row = InboundDelivery.objects.get()

    with monkeypatch.context() as patch:
        during_the_erasing(patch, lambda: bring([comes]))
        assert try_again(row) == ("pending", UNKNOWN)
    assert the_order().customer_email != ""

    assert try_again(row) == ("done", "")
    order = the_order()
    assert (order.customer_name, order.customer_email, order.shipping_address) == ("", "", "")
    assert not any(bodies().values())


def test_a_sync_that_ends_while_a_customer_is_being_erased_brings_nothing_back(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = {"first_name": "Ada", "email": "ada@example.com"}
    named, other = shop.order(customer=ada), shop.order(customer=ada)
    bring([told(shop, "orders/create", snapshot(shop, named))])
    run = make_run(integration)
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[named.id])

    with monkeypatch.context() as patch:
        during_the_erasing(patch, lambda: finish(shop, run))
        (row,) = bring([shop.shop.deliveries[-1]])
    assert run.state == "done"
    assert (row.state, row.last_error) == ("pending", STILL_SYNCS)
    assert Order.objects.get(external_id=other.id).customer_email == "ada@example.com"

    assert try_again(row) == ("done", "")
    assert not Order.objects.exclude(customer_email="").exists()


def test_a_cancelled_sync_counts_until_its_worker_has_let_go(
    integration: Integration, shop: PretendShop
) -> None:
    """The worker may be storing a page of orders, and notices afterwards that it was cancelled."""
    ada = {"first_name": "Ada", "email": "ada@example.com"}
    named, other = shop.order(customer=ada), shop.order(customer=ada)
    bring([told(shop, "orders/create", snapshot(shop, named))])
    lease = timezone.now() + timedelta(minutes=1)
    make_run(integration, claimed_until=lease, next_attempt_at=lease)
    assert stop_runs(integration, "The integration was paused.")
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[named.id])

    (row,) = bring([shop.shop.deliveries[-1]])
    assert (row.state, row.last_error) == ("pending", STILL_SYNCS)
    store_or_give_up(integration, order_of_payload(snapshot(shop, other), shop=shop.domain))

    SyncRun.objects.update(claimed_until=timezone.now())
    assert try_again(row) == ("done", "")
    assert not Order.objects.exclude(customer_email="").exists()


def test_however_late_the_request_is_it_waits_for_a_call_that_a_worker_has(
    integration: Integration, shop: PretendShop
) -> None:
    """After an outage, workers have both at the same moment."""
    late = shop.order()
    comes = told(shop, "orders/create", snapshot(shop, late))
    assert post(comes.body, comes.headers) == 200
    call = InboundDelivery.objects.get()
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[late.id])
    assert post(shop.shop.deliveries[-1].body, shop.shop.deliveries[-1].headers) == 200
    row = InboundDelivery.objects.latest("pk")
    InboundDelivery.objects.update(asked_at=timezone.now() - CALLS_ARE_LATE_BY)

    assert try_again(row) == ("pending", UNKNOWN)
    # The worker had read the body before it was erased.
    store_or_give_up(integration, order_of_payload(snapshot(shop, late), shop=shop.domain))
    InboundDelivery.objects.filter(pk=call.pk).update(state="done")

    assert try_again(row) == ("done", "")
    assert the_order().customer_email == ""


def test_two_requests_about_one_customer_both_find_the_orders_that_they_name(
    integration: Integration, shop: PretendShop
) -> None:
    first, second = shop.order(), shop.order()
    rows = []
    for order in (first, second):
        request = {"customer": {"id": 7}, "orders_to_redact": [order.id]}
        rows += bring([told(shop, "customers/redact", request)])
    assert {row.about for row in rows} == {"customer-7"}
    assert [try_again(row) for row in rows] == [("pending", UNKNOWN)] * 2

    for order in (first, second):
        bring([told(shop, "orders/create", snapshot(shop, order))])

    assert [try_again(row) for row in rows] == [("done", "")] * 2
    assert Order.objects.count() == 2
    assert not Order.objects.exclude(customer_name="").exists()
    assert not any(bodies().values())


def test_an_order_that_never_comes_is_waited_for_as_long_as_calls_can_be_late(
    integration: Integration, shop: PretendShop
) -> None:
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[shop.order().id])
    (row,) = bring([shop.shop.deliveries[-1]])
    assert (row.state, row.erased_at) == ("pending", None)

    InboundDelivery.objects.update(asked_at=timezone.now() - CALLS_ARE_LATE_BY)

    assert try_again(row) == ("done", "")
    assert bytes(row.body) == b""


def test_a_first_sync_brings_nothing_back_of_a_customer_who_was_forgotten_meanwhile(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file still names the customer, also in an order that the request does not name."""
    monkeypatch.setattr(syncing, "MANY_ORDERS", 1)
    monkeypatch.setattr(bulk, "ORDERS_AT_ONCE", 1)
    ada = {"first_name": "Ada", "email": "ada@example.com", "phone": "+12125550100"}
    first, second = shop.order(customer=ada), shop.order(customer=ada)
    shop.order(customer={"first_name": "Bob", "email": "bob@example.com"})
    run = make_run(integration)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "slice_seconds", lambda: -1.0)
        while Order.objects.count() == 0:
            wait = work(run)
            assert wait is not None
            shop.shopify.advance(wait)
            SyncRun.objects.update(next_attempt_at=timezone.now())
    assert ShopifyLine.objects.exists()
    stored = Order.objects.get().external_id
    named = first if stored == str(first.id) else second
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[named.id])

    (row,) = bring([shop.shop.deliveries[-1]])
    # It waits for days if need be.
    SyncRun.objects.update(created_at=timezone.now() - timedelta(days=8))
    InboundDelivery.objects.update(asked_at=timezone.now() - timedelta(days=7))
    assert try_again(row) == ("pending", STILL_SYNCS)
    finish(shop, run)
    assert Order.objects.exclude(customer_email="").count() == 2

    assert try_again(row) == ("done", "")
    emails = Order.objects.order_by("customer_email").values_list("customer_email", flat=True)
    assert list(emails) == ["", "", "bob@example.com"]


def bodies() -> dict[str, bool]:
    """Return for each delivery, by topic and subject, whether its body still says something."""
    rows = InboundDelivery.objects.order_by("pk")
    assert all(bool(row.body) == (row.erased_at is None) for row in rows)
    return {f"{row.topic} {row.about}".strip(): bool(row.body) for row in rows}


def test_what_shopify_posted_about_a_customer_is_erased_with_them(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.inbound.erasing.BATCH", 1)
    ada = {"first_name": "Ada", "email": "ada@example.com"}
    named, same_address, bob = (
        shop.order(customer=ada),
        shop.order(customer=ada),
        shop.order(customer={"first_name": "Bob", "email": "bob@example.com"}),
    )
    for order in (named, same_address, bob):
        bring([told(shop, "orders/create", snapshot(shop, order))])
    edit = {"order_edit": {"id": 5, "order_id": named.id}}
    shop.shop.tell_privacy(topic="customers/data_request", order_ids=[named.id])
    asked = shop.shop.deliveries[-1]
    bring([told(shop, "orders/edited", edit), asked])
    customer = InboundDelivery.objects.get(topic="customers/data_request").about
    assert customer.startswith("customer-")

    shop.shop.tell_privacy(topic="customers/redact", order_ids=[named.id])
    (row,) = bring([shop.shop.deliveries[-1]])

    assert row.state == "done"
    assert bodies() == {
        f"orders/create {named.id}": False,
        f"orders/create {same_address.id}": False,
        f"orders/create {bob.id}": True,
        f"orders/edited {named.id}": False,
        f"customers/data_request {customer}": False,
        f"customers/redact {customer}": False,
    }
    # What comes about the order from now on goes with the next daily task.
    bring([told(shop, "orders/updated", snapshot(shop, named))])
    assert bodies()[f"orders/updated {named.id}"]
    erase_late_bodies()
    assert not bodies()[f"orders/updated {named.id}"]
    assert bodies()[f"orders/create {bob.id}"]


def test_an_erased_delivery_cannot_be_worked_on_again(
    integration: Integration, shop: PretendShop
) -> None:
    order = shop.order()
    (row,) = bring([told(shop, "orders/create", snapshot(shop, order))])
    before = state_of(the_order())
    erase_bodies(InboundDelivery.objects.all(), seconds=1)

    replay_delivery(integration=integration, delivery_id=row.uuid)
    work_on(row.pk)

    row.refresh_from_db()
    assert (row.state, row.last_error) == ("ignored", ERASED)
    assert state_of(the_order()) == before


def test_erasing_many_bodies_lets_go_of_the_worker_in_between(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.inbound.erasing.BATCH", 2)
    monkeypatch.setattr("integrations.shopify.webhook.ERASING_SECONDS", 0)
    for _ in range(5):
        bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    shop.shop.uninstall()
    bring([shop.shop.deliveries[-1]])
    shop.shop.tell_privacy(topic="shop/redact")

    (row,) = bring([shop.shop.deliveries[-1]])
    assert (row.state, row.last_error) == ("pending", "There is more to erase.")
    for _ in range(3):
        InboundDelivery.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())
        work_on(row.pk)

    row.refresh_from_db()
    assert row.state == "done"
    assert [each.topic for each in InboundDelivery.objects.filter(erased_at=None)] == [
        "shop/redact"
    ]


def test_a_request_for_data_is_kept_and_logged(
    integration: Integration, shop: PretendShop, log: WrittenLog
) -> None:
    shop.shop.tell_privacy(topic="customers/data_request", order_ids=[shop.order().id])
    (row,) = bring([shop.shop.deliveries[-1]])
    assert row.state == "done"
    (line,) = log.lines("shopify_customer_asks_for_data")
    assert (line["delivery"], line["orders"], line["level"]) == (row.pk, 1, "warning")


def test_all_customers_of_a_shop_that_left_are_blanked(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.shopify.webhook.BLANKED_AT_ONCE", 2)
    for _ in range(5):
        bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    # Another shop's order in the same project.
    Order.objects.filter(pk=the_orders()[0]).update(
        link="https://admin.shopify.com/store/demo-shop-2/orders/1"
    )
    shop.shop.uninstall()
    bring([shop.shop.deliveries[-1]])
    shop.shop.tell_privacy(topic="shop/redact")

    (row,) = bring([shop.shop.deliveries[-1]])

    assert row.state == "done"
    named = Order.objects.exclude(customer_name="")
    assert [order.pk for order in named] == the_orders()[:1]


def test_with_a_shop_that_left_goes_what_a_sync_had_not_stored_yet(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "MANY_ORDERS", 1)
    monkeypatch.setattr(bulk, "LINES_AT_ONCE", 2)
    for _ in range(5):
        shop.order()
    run = make_run(integration)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "slice_seconds", lambda: -1.0)
        while not ShopifyLine.objects.exists():
            wait = work(run)
            assert wait is not None
            shop.shopify.advance(wait)
            SyncRun.objects.update(next_attempt_at=timezone.now())
    shop.shop.uninstall()
    bring([shop.shop.deliveries[-1]])
    finish(shop, run)
    assert run.state == "failed"
    assert ShopifyLine.objects.exists()
    shop.shop.tell_privacy(topic="shop/redact")

    (row,) = bring([shop.shop.deliveries[-1]])

    assert row.state == "done"
    assert not ShopifyLine.objects.exists()


def test_a_sync_that_is_still_at_work_is_stopped_before_a_shops_customers_are_blanked(
    integration: Integration, shop: PretendShop
) -> None:
    bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    shop.shop.uninstall()
    bring([shop.shop.deliveries[-1]])
    run = make_run(integration)
    ShopifyLine.objects.create(run=run, gid="a", body="{}")
    shop.shop.tell_privacy(topic="shop/redact")

    (row,) = bring([shop.shop.deliveries[-1]])

    assert (row.state, row.last_error) == ("pending", AT_WORK)
    run.refresh_from_db()
    assert (run.state, run.last_error) == ("cancelled", UNINSTALLED)
    # What its worker stored until it noticed is blanked too.
    late = shop.order()
    store_or_give_up(integration, order_of_payload(snapshot(shop, late), shop=shop.domain))
    assert try_again(row) == ("done", "")
    assert not Order.objects.exclude(customer_email="").exists()
    assert not ShopifyLine.objects.exists()


def test_a_worker_lets_go_of_a_sync_or_a_call_before_a_shops_customers_are_blanked(
    integration: Integration, shop: PretendShop
) -> None:
    order = shop.order()
    comes = told(shop, "orders/create", snapshot(shop, order))
    assert post(comes.body, comes.headers) == 200
    calls = InboundDelivery.objects.filter(topic="orders/create")
    shop.shop.uninstall()
    bring([shop.shop.deliveries[-1]])
    lease = timezone.now() + timedelta(minutes=1)
    run = make_run(integration, claimed_until=lease, next_attempt_at=lease)
    calls.update(claimed_until=lease, next_attempt_at=lease)
    shop.shop.tell_privacy(topic="shop/redact")

    (row,) = bring([shop.shop.deliveries[-1]])
    # The sync was stopped, and its worker has not noticed.
    run.refresh_from_db()
    assert (run.state, row.state) == ("cancelled", "pending")
    assert try_again(row) == ("pending", AT_WORK)
    SyncRun.objects.update(claimed_until=timezone.now())
    assert try_again(row) == ("pending", AT_WORK)
    # The worker had read the call before it was erased.
    store_or_give_up(integration, order_of_payload(snapshot(shop, order), shop=shop.domain))
    calls.update(claimed_until=None, state="done")

    assert try_again(row) == ("done", "")
    assert the_order().customer_email == ""


def test_privacy_counts_while_the_integration_is_paused(
    integration: Integration, shop: PretendShop
) -> None:
    ada, bob = (
        shop.order(customer={"first_name": name, "email": f"{name}@example.com"})
        for name in ("ada", "bob")
    )
    for order in (ada, bob):
        bring([told(shop, "orders/create", snapshot(shop, order))])
    Integration.objects.update(is_paused=True)

    shop.change(bob, "pay")
    (paid,) = bring([told(shop, "orders/paid", snapshot(shop, bob))])
    shop.shop.tell_privacy(topic="customers/redact", order_ids=[ada.id])
    bring([shop.shop.deliveries[-1]])

    assert (paid.state, paid.last_error) == ("ignored", "The integration is paused.")
    emails = Order.objects.order_by("pk").values_list("customer_email", flat=True)
    assert list(emails) == ["", "bob@example.com"]
    # Nobody asks a paused shop whether it still lets us in, so this is how we hear of it.
    shop.shop.uninstall()
    bring([shop.shop.deliveries[-1]])
    shop.shop.tell_privacy(topic="shop/redact")
    (row,) = bring([shop.shop.deliveries[-1]])
    assert row.state == "done"
    assert list(emails.all()) == ["", ""]


def the_orders() -> list[int]:
    return list(Order.objects.order_by("pk").values_list("pk", flat=True))


def test_customers_of_a_shop_that_is_connected_are_never_blanked_together(
    integration: Integration, shop: PretendShop
) -> None:
    bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    before = state_of(the_order())
    shop.shop.tell_privacy(topic="shop/redact")
    (row,) = bring([shop.shop.deliveries[-1]])
    assert (row.state, row.last_error) == ("ignored", "The shop is connected again.")
    assert state_of(the_order()) == before


def test_an_old_request_to_blank_all_is_not_replayed_once_the_shop_came_back(
    integration: Integration, shop: PretendShop, owner: User
) -> None:
    shop.shop.uninstall()
    bring([shop.shop.deliveries[-1]])
    shop.shop.tell_privacy(topic="shop/redact")
    (row,) = bring([shop.shop.deliveries[-1]])
    assert row.state == "done"
    integration.refresh_from_db()
    report_health(integration=integration)
    bring([told(shop, "orders/create", snapshot(shop, shop.order()))])
    before = state_of(the_order())
    integration.refresh_from_db()
    report_trouble(integration=integration, reason="Shopify refuses the key.")

    replay_delivery(integration=integration, delivery_id=row.uuid, by=owner)
    work_on(row.pk)

    row.refresh_from_db()
    assert (row.state, row.last_error) == ("ignored", "The shop was connected again since.")
    assert state_of(the_order()) == before
