"""Work on a change of many orders, over the engine in `orderchainer.core.outbox`.

Whoever works on it holds a lease: the request that asked for it, or a worker. An order and its
result are written in one transaction, which fails if the lease is no longer ours. So wherever a
process dies, the next one goes on with the next order.
"""

import time
from datetime import timedelta

import structlog
from django.db import OperationalError, transaction
from django.utils import timezone

from orderchainer.core import outbox
from orderchainer.core.db.among import among
from orderchainer.core.errors import DomainError, Invalid, Stale
from orderchainer.core.outbox import GiveUp, TryAgain
from orders.errors import OrderNotFound
from orders.models import BulkChange, Order
from orders.models.bulk import MAX_REASONS
from orders.services.changing import assign_order, update_order
from orders.services.locking import lock_for_change

logger = structlog.get_logger(__name__)

# If a process dies, another one goes on after this time.
LEASE = timedelta(seconds=120)
# How long a worker stays with one change before it lets others have their turn.
SLICE_SECONDS = 20.0
# How long we remember a change: its key, and what was refused.
KEPT = timedelta(days=30)


def work_on(change_id: int, *, seconds: float = SLICE_SECONDS) -> float | None:
    """Work on a change for about so long. Return in how many seconds to go on, if it is not over.

    Does nothing if it is over, or if another process works on it.
    """
    change = outbox.claim(BulkChange.objects.all(), change_id, lease_for=LEASE)
    if change is None:
        return None
    settled = outbox.settle(change, outbox.attempt(lambda: _work(change, seconds)))
    if not settled.is_ours:
        return None
    if settled.state != outbox.PENDING:
        logger.info(
            "bulk_change_finished",
            change=change.pk,
            state=str(settled.state),
            changed=change.changed,
            refused=change.refused,
            left=change.left,
        )
    return settled.nudge_after_seconds


def due_changes() -> list[int]:
    """Return the ids of the changes that are due, the longest waiting first."""
    return outbox.due_ids(BulkChange.objects.all())


def forget_changes() -> int:
    """Delete changes that ended long ago; return how many these were."""
    old = BulkChange.objects.filter(finished_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def _work(change: BulkChange, seconds: float) -> None:
    if change.is_worn_out and change.left:
        order_id, _version = change.orders[change.position]
        raise GiveUp(f"Gave up at #{order_id}, where the work broke off several times.")
    if not change.by.is_active:
        raise GiveUp("The account of the person who asked for it is switched off.")
    until = time.monotonic() + seconds
    while change.left:
        _try_next(change)
        if change.left and time.monotonic() > until:
            raise TryAgain("The rest follows.", after_seconds=0, counts=False)


def _try_next(change: BulkChange) -> None:
    order_id, version = change.orders[change.position]
    try:
        with transaction.atomic():
            has_news = _change_order(change, order_id, version)
            _note(change, has_news=has_news)
    except DomainError as exc:
        _note(change, refused={"order": order_id, "reason": _words_of(exc)})
    except OperationalError as exc:
        # Others write to the same orders just now: a deadlock, or a busy database.
        raise TryAgain(f"The database refused #{order_id} for the moment.") from exc


def _change_order(change: BulkChange, order_id: int, version: int | None) -> bool:
    """Move or assign one order. Tell whether we expect other versions of the rest now."""

    def require_expected(order: Order) -> None:
        if order.project_id != change.project_id:
            raise OrderNotFound
        if version not in (None, order.version) and order.status != change.status:
            msg = (
                f"Somebody has changed order #{order.pk} since you opened the page, so nothing was "
                f"done. It is {order.status} now."
            )
            raise Stale(msg)

    if change.action == change.Action.ASSIGN:
        assign_order(
            order_id=order_id,
            assignee=change.assignee,
            by=change.by,
            precondition=require_expected,
        )
        return False
    reached = _lock_reach(change, order_id)
    update_order(
        order_id=order_id,
        by=change.by,
        fields={"status": change.status},
        precondition=require_expected,
    )
    return _expect_what_followed(change, reached)


def _lock_reach(change: BulkChange, order_id: int) -> dict[int, int]:
    """Lock what the move reaches; return the versions of those of them that are still to be tried.

    What our own move does to them is no change by somebody else.
    """
    expected = dict(change.orders[change.position + 1 :])
    if not any(expected.values()):
        return {}
    locked, _waits = lock_for_change(order_id, status=change.status)
    return {pk: order.version for pk, order in locked.items() if expected.get(pk) == order.version}


def _expect_what_followed(change: BulkChange, reached: dict[int, int]) -> bool:
    if not reached:
        return False
    orders = Order.objects.filter(pk__in=among(reached))
    versions = dict(orders.values_list("pk", "version"))
    change.orders = [[pk, versions.get(pk, seen)] for pk, seen in change.orders]
    return versions != reached


def _note(
    change: BulkChange, *, refused: dict[str, object] | None = None, has_news: bool = False
) -> None:
    """Write the result of the next order, and `orders` if there is news of them.

    Only if the lease is still ours: otherwise another process has written it.
    """
    refusals = change.refusals
    if refused and len(refusals) < MAX_REASONS:
        refusals = [*refusals, refused]
    before = change.position
    change.position += 1
    change.changed += 0 if refused else 1
    change.refusals, change.attempts = refusals, 1
    names = ["position", "changed", "attempts"]
    # Thousands of ids are written once, and not again for each of them.
    names += ["refusals"] * bool(refused) + ["orders"] * has_news
    stored = BulkChange.objects.filter(outbox.own(change), position=before)
    if not stored.update(**{name: getattr(change, name) for name in names}):
        raise TryAgain("Another process goes on with it.", counts=False)


def _words_of(exc: DomainError) -> str:
    if isinstance(exc, Invalid):
        return " ".join(words for each in exc.errors.values() for words in each)
    return exc.message
