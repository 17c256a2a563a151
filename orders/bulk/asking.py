"""Ask for a change of many orders at once: move them, or assign them to somebody.

`orders.bulk.working` does it, each order by itself: some may be refused.
"""

from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter

from django.db import IntegrityError, transaction

from accounts.errors import IdempotencyKeyReused
from accounts.locks import lock_project
from accounts.models import Project, User
from accounts.queries import require_operation
from orderchainer.core.background import nudge, nudge_on_commit
from orderchainer.core.db.among import among
from orderchainer.core.errors import Invalid
from orderchainer.core.outbox import PENDING
from orders.access import HANDLE_ORDERS
from orders.bulk import working
from orders.bulk.tasks import work_on_bulk_change
from orders.errors import TooManyBulkChanges
from orders.lifecycle import GONE_WRONG, Status
from orders.models import BulkChange, OrderDependency

# More than that nobody means to change at once.
MAX_ORDERS = 10_000
# So many are done before the request is answered; a worker does larger changes.
MAX_AT_ONCE = 200
# For how long a request works on them. A worker does the rest.
SECONDS_AT_ONCE = 8.0
# How many changes of a project workers may have to do at a time.
MAX_RUNNING = 3

# The orders, each with the version that the person has seen, or None.
Selected = Mapping[int, int | None]


@transaction.atomic
def request_bulk_move(
    *,
    project: Project,
    by: User,
    status: str,
    orders: Callable[[], Selected],
    key: str,
    digest: str,
) -> BulkChange:
    """Return a new change that moves the orders to `status`.

    An order is tried after those of the others that it waits for. Failing and cancelling go the
    other way round, so that no order fails along with another one just before it is tried.

    `orders` is only called for a new `key`. With a known one, this returns the change that was
    asked for the first time. `digest` tells one request from another.

    Raises `Invalid`, `TooManyBulkChanges`, `IdempotencyKeyReused`, and `RoleNotEnough`.
    """
    if status not in Status.values:
        raise Invalid({"status": ["Choose a status."]})
    change = BulkChange(action=BulkChange.Action.MOVE, status=status)
    return _requested(change, project=project, by=by, orders=orders, key=key, digest=digest)


@transaction.atomic
def request_bulk_assignment(
    *,
    project: Project,
    by: User,
    assignee: User | None,
    orders: Callable[[], Selected],
    key: str,
    digest: str,
) -> BulkChange:
    """Return a new change that lets `assignee` care for the orders; None if nobody shall.

    Otherwise like `request_bulk_move`.
    """
    change = BulkChange(action=BulkChange.Action.ASSIGN, assignee=assignee)
    return _requested(change, project=project, by=by, orders=orders, key=key, digest=digest)


def begin_bulk_change(change: BulkChange) -> None:
    """Do a small change now. Whatever is left, and all of a large one, is a worker's.

    Safe to call again: only one process works on a change at a time.
    """
    if change.total > MAX_AT_ONCE:
        return
    again_after_seconds = working.work_on(change.pk, seconds=SECONDS_AT_ONCE)
    if again_after_seconds is not None:
        nudge(work_on_bulk_change, change.pk, countdown=again_after_seconds)


def _requested(
    change: BulkChange,
    *,
    project: Project,
    by: User,
    orders: Callable[[], Selected],
    key: str,
    digest: str,
) -> BulkChange:
    # Of two requests with the same key, the second one waits here and then finds the first.
    project = lock_project(project)
    require_operation(by, project, HANDLE_ORDERS)
    if known := BulkChange.objects.filter(by=by, key=key).first():
        if known.digest != digest or known.project_id != project.pk:
            raise IdempotencyKeyReused
        return known
    if project.bulk_changes.filter(state=PENDING).count() >= MAX_RUNNING:
        raise TooManyBulkChanges(MAX_RUNNING)
    selected = orders()
    if not selected:
        raise Invalid({"order": ["Select at least one order."]}, "Select at least one order.")
    if len(selected) > MAX_ORDERS:
        words = f"At most {MAX_ORDERS:,} orders can be changed at once. Narrow the filters."
        raise Invalid({"order": [words]}, words)
    change.project, change.by, change.key, change.digest = project, by, key, digest
    change.orders = [[pk, selected[pk]] for pk in _in_sequence(selected, change.status)]
    change.total = len(selected)
    try:
        with transaction.atomic():
            change.save()
    except IntegrityError as exc:
        # At the same moment, the person has used the key in another project.
        raise IdempotencyKeyReused from exc
    if change.total > MAX_AT_ONCE:
        nudge_on_commit(work_on_bulk_change, change.pk)
    return change


def _in_sequence(orders: Selected, status: str) -> list[int]:
    """Return the orders so that each comes after those that it waits for, or before them."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for pk in sorted(orders):
        sorter.add(pk)
    edges = OrderDependency.objects.filter(
        order_id__in=among(orders), depends_on_id__in=among(orders)
    )
    for pk, awaited in edges.order_by("order_id", "depends_on_id").values_list(
        "order_id", "depends_on_id"
    ):
        sorter.add(pk, awaited)
    found = list(sorter.static_order())
    return found[::-1] if status in GONE_WRONG else found
