"""Syncs: everything arrives, nothing twice, and a run that broke stays where it was."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, User
from accounts.services import remove_member, set_member
from accounts.tests.factories import make_user
from integrations.models import Integration, SyncRun
from integrations.sandbox.shopify import LONG_ORDER_LINES, payloads, seed
from integrations.sandbox.shopify.costs import linear
from integrations.services import keep_progress
from integrations.shopify import admin_api, slices, syncing
from integrations.shopify.fetching import changed_since
from integrations.shopify.mapping import order_of_payload
from integrations.shopify.mirroring import owner_for, store
from integrations.shopify.tests.shop import PretendShop, make_run
from integrations.shopify.tests.syncs import finish, mirrored, work
from integrations.work.queueing import OVERLAP
from orderchainer.testing.statements import Statements
from orderchainer.testing.written_log import WrittenLog
from orders.models import Order
from orders.services import Mirrored, mirror_order
from orders.stream.models import Event
from orders.tests.factories import make_order


@pytest.fixture
def run(integration: Integration) -> SyncRun:
    return make_run(integration)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pages of two orders at most."""
    for name in ("FIRST_PAGE_SIZE", "MAX_PAGE_SIZE"):
        monkeypatch.setattr(syncing, name, 2)


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.seen, run.created, run.changed, run.refused


# --- Everything arrives -----------------------------------------------------------------------


