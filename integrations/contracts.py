"""What a provider's package promises the app: how to connect an account, and what it posts to us.

A provider fills in a `Connector` if projects connect accounts of it, and a `Webhook` if it calls
us. The app does the rest: storing, encrypting, claiming work, retrying, answering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

from integrations.payloads import Unreadable, read_payload

if TYPE_CHECKING:
    from integrations.models.deliveries import InboundDelivery
    from integrations.models.integrations import Integration
    from integrations.models.runs import SyncRun


class Exposure(Enum):
    """Who sees a key of a configuration after it was stored.

    Masked and secret values are encrypted at rest. `Integration.configuration` returns all values.
    """

    OPEN = auto()
    # The first four characters and the last three, as in `your...key`.
    MASKED = auto()
    SECRET = auto()


@dataclass(frozen=True)
class ConfigKey:
    """One key of a provider's configuration.

    `clean` returns the value as it is stored. It raises ValueError with a sentence for people.
    """

    name: str
    exposure: Exposure
    clean: Callable[[str], str]
    is_required: bool = True
    help: str = ""
    # Makes the value when people give none, for example a random secret.
    make: Callable[[], str] | None = None
    # What forms call it; its name if this is empty.
    label: str = ""
    # Whether people invent it and give the provider the same. Pages then suggest one to copy.
    is_agreed: bool = False


class CheckRefused(Exception):
    """The provider does not accept the configuration, and trying again would not help.

    The message is a sentence for people that says what to change.
    """


@dataclass(frozen=True)
class Checked:
    """A configuration works. `notes` are sentences that people should read all the same.

    `name` is what people call the account, such as a phone number or a bot's name. It is empty if
    people know the account by its own key.
    """

    notes: Sequence[str] = field(default_factory=tuple)
    name: str = ""


@dataclass(frozen=True)
class Need:
    """One step at the provider before people connect an account. `url` is where it is done."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Guide:
    """What a page tells people who connect an account."""

    # What it brings the project, in a sentence.
    gives: str = ""
    # What to have at hand, in a few words for the list of providers.
    at_hand: str = ""
    needs: Sequence[Need] = ()
    # What to do with the address of our webhook, if people enter it at the provider by hand.
    address_for: str = ""
    # What makes the provider call us for the first time.
    first_call: str = ""
    # What a sync brings, in plural and in singular.
    synced: str = "objects"
    synced_one: str = "object"
    # The configuration of the account that the sandbox plays. It is asked for only if it does.
    pretend: Callable[[], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Connector:
    """How a project connects an account of the provider, and what happens with it then.

    Each function may block for seconds and runs in a worker, outside of any transaction. Besides
    what is named here, each may raise `TryAgain`, `GiveUp` and `Drop` of `core.outbox`.
    """

    keys: Sequence[ConfigKey]
    # The account's own key, from a cleaned configuration. Raises `Invalid` if required parts are
    # missing or do not fit together.
    account_of: Callable[[Mapping[str, str]], str]
    # Ask the provider whether the configuration works. Raises `CheckRefused`.
    check: Callable[[Integration], Checked]
    # Work on a sync for a slice of time; see `integrations.services.keep_progress`.
    sync: Callable[[SyncRun], None] | None = None
    # Restore at the provider what it should know about us, such as webhook subscriptions.
    maintain: Callable[[Integration], None] | None = None
    # Tell the provider that the integration ends. It gets the secrets, because the integration no
    # longer has them.
    disconnect: Callable[[Integration, Mapping[str, str]], None] | None = None
    guide: Guide = field(default_factory=Guide)


@dataclass(frozen=True)
class Call:
    """A call of a provider as it came in. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    # The integration that the path names, if it names one.
    integration_id: str = ""

    @cached_property
    def payload(self) -> Any:
        """What the JSON in the body says; None if it cannot be read."""
        try:
            return read_payload(self.body)
        except Unreadable:
            return None


@dataclass(frozen=True)
class Webhook:
    """What a provider posts to us, and how we know that it did.

    The app serves it at `/api/v1/webhooks/<name of the provider>`. Each function but `handle` is
    quick and never raises, whatever the call contains.
    """

    max_body_bytes: int
    # The names of the headers that are kept with the body, in lower case. Never a secret one.
    kept_headers: Sequence[str]
    # The keys of the accounts that the call names. None if the call cannot name any. Then we try
    # the integrations of the provider, up to a limit, and those whose secrets sign the call get it.
    accounts: Callable[[Call], Sequence[str] | None]
    # Whether the call is signed with these secrets of an integration. Compares bytes in constant
    # time. A missing secret or signature never verifies.
    verifies: Callable[[Call, Mapping[str, str]], bool]
    topic: Callable[[Call], str]
    # Two keys that a call and its repeats have in common. The second may be empty.
    keys: Callable[[Call], tuple[str, str]]
    # Work on a stored delivery, in a worker and outside of any transaction. It may be called again
    # for the same delivery. Raises `Drop` to ignore it, `GiveUp` and `TryAgain`; anything else is a
    # defect, and is tried again too.
    handle: Callable[[InboundDelivery], None]
    # What the call is about, in at most 64 characters: the provider's id of an order, or a word of
    # the package's own. Empty if that does not matter.
    about: Callable[[Call], str] = lambda call: ""
    # The topics that are worked on even while the integration is paused.
    despite_pause: frozenset[str] = frozenset()
    # What the OpenAPI document says of it: what is sent, and how it is signed.
    description: str = ""
    # Example bodies as the provider sends them, each with a title that says what it is about.
    examples: Mapping[str, Any] = field(default_factory=dict)
    # Whether the path may continue with the id of an integration.
    names_integration: bool = False
    # Answer the provider's GET, which asks whether the address is ours: from the parameters of the
    # query and one version of an integration's secrets, return the text to answer with. None if
    # these secrets do not fit.
    handshake: Callable[[Mapping[str, str], Mapping[str, str]], str | None] | None = None
