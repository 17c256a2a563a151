"""Brings a shop's orders here: what changed since the last sync, or everything the first time.

A run is done in slices. Each page is stored before the next one is fetched, and the cursor is kept
after it, so a worker that dies costs one page. The phases of a run:

    begin    choose how to go on
    pages    page through the orders, the least recently changed ones first
    bulk     wait until Shopify has written all orders into a file
    file     copy the file's lines into our table
    lines    store the orders in them
"""

from collections.abc import Callable, Mapping
from functools import partial

import structlog

from integrations.models import SyncRun
from integrations.services import report_trouble
from integrations.shopify import bulk
from integrations.shopify.client import NoAccess, Throttled, TooExpensive
from integrations.shopify.fetching import Page, fetch_page, has_more_orders_than, order_in
from integrations.shopify.slices import Counts, Slice
from orderchainer.core.outbox import GiveUp, TryAgain, growing_seconds

logger = structlog.get_logger(__name__)

# For more orders than this, a file costs Shopify and us less than pages.
MANY_ORDERS = 2000
FIRST_PAGE_SIZE, MAX_PAGE_SIZE = 50, 100
# A page may grow as long as a page of twice the size costs at most this; 1,000 is Shopify's limit.
MAX_PAGE_COST = 500
# Shopify may ask us to wait this often in a row. The waits grow, to a quarter of an hour in all.
MAX_THROTTLES = 20
LONGEST_WAIT_SECONDS = 60.0


def sync(run: SyncRun) -> None:
    """Work on a run for a slice of time; see `Connector.sync`.

    Returns when every order is stored. Raises `TryAgain` if there is more to come, or if Shopify
    asks to wait, `GiveUp` if the run fails, and `Drop` if the run is no longer this worker's.
    """
    slice_ = Slice(run)
    try:
        while not _PHASES[slice_.cursor.phase](slice_):
            slice_.go_on_later()
    except Throttled as exc:
        _wait(slice_, exc)
    except NoAccess as exc:
        report_trouble(integration=run.integration, reason=str(exc))
        raise


def _wait(slice_: Slice, asked: Throttled) -> None:
    """Free the worker for as long as Shopify asks, and for longer if it keeps asking."""
    times = slice_.cursor.throttles + 1
    if times > MAX_THROTTLES:
        raise GiveUp(f"Shopify asked us to wait {MAX_THROTTLES} times in a row.")
    slice_.keep(throttles=times)
    grown = growing_seconds(times - 1, first=1, longest=LONGEST_WAIT_SECONDS) if times > 1 else 0
    seconds = max(asked.after_seconds, grown)
    logger.info("shopify_throttled", run=slice_.run.pk, seconds=round(seconds, 1), times=times)
    raise TryAgain(str(asked), after_seconds=seconds, counts=False) from asked


# Each phase returns whether the run is done.


def _begin(slice_: Slice) -> bool:
    bulk.forget_lines(slice_.integration)
    wants_all = slice_.run.since is None
    is_large = wants_all and has_more_orders_than(slice_.api, MANY_ORDERS)
    if not (is_large and bulk.start(slice_)):
        slice_.keep(phase="pages")
    return False


def _page(slice_: Slice) -> bool:
    cursor = slice_.cursor
    size = cursor.size or FIRST_PAGE_SIZE
    try:
        page = fetch_page(slice_.api, since=slice_.run.since, after=cursor.after, size=size)
    except TooExpensive:
        if size == 1:
            raise
        slice_.keep(size=size // 2, throttles=0)
        return False
    counts = Counts()
    try:
        slice_.store_each((partial(order_in, slice_.api, node) for node in page.nodes), counts)
    except TryAgain as exc:
        # We fetch this page again. What is stored by now will not count as new then, so count it
        # here.
        stored = Counts(created=counts.created, changed=counts.changed)
        if size > 1 and (exc.timed_out or isinstance(exc, Throttled)):
            # Asking for all items of so many orders costs too much, or takes too long.
            slice_.keep(stored, size=size // 2, may_grow=False)
        elif stored != Counts():
            slice_.keep(stored)
        raise
    if cursor.may_grow:
        size = _next_size(size, page)
    slice_.keep(counts, after=page.end, size=size, throttles=0)
    return page.end is None


def _next_size(size: int, page: Page) -> int:
    if page.cost and 2 * page.cost <= MAX_PAGE_COST:
        return max(size, min(2 * size, MAX_PAGE_SIZE))
    return size


_PHASES: Mapping[str, Callable[[Slice], bool]] = {
    "begin": _begin,
    "pages": _page,
    "bulk": bulk.wait,
    "file": bulk.copy,
    "lines": bulk.store,
}