def test_the_first_sync_brings_open_closed_and_cancelled_orders(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    opened, closed, cancelled = shop.order(), shop.order(paid=True), shop.order()
    shop.change(closed, "fulfil")
    shop.change(closed, "close")
    shop.change(cancelled, "cancel")

    assert finish(shop, run) == []

    assert mirrored(integration) == {
        str(opened.id): "pending",
        str(closed.id): "completed",
        str(cancelled.id): "cancelled",
    }
    assert (run.state, counts(run)) == ("done", (3, 3, 0, 0))
    integration.refresh_from_db()
    assert integration.last_sync == run.started_at


def test_a_shop_without_orders_is_synced(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    assert finish(shop, run) == []
    assert (run.state, counts(run)) == ("done", (0, 0, 0, 0))


@pytest.mark.usefixtures("small_pages")
def test_orders_of_every_kind_arrive_page_by_page(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 25)

    finish(shop, run)

    assert mirrored(integration).keys() == set(map(str, shop.shop.orders))
    assert counts(run) == (25, 25, 0, 0)
    assert len(shop.queries("Orders")) == 13
    sizes = {query["variables"]["first"] for query in shop.queries("Orders")}
    assert sizes == {2}
    # The yen order has its own currency; the long one all its items.
    assert set(Order.objects.values_list("currency", flat=True)) == {"USD", "JPY"}
    long = next(one for one in shop.shop.orders.values() if len(one.lines) == LONG_ORDER_LINES)
    order = Order.objects.get(external_id=long.id)
    assert order.items.count() == LONG_ORDER_LINES
    assert [item.name for item in order.items.order_by("pk")] == [line.name for line in long.lines]
    edited = Order.objects.get(external_id=_edited(shop))
    assert edited.total_price == Decimal("60.00")
    assert [item.quantity for item in edited.items.all()] == [1]


def _edited(shop: PretendShop) -> int:
    return next(one.id for one in shop.shop.orders.values() if one.edited)


def test_the_same_sync_again_changes_nothing(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 20)
    finish(shop, run)
    events = Event.objects.count()

    again = make_run(integration)
    finish(shop, again)

    assert counts(again) == (20, 0, 0, 0)
    # Beside the event that the run has finished.
    assert Event.objects.count() == events + 1


def test_an_incremental_sync_asks_for_what_changed_since(
    integration: Integration, shop: PretendShop
) -> None:
    now = timezone.now().replace(microsecond=0)
    old, at, new = (shop.order(created_at=now - timedelta(hours=hours)) for hours in (5, 3, 1))
    assert old.id not in (at.id, new.id)

    run = make_run(integration, since=now - timedelta(hours=3))
    finish(shop, run)

    assert mirrored(integration).keys() == {str(at.id), str(new.id)}
    (query,) = shop.queries("Orders")
    wanted = (now - timedelta(hours=3)).isoformat(timespec="seconds")
    assert query["variables"]["changed"] == f"updated_at:>='{wanted}'"
    # Only a first sync asks how much there is.
    assert shop.queries("Count") == []


def test_the_filter_is_in_utc_and_whole_seconds() -> None:
    moment = datetime.fromisoformat("2026-11-20T10:30:01.987654-05:00")
    assert changed_since(moment) == "updated_at:>='2026-11-20T15:30:01+00:00'"
    assert changed_since(None) is None


@pytest.mark.usefixtures("small_pages")
def test_an_order_that_changes_while_paging_is_stored_once_and_as_it_is_last(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    orders = [shop.order(created_at=f"2026-11-20T12:00:0{n}Z") for n in range(5)]
    asked = slices.Slice.keep

    def change_meanwhile(slice_: slices.Slice, *args: Any, **changes: Any) -> None:
        asked(slice_, *args, **changes)
        if slice_.run.seen == 0 and args:
            shop.change(orders[0], "pay")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices.Slice, "keep", change_meanwhile)
        finish(shop, run)

    statuses = mirrored(integration)
    assert len(statuses) == 5
    assert statuses[str(orders[0].id)] == "active"


def test_a_sync_brings_what_changed_within_the_second_of_a_webhook(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    moment = "2026-11-20T12:00:01Z"
    order = shop.order(created_at=moment)
    heard = payloads.order(order, shop.shop.offset_hours)
    stored = mirror_order(
        project=integration.project,
        owner=owner_for(integration),
        provider="shopify",
        told=order_of_payload(heard, shop=shop.domain),
    ).order
    # Shopify counts in seconds. An automation of the shop tags new orders at once.
    shop.change(order, "tag", at=moment)

    finish(shop, run)

    stored.refresh_from_db()
    assert (run.seen, run.changed) == (1, 1)
    assert stored.source_details["tags"] == "vip"
    # What a person changes here stays until the shop tells something newer.
    Order.objects.filter(pk=stored.pk).update(customer_name="Ada here", version=stored.version + 1)
    again = make_run(integration)
    finish(shop, again)
    stored.refresh_from_db()
    assert (again.seen, again.changed, stored.customer_name) == (1, 0, "Ada here")


# --- Interrupted ------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_pages")
def test_a_run_that_breaks_goes_on_at_its_last_page(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 7)
    shop.go_wrong("delay", seconds=0, times=2)
    shop.go_wrong("close")

    wait = work(run)

    assert wait is not None
    assert wait > 1
    assert (run.state, run.seen, run.attempts) == ("pending", 2, 1)
    assert "closed the connection" in run.last_error
    integration.refresh_from_db()
    assert integration.last_sync is None
    finish_now(shop, run)
    assert counts(run) == (7, 7, 0, 0)
    pages = [query["variables"]["after"] for query in shop.queries("Orders")]
    # The second page was asked for twice, every other one once.
    assert len(pages) == len(set(pages)) + 1


ORDERS = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


@pytest.mark.parametrize(
    "orders",
    [
        None,
        {**ORDERS, "nodes": None},
        {**ORDERS, "nodes": [None]},
        {**ORDERS, "pageInfo": None},
        {**ORDERS, "pageInfo": {"hasNextPage": True, "endCursor": None}},
    ],
    ids=["nothing", "no nodes", "an empty node", "no page info", "no cursor"],
)
def test_an_answer_without_a_page_never_ends_a_sync(
    integration: Integration, shop: PretendShop, run: SyncRun, orders: Any
) -> None:
    seed(shop.shop, 3)
    shop.go_wrong("delay", seconds=0)
    shop.answer({"data": {"orders": orders}})

    assert work(run) is not None

    assert run.last_error == "Shopify's answer is not the page that it should be."
    integration.refresh_from_db()
    assert integration.last_sync is None
    finish_now(shop, run)
    assert counts(run) == (3, 3, 0, 0)


def test_a_page_that_leads_to_itself_fails_the_run(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    again = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "here"}}
    shop.go_wrong("delay", seconds=0)
    shop.answer({"data": {"orders": again}}, times=100)

    finish(shop, run, most=10)

    assert run.state == "failed"
    integration.refresh_from_db()
    assert integration.last_sync is None


def finish_now(shop: PretendShop, run: SyncRun) -> None:
    """Let the wait of a run be over, and finish it."""
    SyncRun.objects.filter(pk=run.pk).update(next_attempt_at=timezone.now())
    finish(shop, run)


@pytest.mark.usefixtures("small_pages")
def test_a_slice_ends_in_time_and_the_next_one_goes_on(
    integration: Integration, shop: PretendShop, run: SyncRun, settings: Settings
) -> None:
    settings.DELIVERY_LEASE_SECONDS = 60
    seed(shop.shop, 7)
    passed = [0.0]

    def each_page_takes_ten_seconds() -> float:
        passed[0] += 10
        return passed[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "monotonic", each_page_takes_ten_seconds)
        waits = finish(shop, run)

    assert counts(run) == (7, 7, 0, 0)
    assert waits
    assert max(waits) == 0
    # Slices are no failed attempts.
    assert run.attempts == 1


@pytest.mark.usefixtures("small_pages")
def test_a_broken_run_leaves_the_last_sync_and_the_next_one_brings_the_change(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    now = timezone.now().replace(microsecond=0)
    orders = [shop.order(created_at=now - timedelta(days=9 - day)) for day in range(5)]
    finish(shop, run)
    integration.refresh_from_db()
    last_sync = integration.last_sync
    assert last_sync is not None
    # An old order changes, and the next sync gets nothing but failures after its first page.
    for order in (orders[0], *orders[2:]):
        shop.change(order, "pay")
    broken = make_run(integration, since=last_sync - OVERLAP)
    shop.go_wrong("delay", seconds=0)
    shop.go_wrong("status", status=500, times=50)
    while work(broken) is not None:
        SyncRun.objects.filter(pk=broken.pk).update(next_attempt_at=timezone.now())

    assert broken.state == "failed"
    assert broken.last_error == "Gave up after 8 attempts: Shopify answered 500."
    assert broken.seen == 2
    integration.refresh_from_db()
    assert integration.last_sync == last_sync

    shop.sandbox.faults.clear()
    again = make_run(integration, since=last_sync - OVERLAP)
    finish(shop, again)
    assert mirrored(integration) == {
        str(order.id): "pending" if order is orders[1] else "active" for order in orders
    }


def test_a_run_stops_when_the_integration_is_paused_or_gone(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 3)
    kept = keep_progress

    def pause_and_keep(**progress: Any) -> None:
        Integration.objects.update(is_paused=True)
        kept(**progress)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "keep_progress", pause_and_keep)
        assert work(run) is None
    assert run.state == "cancelled"
    assert len(shop.queries("Orders")) == 0


# --- Throttled --------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_pages")
def test_a_throttled_sync_lets_go_of_its_worker_and_completes(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 9)
    shop.set_bucket(level=80, restore_rate=20)
    waits = finish(shop, run)

    assert counts(run) == (9, 9, 0, 0)
    assert len(mirrored(integration)) == 9
    assert waits
    assert min(waits) > 0.95
    assert run.attempts == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"extensions": {"cost": {"requestedQueryCost": 60, "throttleStatus": {
            "currentlyAvailable": 10, "restoreRate": 50.0}}}},
        {"extensions": {"cost": {"requestedQueryCost": 60, "throttleStatus": {
            "currentlyAvailable": 10, "restoreRate": 0}}}},
        {},
    ],
    ids=["as usual", "restore rate 0", "no cost"],
)  # fmt: skip
@pytest.mark.usefixtures("small_pages")
def test_a_throttled_page_is_asked_for_again_a_second_later_at_least(
    integration: Integration, shop: PretendShop, run: SyncRun, answer: Any
) -> None:
    seed(shop.shop, 5)
    errors = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    shop.go_wrong("delay", seconds=0, times=2)
    shop.answer({**errors, **answer})

    (wait,) = finish(shop, run)

    assert wait > 0.95
    assert counts(run) == (5, 5, 0, 0)
    assert len(mirrored(integration)) == 5


