"""The one status vocabulary of every surface, and the one table of allowed moves."""

from collections.abc import Mapping

from django.db import models


class Status(models.TextChoices):
    """Where an order is in its life. The same word stands on every surface."""

    DRAFT = "draft"
    PENDING = "pending"
    ACTIVE = "active"
    SHIPPED = "shipped"
    FULFILLED = "fulfilled"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FailurePolicy(models.TextChoices):
    """What an order does when one that it waits for fails or is cancelled."""

    HOLD = "hold", "hold: wait on"
    FAIL = "fail", "fail: fail too"
    IGNORE = "ignore", "ignore: wait for it no longer"


# A dependency that is done holds nobody up any more. From here there is no way back.
DONE = frozenset({Status.FULFILLED, Status.COMPLETED})
# A dependency that went wrong; the waiting order's policy says what follows.
GONE_WRONG = frozenset({Status.FAILED, Status.CANCELLED})
# What an order may be while a dependency holds it up.
ALLOWED_WHILE_BLOCKED = frozenset(
    {Status.DRAFT, Status.PENDING, Status.FAILED, Status.CANCELLED}
)
# An order in one of these still waits for its dependencies.
WAITING = frozenset({Status.DRAFT, Status.PENDING})
# What was sold is on its way to the customer, or with them.
HAS_LEFT = frozenset({Status.SHIPPED, Status.FULFILLED, Status.COMPLETED})
# There is still work in it, be it a second try.
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


def holds_up(status: str, failure_policy: str) -> bool:
    """Tell whether a dependency of that status holds up an order with that policy."""
    if status in DONE:
        return False
    return not (status in GONE_WRONG and failure_policy == FailurePolicy.IGNORE)


def blockers_among(dependencies: Mapping[int, str], failure_policy: str) -> list[int]:
    """Return which of `dependencies` (status by id) hold up an order with that policy, ascending."""
    return sorted(
        pk for pk, status in dependencies.items() if holds_up(status, failure_policy)
    )


class EventType(models.TextChoices):
    """What can happen to an order. `docs/events.md` lists the payload of each."""

    CREATED = "order_created"
    UPDATED = "order_updated"
    STATUS_CHANGED = "order_status_changed"
    READY = "order_ready"
    BLOCKED = "order_blocked"
    DELETED = "order_deleted"
