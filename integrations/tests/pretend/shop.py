"""What the pretend provider knows, and what it was asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from integrations.contracts import Checked, CheckRefused, ConfigKey, Connector, Exposure
from integrations.models import Integration, SyncRun
from integrations.services import keep_progress
from orderchainer.core.errors import Invalid
from orderchainer.core.outbox import TryAgain

# The configuration of the document's example.
CONFIG = {
    "api_key": "your-api-key",
    "api_secret": "your-api-secret",
    "shop_url": "yourstore.myshopify.com",
}


class WorkerKilled(BaseException):
    """The worker dies here, as after a kill -9: nothing catches it, nothing is written."""


@dataclass
class Shop:
    """A pretend shop: the answers that it gives, and the calls that it got."""

    # What a check raises, or the notes that it returns; the last one again and again.
    checks: list[Exception | Sequence[str]] = field(default_factory=lambda: [()])
    # The ids of its orders, page by page.
    pages: list[list[int]] = field(default_factory=lambda: [[1, 2], [3]])
    # How many pages fit into a slice.
    pages_of_a_slice: int = 100
    # Called at each step of a sync with the step's name; may raise.
    at_step: Callable[[str], None] = lambda step: None
    # Called in a check, before it answers.
    in_check: Callable[[], None] = lambda: None
    maintain_raises: BaseException | None = None
    disconnect_raises: BaseException | None = None

    calls: list[str] = field(default_factory=list)
    # What is stored here: order ids with the number of times each was stored.
    stored: dict[int, int] = field(default_factory=dict)
    since: list[object] = field(default_factory=list)
    goodbyes: list[Mapping[str, str]] = field(default_factory=list)

    def check(self, integration: Integration) -> Checked:
        """Answer whether the configuration works."""
        self.calls.append("check")
        self.in_check()
        answer = self.checks.pop(0) if len(self.checks) > 1 else self.checks[0]
        if isinstance(answer, Exception):
            raise answer
        return Checked(notes=answer)

    def sync(self, run: SyncRun) -> None:
        """Store the pages from the cursor on, for a slice."""
        self.calls.append("sync")
        self.since.append(run.since)
        first = run.cursor.get("page", 0)
        for page in range(first, len(self.pages)):
            if page - first >= self.pages_of_a_slice:
                raise TryAgain("more to come", after_seconds=0, counts=False)
            self.at_step(f"before page {page}")
            ids = self.pages[page]
            created = [pk for pk in ids if pk not in self.stored]
            for pk in ids:
                self.stored[pk] = self.stored.get(pk, 0) + 1
            self.at_step(f"stored page {page}")
            keep_progress(run=run, cursor={"page": page + 1}, seen=len(ids), created=len(created))
            self.at_step(f"kept page {page}")

    def maintain(self, integration: Integration) -> None:
        """Take note of the upkeep."""
        self.calls.append("maintain")
        if self.maintain_raises:
            raise self.maintain_raises

    def disconnect(self, integration: Integration, secrets: Mapping[str, str]) -> None:
        """Take note of the goodbye and of the secrets that came with it."""
        self.calls.append("disconnect")
        if self.disconnect_raises:
            raise self.disconnect_raises
        self.goodbyes.append(secrets)

    def connector(self) -> Connector:
        """Return the shop as the app knows it."""
        return Connector(
            keys=KEYS,
            account_of=account_of,
            check=self.check,
            sync=self.sync,
            maintain=self.maintain,
            disconnect=self.disconnect,
        )


def clean_shop(text: str) -> str:
    """Accept a shop's domain."""
    domain = text.lower().removeprefix("https://").rstrip("/")
    if not domain.endswith(".myshopify.com"):
        raise ValueError("This is no domain of a shop. Try yourstore.myshopify.com.")
    return domain


def account_of(config: Mapping[str, str]) -> str:
    """Return the shop; refuse a secret without its key."""
    if "api_secret" in config and "api_key" not in config:
        raise Invalid({"api_key": ["api_secret needs it."]})
    return config["shop_url"]


KEYS = (
    ConfigKey("api_key", Exposure.MASKED, str, is_required=False),
    ConfigKey("api_secret", Exposure.SECRET, str),
    ConfigKey("shop_url", Exposure.OPEN, clean_shop),
    ConfigKey("label", Exposure.OPEN, str, is_required=False),
)

REFUSED = CheckRefused("The shop does not know this API key.")