def test_a_sync_that_is_throttled_for_ever_fails_after_bounded_tries(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 3)
    shop.go_wrong("status", status=429, headers={"Retry-After": "1"}, times=1000)

    waits = finish(shop, run)

    assert (run.state, len(waits)) == ("failed", syncing.MAX_THROTTLES)
    assert run.last_error == "Shopify asked us to wait 20 times in a row."
    assert min(waits) > 0.95
    # They grow, so that all together give Shopify time to recover.
    assert 5 * 60 < sum(waits) < 30 * 60
    integration.refresh_from_db()
    assert integration.last_sync is None
    assert mirrored(integration) == {}


# --- Pages and costs --------------------------------------------------------------------------


def test_pages_grow_while_they_are_cheap(
    integration: Integration,
    shop: PretendShop,
    run: SyncRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(syncing, "FIRST_PAGE_SIZE", 2)
    monkeypatch.setattr(syncing, "MAX_PAGE_SIZE", 5)
    seed(shop.shop, 13)
    finish(shop, run)
    sizes = [query["variables"]["first"] for query in shop.queries("Orders")]
    assert sizes == [2, 4, 5, 5]


def test_pages_shrink_until_they_are_affordable(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 12)
    shop.shopify.page_weight = linear
    finish(shop, run)
    sizes = [query["variables"]["first"] for query in shop.queries("Orders")]
    assert sizes[:4] == [50, 25, 12, 6]
    assert set(sizes[4:]) <= {6}
    assert len(mirrored(integration)) == 12


@pytest.mark.slow
@pytest.mark.parametrize("is_slow", [False, True], ids=["expensive", "slow"])
def test_pages_shrink_until_one_attempt_can_ask_for_all_items(
    integration: Integration,
    shop: PretendShop,
    run: SyncRun,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    is_slow: bool,
) -> None:
    monkeypatch.setattr(syncing, "FIRST_PAGE_SIZE", 8)
    items = [{"title": f"Mug {number}", "price": "1.00"} for number in range(30)]
    for _ in range(12):
        shop.order(lines=items)
    if is_slow:
        settings.DELIVERY_LEASE_SECONDS = 60
        seconds = itertools.count(step=4)
        monkeypatch.setattr(admin_api, "monotonic", lambda: float(next(seconds)))
    else:
        # As much as a page and the items of four orders cost.
        shop.shop.bucket.maximum = 140.0
        shop.set_bucket(level=140, restore_rate=10)

    finish(shop, run)

    assert (run.state, counts(run)) == ("done", (12, 12, 0, 0))
    assert len(mirrored(integration)) == 12
    assert Order.objects.filter(items__name="Mug 29").count() == 12
    sizes = [query["variables"]["first"] for query in shop.queries("Orders")]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 8
    assert sizes[-1] < 8


def test_a_single_order_that_is_too_expensive_fails_the_run(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    error = {"message": "Too much", "extensions": {"code": "MAX_COST_EXCEEDED"}}
    shop.go_wrong("delay", seconds=0)
    shop.answer({"errors": [error]}, times=20)
    finish(shop, run)
    assert (run.state, run.last_error) == (
        "failed",
        "The query is too expensive. It said: Too much.",
    )
    sizes = [query["variables"]["first"] for query in shop.queries("Orders")]
    assert sizes == [50, 25, 12, 6, 3, 1]


# --- Orders that cannot be stored -------------------------------------------------------------


@pytest.mark.usefixtures("small_pages")
def test_an_order_that_cannot_be_stored_is_counted_and_stops_nobody(
    integration: Integration, shop: PretendShop, run: SyncRun, log: WrittenLog
) -> None:
    orders = [shop.order(created_at=f"2026-11-20T12:00:0{n}Z") for n in range(5)]
    orders[1].currency = "XXX"
    orders[3].lines[0].price = Decimal(10**12)

    finish(shop, run)

    assert (run.state, counts(run)) == ("done", (5, 3, 0, 2))
    assert run.refusal.startswith(f"The order {orders[1].id} cannot be stored. currency: ISO 4217")
    assert mirrored(integration).keys() == {str(orders[n].id) for n in (0, 2, 4)}
    assert len(log.lines("shopify_order_refused")) == 2
    integration.refresh_from_db()
    assert integration.last_sync == run.started_at


def test_an_order_that_the_database_refuses_is_counted_without_its_values(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    shop.order()

    def refuse(*_: object) -> Any:
        raise DataError("value too long: ada@example.com")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "store", refuse)
        finish(shop, run)
    assert (run.state, counts(run)) == ("done", (1, 0, 0, 1))
    assert run.refusal == "The database refused an order: DataError."


# --- Shops that let us in no more -------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (lambda shop: shop.shop.uninstall(), "Shopify does not accept api_key and api_secret"),
        (lambda shop: setattr(shop.shop, "trouble", "frozen"), "Shopify has frozen the shop"),
        (lambda shop: setattr(shop.shop, "trouble", "locked"), "Shopify has locked the shop"),
        (lambda shop: setattr(shop.shop, "trouble", "inactive"), "The shop is not active"),
        (lambda shop: setattr(shop.shop, "scopes", []), "The app lacks a permission"),
    ],
    ids=["uninstalled", "frozen", "locked", "inactive", "no scope"],
)
def test_a_shop_that_lets_us_in_no_more_is_told_to_people(
    integration: Integration,
    shop: PretendShop,
    run: SyncRun,
    trouble: Callable[[PretendShop], None],
    words: str,
) -> None:
    trouble(shop)
    finish(shop, run)
    integration.refresh_from_db()
    assert (run.state, integration.status) == ("failed", "error")
    assert integration.last_error.startswith(words)
    assert integration.last_sync is None


