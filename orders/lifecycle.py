"""The one status vocabulary of every surface, and the one table of allowed moves."""

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
