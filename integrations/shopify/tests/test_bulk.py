"""The first sync of a large shop, by a file whose lines stand in any order."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from django.utils import timezone

from integrations import tasks
from integrations.models import Integration, SyncRun
from integrations.sandbox.shopify import LONG_ORDER_LINES, seed
from integrations.sandbox.shopify.records import BulkOperation
from integrations.services import keep_progress
from integrations.shopify import bulk, client, slices, syncing
from integrations.shopify.models import ShopifyLine
from integrations.shopify.tests.shop import PretendShop, make_run
from integrations.shopify.tests.syncs import finish, mirrored, work
from orderchainer.testing.written_log import WrittenLog
from orders.models import Order

ORDERS = 12


@pytest.fixture(autouse=True)
def _large_shop(shop: PretendShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count a shop as large if it has more than four orders."""
    monkeypatch.setattr(syncing, "MANY_ORDERS", 4)
    seed(shop.shop, ORDERS)


@pytest.fixture
def run(integration: Integration) -> SyncRun:
    return make_run(integration)


@pytest.fixture
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep progress often: after ten lines, after four orders."""
    monkeypatch.setattr(bulk, "LINES_AT_ONCE", 10)
    monkeypatch.setattr(bulk, "ORDERS_AT_ONCE", 4)
    monkeypatch.setattr("integrations.transport.CHUNK_BYTES", 2000)


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.seen, run.created, run.changed, run.refused


def operation_of(shop: PretendShop) -> BulkOperation:
    (operation,) = shop.shop.bulk_operations.values()
    return operation


def check_everything_is_here(integration: Integration, shop: PretendShop) -> None:
    """Compare all orders and items here with those in the shop."""
    assert mirrored(integration).keys() == set(map(str, shop.shop.orders))
    for made in shop.shop.orders.values():
        order = Order.objects.get(external_id=made.id)
        there = sorted((one.name, one.current_quantity) for one in made.lines)
        here = sorted(order.items.values_list("name", "quantity"))
        assert here == [each for each in there if each[1]]
    assert not ShopifyLine.objects.exists()


def test_children_that_stand_anywhere_in_the_file_find_their_order(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    waits = finish(shop, run)

    assert (run.state, counts(run)) == ("done", (ORDERS, ORDERS, 0, 0))
    check_everything_is_here(integration, shop)
    assert max(len(one.lines) for one in shop.shop.orders.values()) == LONG_ORDER_LINES
    lines = [orjson.loads(line) for line in operation_of(shop).file.splitlines()]
    places = {line["id"]: place for place, line in enumerate(lines)}
    early = [line for line in lines if places.get(line.get("__parentId"), -1) > places[line["id"]]]
    assert early, "no child comes before its parent, so this test shows nothing"
    # It waited while Shopify wrote the file, and asked for no page.
    assert len(waits) == 1
    assert 0.9 < waits[0] <= bulk.FIRST_POLL_SECONDS
    assert shop.queries("Orders") == []
    integration.refresh_from_db()
    assert integration.last_sync == run.started_at


def test_the_file_and_pages_bring_the_same(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    finish(shop, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(syncing, "MANY_ORDERS", 1000)
        again = make_run(integration)
        finish(shop, again)
    assert len(shop.queries("Orders")) == 1
    assert counts(again) == (ORDERS, 0, 0, 0)


def test_a_small_shop_and_a_later_sync_are_paged(
    integration: Integration, shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(shop, make_run(integration, since=timezone.now()))
    monkeypatch.setattr(syncing, "MANY_ORDERS", ORDERS)
    finish(shop, make_run(integration))
    assert shop.queries("Start") == []
    assert len(mirrored(integration)) == ORDERS


def test_an_empty_file_is_a_sync_without_orders(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    work(run)
    shop.shop.orders.clear()
    shop.shop._sorted.clear()
    SyncRun.objects.update(next_attempt_at=timezone.now())
    finish(shop, run)
    assert (run.state, counts(run)) == ("done", (0, 0, 0, 0))


def test_waits_for_the_file_grow(integration: Integration, shop: PretendShop, run: SyncRun) -> None:
    shop.shop.holds_bulk = True
    waits = []
    for _ in range(9):
        wait = work(run)
        assert wait is not None
        waits.append(wait)
        SyncRun.objects.update(next_attempt_at=timezone.now())
    assert waits[0] < 2.1
    assert 29 < waits[-1] <= bulk.LONGEST_POLL_SECONDS
    assert run.attempts == 0 or run.attempts == 1
    shop.shop.holds_bulk = False
    finish(shop, run)
    check_everything_is_here(integration, shop)


# --- Interrupted ------------------------------------------------------------------------------


@pytest.mark.usefixtures("_small_steps")
def test_every_step_may_be_a_slice_of_its_own(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "slice_seconds", lambda: -1.0)
        waits = finish(shop, run)
    assert len(waits) > 10
    assert counts(run) == (ORDERS, ORDERS, 0, 0)
    check_everything_is_here(integration, shop)


class Crash(BaseException):
    """The worker dies."""


def crash_at(number: int) -> Callable[..., Any]:
    """Return a `keep_progress` after whose call of this number the worker dies."""
    keep, calls = keep_progress, iter(range(1, 10_000))

    def keep_and_die(**progress: Any) -> None:
        keep(**progress)
        if next(calls) == number:
            raise Crash

    return keep_and_die


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 9])
def test_a_worker_that_dies_loses_and_doubles_nothing(
    integration: Integration, shop: PretendShop, run: SyncRun, number: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "keep_progress", crash_at(number))
        with pytest.raises(Crash):
            finish(shop, run)
    # Its lease is over.
    SyncRun.objects.update(next_attempt_at=timezone.now())

    finish(shop, run)

    assert run.state == "done"
    assert run.refused == 0
    check_everything_is_here(integration, shop)


def test_the_file_is_read_on_from_where_it_broke_off(
    integration: Integration, shop: PretendShop, run: SyncRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "LINES_AT_ONCE", 10)
    monkeypatch.setattr("integrations.transport.CHUNK_BYTES", 2000)
    shop.go_wrong("truncate", match="/bulk/")
    waits = finish(shop, run)
    assert len(waits) == 2
    first, second = shop.calls("/bulk/")
    assert "range" not in first.headers
    assert int(second.headers["range"].removeprefix("bytes=").removesuffix("-")) > 2000
    check_everything_is_here(integration, shop)


# --- Something is wrong with it: pages bring everything all the same ---------------------------


def write_file(shop: PretendShop, change: Callable[[bytes], bytes]) -> None:
    """Let Shopify finish the file, and change it."""
    operation = operation_of(shop)
    while operation.status != "COMPLETED":
        shop.sandbox.emulators[0].control("POST", "/shops/-/bulk", {})
    operation.file = change(operation.file)
    SyncRun.objects.update(next_attempt_at=timezone.now())


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file[: len(file) // 2].rpartition(b"\n")[0] + b"\n",
        lambda file: file[: len(file) // 2],
        lambda file: b"not json\n" + file,
        lambda file: b'{"id":7}\n' + file,
        lambda file: b'{"id":"' + b"x" * 200 + b'"}\n' + file,
        lambda file: file + file.partition(b"\n")[0] + b"\n",
        lambda file: file + b"x" * (client.MAX_LINE_BYTES + 200_000),
    ],
    ids=["cut", "cut in a line", "no JSON", "odd id", "long id", "a line twice", "a long line"],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_is_replaced_by_pages(
    integration: Integration,
    shop: PretendShop,
    run: SyncRun,
    change: Callable[[bytes], bytes],
    log: WrittenLog,
) -> None:
    work(run)
    write_file(shop, change)

    finish(shop, run)

    assert (run.state, run.refused) == ("done", 0)
    assert len(log.lines("shopify_bulk_failed")) == 1
    assert len(shop.queries("Orders")) > 0
    check_everything_is_here(integration, shop)


@pytest.mark.parametrize("status", ["FAILED", "CANCELED", "EXPIRED"])
def test_an_operation_that_failed_is_replaced_by_pages(
    integration: Integration, shop: PretendShop, run: SyncRun, status: str
) -> None:
    work(run)
    operation = operation_of(shop)
    operation.status, operation.error_code = status, "TIMEOUT"
    SyncRun.objects.update(next_attempt_at=timezone.now())
    finish(shop, run)
    check_everything_is_here(integration, shop)


def test_an_operation_that_shopify_forgot_is_replaced_by_pages(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    work(run)
    shop.shop.bulk_operations.clear()
    SyncRun.objects.update(next_attempt_at=timezone.now())
    finish(shop, run)
    check_everything_is_here(integration, shop)


def test_an_operation_that_shopify_refuses_is_replaced_by_pages(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    shop.go_wrong("delay", seconds=0)
    errors = [{"field": ["query"], "message": "One is in progress already."}]
    shop.answer({"data": {"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": errors}}})
    finish(shop, run)
    assert shop.shop.bulk_operations == {}
    check_everything_is_here(integration, shop)


def test_a_file_at_an_unsafe_address_is_replaced_by_pages(
    integration: Integration, shop: PretendShop, run: SyncRun, log: WrittenLog
) -> None:
    work(run)
    answer = {"status": "COMPLETED", "url": "http://127.0.0.1:1/x", "objectCount": "1"}
    shop.answer({"data": {"bulkOperation": answer}}, times=2)
    SyncRun.objects.update(next_attempt_at=timezone.now())
    finish(shop, run)
    (line,) = log.lines("shopify_bulk_failed")
    assert line["reason"] == "Shopify named a file at an address that we may not call."
    assert run.state == "done"
    check_everything_is_here(integration, shop)


# --- Memory and what is left ------------------------------------------------------------------


@pytest.mark.usefixtures("_small_steps")
def test_only_a_part_of_the_file_is_in_memory_at_once(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    seen: list[int] = []
    read = client.lines_of

    def watched(url: str, *, from_byte: int = 0) -> Iterator[Any]:
        for lines, position in (parts := read(url, from_byte=from_byte)):
            seen.append(sum(map(len, lines)))
            yield lines, position
        parts.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "lines_of", watched)
        finish(shop, run)
    assert len(operation_of(shop).file) > 8 * max(seen)


def test_lines_of_a_run_that_failed_are_forgotten_by_the_next_one(
    integration: Integration, shop: PretendShop
) -> None:
    failed = make_run(integration, state="failed")
    ShopifyLine.objects.create(run=failed, gid="a", body="{}")
    finish(shop, make_run(integration))
    check_everything_is_here(integration, shop)


@pytest.mark.parametrize("status", ["connected", "error"])
def test_lines_of_runs_that_have_ended_are_forgotten_daily_whatever_the_status(
    integration: Integration, status: str
) -> None:
    """Nothing else comes by while an app is uninstalled, and the lines name customers."""
    ended, running = make_run(integration, state="failed"), make_run(integration)
    for run in (ended, running):
        ShopifyLine.objects.create(run=run, gid="a", body="{}")
    Integration.objects.update(status=status)

    tasks.flush_finished()

    assert [line.run_id for line in ShopifyLine.objects.all()] == [running.pk]


def test_a_child_without_its_order_is_left_out(
    integration: Integration, shop: PretendShop, run: SyncRun
) -> None:
    work(run)
    orphan = b'{"id":"orphan","__parentId":"gid://shopify/Order/1"}\n'
    write_file(shop, lambda file: orphan + file)
    finish(shop, run)
    assert (run.state, run.refused) == ("done", 0)
    check_everything_is_here(integration, shop)