def test_customers_that_we_may_not_see_keep_no_order_away(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    shop.order()
    shop.shop.protected_data = "errors"
    finish(shop, run)
    order = Order.objects.get(provider="shopify")
    assert (run.state, order.customer_name, order.customer_email) == ("done", "", "")


def test_a_filter_that_shopify_does_not_understand_never_brings_the_whole_shop(
    integration: Integration, shop: PretendShop
) -> None:
    seed(shop.shop, 3)
    run = make_run(integration, since=datetime(2026, 11, 20, tzinfo=UTC))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integrations.shopify.fetching.changed_since", lambda _: "updated:>yesterday")
        finish(shop, run)
    assert run.state == "failed"
    assert run.last_error.startswith("Shopify did not understand our filter.")
    assert mirrored(integration) == {}


def test_what_shopify_announces_is_logged_once_a_run(
    integration: Integration, shop: PretendShop, run: SyncRun, log: WrittenLog
) -> None:
    seed(shop.shop, 5)
    shop.shop.deprecated_reason = "https://shopify.dev/changes"
    with pytest.MonkeyPatch.context() as patch:
        # Each page is a slice of its own.
        patch.setattr(slices, "slice_seconds", lambda: -1.0)
        waits = finish(shop, run)
    assert len(waits) > 0
    assert len(log.lines("shopify_announcement")) == 1


# --- Whose they are ---------------------------------------------------------------------------


def test_whoever_is_removed_during_a_sync_gets_no_more_of_its_orders(
    integration: Integration,
    owner: User,
    shop: PretendShop,
    run: SyncRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bob = make_user(email="bob@example.com")
    set_member(project=integration.project, user=bob, role=Membership.Role.MANAGER)
    Integration.objects.update(connected_by=bob)
    seed(shop.shop, 5)

    def store_two(*args: Any) -> Mirrored:
        stored = store(*args)
        if Order.objects.count() == 2:
            remove_member(project=integration.project, user=bob, by=owner)
        return stored

    monkeypatch.setattr(slices, "store", store_two)
    finish(shop, run)

    assert counts(run) == (5, 5, 0, 0)
    owners = Order.objects.order_by("pk").values_list("owner__email", flat=True)
    # What was there already is handed over by the task that the removal wakes.
    assert list(owners) == [bob.email] * 2 + [owner.email] * 3


# --- What it costs us -------------------------------------------------------------------------


def test_an_order_takes_at_most_six_statements(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seed(shop.shop, 20)
    assert statements_of(shop, run) / 20 <= 6
    assert counts(run) == (20, 20, 0, 0)
    # An order that we know as it is takes one. The rest is for the run itself.
    assert statements_of(shop, make_run(integration)) <= 20 + 20


def test_orders_that_change_and_free_others_take_at_most_six_statements_each(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    placed = [shop.order(paid=True) for _ in range(20)]
    finish(shop, run)
    owner = integration.project.members.earliest("pk")
    for order in Order.objects.all():
        make_order(owner, order)
        make_order(owner, order, auto_activate=True)
    for each in placed:
        shop.change(each, "edit", quantities={each.lines[0].id: 3})
        shop.change(each, "fulfil")

    again = make_run(integration)
    assert statements_of(shop, again) <= 20 * 6 + 20
    assert counts(again) == (20, 0, 20, 0)
    assert Order.objects.filter(provider="api", status="active").count() == 20


def statements_of(shop: PretendShop, run: SyncRun) -> int:
    """Finish a run and return how many statements that took, transactions aside."""
    recorded = Statements()
    with connection.execute_wrapper(recorded):
        finish(shop, run)
    return sum("SAVEPOINT" not in statement for statement in recorded.take())
