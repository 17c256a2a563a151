"""Orders from outside: a shop, or another source, tells us what its orders look like now.

The source is the authority of such a mirrored order. What it told last holds, also where a person
could not move an order. What a person changes here holds until the source tells something newer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from accounts.models import Project, User
from orders.models import Order
from orders.services.outside import OutsideOrder


class Outcome(Enum):
    """What came of an order that a source told."""

    CREATED = auto()
    CHANGED = auto()
    UNCHANGED = auto()


@dataclass(frozen=True)
class Mirrored:
    """An order as we store it, and what came of what its source told."""

    order: Order
    outcome: Outcome


def mirror_order(*, project: Project, owner: User, provider: str, told: OutsideOrder) -> Mirrored:
    """Create or change the order of `project` that `provider` calls `told.external_id`.

    Raises `OutsideOrderRefused`.
    """
    raise NotImplementedError


def cancel_deleted_order(
    *, project: Project, provider: str, external_id: str, at: datetime
) -> bool:
    """Cancel an order that its source deleted `at` that moment; return whether that changed it."""
    raise NotImplementedError


def blank_customer(
    *,
    project: Project,
    provider: str,
    external_ids: Collection[str] = (),
    email: str = "",
    phone: str = "",
) -> int:
    """Erase a customer's data from mirrored orders; return from how many.

    They are those that `external_ids` name, and those with this e-mail address or phone number.
    """
    raise NotImplementedError
