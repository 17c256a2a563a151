"""One slice of a sync: what it works with, where it stands, and what it has stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from time import monotonic
from typing import Any

import structlog
from django.db import DataError, IntegrityError

from accounts.models import User
from integrations.models import SyncRun
from integrations.services import keep_progress, slice_seconds
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.mapping import Unmappable
from integrations.shopify.mirroring import owner_for, store
from orderchainer.core.outbox import TryAgain
from orders.errors import OutsideOrderRefused
from orders.services import Outcome, OutsideOrder

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Cursor:
    """Where a sync goes on. It is kept as JSON with the run."""

    # What is done next; see `syncing`.
    phase: str = "begin"
    # Pages: Shopify's own cursor, and how many orders to ask for; 0 before the first page.
    after: str | None = None
    size: int = 0
    # Whether pages may become larger. Not if their items were too many for one attempt.
    may_grow: bool = True
    # Bulk: the operation, how often we asked for it, and how much of its file we have.
    operation: str = ""
    polls: int = 0
    byte: int = 0
    lines: int = 0
    # How often in a row Shopify asked us to wait.
    throttles: int = 0
    # Announcements that are in the log already, so that each is logged once.
    announced: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Cursor:
        """Read a cursor. An empty one is the beginning."""
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__ if name in kept})


@dataclass
class Counts:
    """What became of some orders."""

    seen: int = 0
    created: int = 0
    changed: int = 0
    refused: int = 0
    # Why the first one could not be stored.
    refusal: str = ""


class Slice:
    """A worker's turn with a run. It ends with the run, or with `TryAgain` when time is up."""

    def __init__(self, run: SyncRun) -> None:
        self.run = run
        self.integration = run.integration
        self.cursor = Cursor.of(run.cursor)
        self.api = AdminApi(run.integration, announced=self.cursor.announced)
        self._ends_at = monotonic() + slice_seconds()

    @cached_property
    def _owner(self) -> User:
        return owner_for(self.integration)

    def keep(self, counts: Counts | None = None, **changes: Any) -> None:
        """Keep the cursor with these changes, and add to the run's counts.

        Raises `Drop` if the run is no longer ours.
        """
        self.cursor = replace(self.cursor, **changes, announced=list(self.api.announced))
        told = asdict(counts or Counts())
        keep_progress(run=self.run, cursor=asdict(self.cursor), **told)
        self.api.go_on()

    @property
    def is_over(self) -> bool:
        """Whether the time of this slice is over."""
        return monotonic() > self._ends_at

    def go_on_later(self) -> None:
        """Raise `TryAgain` if the slice is over, so that other work gets its turn."""
        if self.is_over:
            raise TryAgain("There is more to come.", after_seconds=0, counts=False)

    def store_each(self, orders: Iterable[Callable[[], OutsideOrder]], counts: Counts) -> None:
        """Read and store orders, one after the other, and count what becomes of them."""
        for read in orders:
            counts.seen += 1
            try:
                outcome = store(self.integration, read(), self._owner).outcome
            except (Unmappable, OutsideOrderRefused, DataError, IntegrityError) as exc:
                counts.refused += 1
                counts.refusal = counts.refusal or _reason(exc)
                logger.warning(
                    "shopify_order_refused", run=self.run.pk, reason=_reason(exc), exc_info=exc
                )
            else:
                counts.created += outcome is Outcome.CREATED
                counts.changed += outcome is Outcome.CHANGED


def _reason(exc: Exception) -> str:
    if isinstance(exc, DataError | IntegrityError):
        # The database's own words would show what is in the order.
        return f"The database refused an order: {type(exc).__name__}."
    return str(exc)
