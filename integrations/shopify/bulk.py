"""The first sync of a large shop: Shopify writes all orders into a file, and we read that.

The file has a line for each order and one for each item, in no fixed order. So we first copy its
lines into a table, and then store the orders from there with their items. That needs memory for
only one part of the file, however large the file is. A worker that takes over goes on where the
last one stopped. If anything is wrong with the file, the run goes on with pages.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import orjson
import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q

from integrations.models import Integration, SyncRun
from integrations.shopify import client
from integrations.shopify.mapping import ITEM_FIELDS, ORDER_FIELDS, order_of_node
from integrations.shopify.models import MAX_GID_LENGTH, ShopifyLine
from integrations.shopify.slices import Counts, Slice
from orderchainer.core.outbox import PENDING, TryAgain, growing_seconds
from orders.services import OutsideOrder

logger = structlog.get_logger(__name__)

LINES_AT_ONCE = 1000
ORDERS_AT_ONCE = 50
FIRST_POLL_SECONDS = 2.0
LONGEST_POLL_SECONDS = 60.0
OPEN = frozenset({"CREATED", "RUNNING", "CANCELING"})

QUERY = f"""
{{
  orders {{
    edges {{ node {{ {ORDER_FIELDS} lineItems {{ edges {{ node {{ {ITEM_FIELDS} }} }} }} }} }}
  }}
}}
"""
START = """
mutation Start($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) {
    bulkOperation { id }
    userErrors { field message }
  }
}
"""
POLL = """
query Poll($id: ID!) { bulkOperation(id: $id) { status errorCode objectCount url } }
"""


def start(slice_: Slice) -> bool:
    """Have Shopify write all orders into a file. Return whether it will."""
    reply = slice_.api.ask(START, {"query": QUERY})
    payload = _object(reply.data.get("bulkOperationRunQuery"))
    operation = _object(payload.get("bulkOperation")).get("id")
    if not isinstance(operation, str):
        logger.warning("shopify_bulk_refused", run=slice_.run.pk, errors=payload.get("userErrors"))
        return False
    slice_.keep(phase="bulk", operation=operation)
    return True


def wait(slice_: Slice) -> bool:
    """See whether the file is there. Raises `TryAgain` to ask later."""
    operation = _poll(slice_)
    status = operation.get("status")
    if status in OPEN:
        polls = slice_.cursor.polls + 1
        slice_.keep(polls=polls, throttles=0)
        seconds = growing_seconds(polls, first=FIRST_POLL_SECONDS, longest=LONGEST_POLL_SECONDS)
        words = "Shopify is still writing the orders into a file."
        raise TryAgain(words, after_seconds=seconds, counts=False)
    if status != "COMPLETED":
        code = operation.get("errorCode")
        return _page_instead(slice_, f"the operation is {status} ({code})")
    # There is no file if there are no orders.
    slice_.keep(phase="file" if operation.get("url") else "lines", throttles=0)
    return False


def copy(slice_: Slice) -> bool:
    """Copy the file's lines into our table, as many as there is time for."""
    operation = _poll(slice_)
    url = operation.get("url")
    if not isinstance(url, str):
        return _page_instead(slice_, "its file is gone")
    rows: list[ShopifyLine] = []
    position = slice_.cursor.byte
    try:
        with closing(client.lines_of(url, from_byte=position)) as parts:
            for lines, position in parts:
                rows += [_row(slice_.run, line) for line in lines if line]
                # Each slice keeps at least some lines, even if its time is over.
                if rows and (len(rows) >= LINES_AT_ONCE or slice_.is_over):
                    _keep_rows(slice_, rows, position)
                    rows = []
                    slice_.go_on_later()
        _keep_rows(slice_, rows, position)
    except _Unreadable:
        return _page_instead(slice_, "a line of its file is unreadable")
    except client.BadFile as exc:
        return _page_instead(slice_, str(exc))
    except IntegrityError:
        return _page_instead(slice_, "a line of its file comes twice")
    if slice_.cursor.lines < int(operation.get("objectCount") or 0):
        return _page_instead(slice_, "its file is incomplete")
    slice_.keep(phase="lines")
    return False


def store(slice_: Slice) -> bool:
    """Store some of the orders in the table, and remove their lines from it."""
    lines = ShopifyLine.objects.filter(run=slice_.run)
    orders = list(lines.filter(parent="").order_by("pk")[:ORDERS_AT_ONCE])
    if not orders:
        lines.delete()
        return True
    items: dict[str, list[ShopifyLine]] = defaultdict(list)
    for line in lines.filter(parent__in=[order.gid for order in orders]).order_by("pk"):
        items[line.parent].append(line)
    counts = Counts()
    read = (partial(_order_in, order, items[order.gid], shop=slice_.api.shop) for order in orders)
    slice_.store_each(read, counts)
    with transaction.atomic():
        lines.filter(Q(pk__in=[order.pk for order in orders]) | Q(parent__in=items)).delete()
        slice_.keep(counts)
    return False


def forget_lines(integration: Integration) -> None:
    """Delete the lines of all runs of the integration."""
    ShopifyLine.objects.filter(run__integration=integration).delete()


def forget_lines_of_ended_runs() -> None:
    """Delete the lines that no run needs any more. They have the data of customers."""
    ShopifyLine.objects.exclude(run__state=PENDING).delete()


def _poll(slice_: Slice) -> Mapping[str, Any]:
    reply = slice_.api.ask(POLL, {"id": slice_.cursor.operation})
    return _object(reply.data.get("bulkOperation"))


def _page_instead(slice_: Slice, why: str) -> bool:
    logger.warning("shopify_bulk_failed", run=slice_.run.pk, reason=why)
    forget_lines(slice_.integration)
    slice_.keep(phase="pages", throttles=0)
    return False


# --- Lines ------------------------------------------------------------------------------------


class _Unreadable(Exception):
    """A line is no object with an id."""


def _row(run: SyncRun, line: bytes) -> ShopifyLine:
    try:
        told = _object(orjson.loads(line))
    except orjson.JSONDecodeError as exc:
        raise _Unreadable from exc
    gid, parent = told.get("id"), told.get("__parentId") or ""
    if not isinstance(gid, str) or not isinstance(parent, str):
        raise _Unreadable
    if not gid or max(len(gid), len(parent)) > MAX_GID_LENGTH:
        raise _Unreadable
    return ShopifyLine(run=run, gid=gid, parent=parent, body=line.decode())


@transaction.atomic
def _keep_rows(slice_: Slice, rows: Sequence[ShopifyLine], position: int) -> None:
    """Keep lines together with the position behind them, so that none is skipped or repeated."""
    ShopifyLine.objects.bulk_create(rows)
    slice_.keep(byte=position, lines=slice_.cursor.lines + len(rows))


def _order_in(order: ShopifyLine, items: Sequence[ShopifyLine], *, shop: str) -> OutsideOrder:
    return order_of_node(
        orjson.loads(order.body),
        [orjson.loads(item.body) for item in items],
        shop=shop,
        # The file tells how the order was when Shopify wrote it.
        is_current=False,
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
