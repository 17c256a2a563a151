"""What a shop keeps besides its orders: tokens, a bucket, subscriptions, bulk operations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Bucket:
    """The leaky bucket of an app in a shop: `level` points were left at `at`."""

    maximum: float = 2000.0
    restore_rate: float = 100.0
    level: float = 2000.0
    at: float = 0.0

    def refill(self, now: float) -> None:
        """Add what has flowed back since the last look."""
        self.level = min(self.maximum, self.level + max(now - self.at, 0) * self.restore_rate)
        self.at = now

    def status(self) -> dict[str, Any]:
        """Return `throttleStatus`."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.level),
            "restoreRate": self.restore_rate,
        }


@dataclass
class Subscription:
    """A webhook subscription that was made by the API."""

    id: int
    topic: str
    uri: str
    created_at: datetime
    updated_at: datetime
    api_version: str
    format: str = "JSON"
    name: str | None = None
    filter: str | None = None
    include_fields: list[str] = field(default_factory=list)

    @property
    def gid(self) -> str:
        """The id as GraphQL writes it."""
        return f"gid://shopify/WebhookSubscription/{self.id}"

    @property
    def enum(self) -> str:
        """The topic as GraphQL writes it: `ORDERS_CREATE`."""
        return self.topic.replace("/", "_").upper()


@dataclass
class BulkOperation:
    """One bulk operation. `signature` is the secret part of its file's address."""

    id: int
    query: str
    created_at: datetime
    signature: str
    groups_objects: bool
    status: str = "CREATED"
    error_code: str | None = None
    completed_at: datetime | None = None
    # The file, and how many objects it has in all and at its root.
    file: bytes = b""
    object_count: int = 0
    root_object_count: int = 0

    @property
    def gid(self) -> str:
        """The id as GraphQL writes it."""
        return f"gid://shopify/BulkOperation/{self.id}"


@dataclass(frozen=True)
class Token:
    """An access token; `ends_at` is None for one that does not expire."""

    text: str
    ends_at: float | None


@dataclass
class Mishap:
    """An error on purpose in the next `times` GraphQL answers whose query contains `match`.

    The first `after` answers go well. `cost` is True for the usual block of costs, None for no
    block, or the block to send in its place. `with_data` carries the query out and puts the error
    beside the data.
    """

    code: str
    message: str = ""
    times: int = 1
    after: int = 0
    match: str = ""
    cost: Any = True
    with_data: bool = False
