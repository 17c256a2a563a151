"""The statuses, which all surfaces share, and the one table of allowed moves."""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import models


class Status(models.TextChoices):
    """Where an order is in its life, in the sequence in which it usually gets there.

    Every surface uses the same words.
    """

    DRAFT = "draft"
    PENDING = "pending"
    ACTIVE = "active"
    SHIPPED = "shipped"
    FULFILLED = "fulfilled"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FailurePolicy(models.TextChoices):
    """What an order does when one of its dependencies fails or is cancelled."""

    HOLD = "hold", "hold: keep waiting"
    FAIL = "fail", "fail: fail as well"
    IGNORE = "ignore", "ignore: stop waiting for it"


# A dependency that is done no longer holds anything up. Only the source of a mirrored order can
# take these statuses back.
DONE = frozenset({Status.FULFILLED, Status.COMPLETED})
# A dependency that went wrong. The failure policy of the waiting order says what follows.
GONE_WRONG = frozenset({Status.FAILED, Status.CANCELLED})
# The statuses that an order may have while a dependency holds it up.
ALLOWED_WHILE_BLOCKED = frozenset({Status.DRAFT, Status.PENDING, Status.FAILED, Status.CANCELLED})
# Dependencies bind an order only in these. Nothing holds up an order that has begun or ended.
WAITING = frozenset({Status.DRAFT, Status.PENDING})
# The goods are on their way to the customer, or with them.
HAS_LEFT = frozenset({Status.SHIPPED, Status.FULFILLED, Status.COMPLETED})
# There is still work to do. A failed order can be tried again.
UNFINISHED = frozenset(Status) - DONE - {Status.CANCELLED}

OPEN_MOVES: dict[str, tuple[Status, ...]] = {
    Status.DRAFT: (Status.PENDING, Status.ACTIVE, Status.CANCELLED),
    Status.PENDING: (
        Status.DRAFT,
        Status.ACTIVE,
        Status.SHIPPED,
        Status.FULFILLED,
        Status.COMPLETED,
        Status.FAILED,
        Status.CANCELLED,
    ),
    Status.ACTIVE: (
        Status.DRAFT,
        Status.SHIPPED,
        Status.FULFILLED,
        Status.COMPLETED,
        Status.FAILED,
        Status.CANCELLED,
    ),
    Status.SHIPPED: (
        Status.FULFILLED,
        Status.COMPLETED,
        Status.FAILED,
        Status.CANCELLED,
    ),
    Status.FULFILLED: (Status.COMPLETED,),
    Status.COMPLETED: (),
    Status.FAILED: (Status.PENDING, Status.CANCELLED),
    Status.CANCELLED: (),
}


def open_moves(status: str, *, blocked: bool = False) -> tuple[Status, ...]:
    """Return the statuses that an order can take next; fewer if it is `blocked`."""
    moves = OPEN_MOVES[status]
    if blocked:
        return tuple(move for move in moves if move in ALLOWED_WHILE_BLOCKED)
    return moves


def customers_moves(status: str) -> tuple[Status, ...]:
    """Return the moves open to an order's storefront customer: cancelling, until it is shipped."""
    if status in HAS_LEFT or Status.CANCELLED not in OPEN_MOVES[status]:
        return ()
    return (Status.CANCELLED,)


class Wait(NamedTuple):
    """What an order knows about one of its dependencies: its status, and whether it was waived."""

    status: str
    is_waived: bool = False

    @property
    def holds(self) -> bool:
        """Whether the dependency holds up an order that waits."""
        return not self.is_waived and self.status not in DONE


# What an order waits for, by the ids of the dependencies.
Waits = Mapping[int, Wait]


def is_ignored(status: str, failure_policy: str) -> bool:
    """Tell whether an order with this policy ignores a dependency with this status.

    Such a dependency is waived, for good: it never holds the order up again.
    """
    return status in GONE_WRONG and failure_policy == FailurePolicy.IGNORE


def blockers_among(status: str, waits: Waits) -> list[int]:
    """Return the ids of the dependencies that hold up an order with this status, ascending."""
    if status not in WAITING:
        return []
    return sorted(pk for pk, wait in waits.items() if wait.holds)


class ChainState(models.TextChoices):
    """What the chain says about an order that has not begun."""

    WAITS = "waits"
    READY = "ready"
    # It waits for an order that failed or was cancelled, so it goes on only if somebody acts.
    BLOCKED = "blocked"


def state_in_chain(status: str, waits: Waits) -> tuple[ChainState, list[int]] | None:
    """Return what the chain says about an order, and which orders are the reason.

    None if the order has begun or ended. `OrderQuerySet.in_chain_states` says the same in SQL.
    """
    if status not in WAITING:
        return None
    holding = blockers_among(status, waits)
    if wrong := [pk for pk in holding if waits[pk].status in GONE_WRONG]:
        return ChainState.BLOCKED, wrong
    return (ChainState.WAITS if holding else ChainState.READY), holding


class EventType(models.TextChoices):
    """What can happen to an order. `docs/events.md` lists the payload of each."""

    CREATED = "order_created"
    UPDATED = "order_updated"
    STATUS_CHANGED = "order_status_changed"
    READY = "order_ready"
    BLOCKED = "order_blocked"
    DEPENDENCY_WAIVED = "order_dependency_waived"
    DELETED = "order_deleted"
