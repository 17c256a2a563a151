"""The ways in which the members of a project hear of news: a socket, an e-mail, a chat.

An app registers each of its ways in `WAYS`. This app knows the ways of the apps above only from
this registry.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from accounts.access import Operation, Role
from accounts.models import Membership, User
from notifications.access import VIEW_MESSAGES
from notifications.models import Conversation, Message, NewsKind
from orderchainer.core.registry import Registry
from orders.access import VIEW_ORDERS
from orders.models import Order
from orders.stream.models import Event

# What a member must be allowed to do to hear of each kind of news.
OPERATION_OF: dict[NewsKind, Operation] = {
    NewsKind.INBOX: VIEW_MESSAGES,
    NewsKind.ASSIGNED: VIEW_MESSAGES,
    NewsKind.ORDERS: VIEW_ORDERS,
}


@dataclass(frozen=True)
class News:
    """Something that one member is to be told. It is about a conversation or about an order."""

    membership: Membership
    kind: NewsKind
    event: Event
    conversation: Conversation | None = None
    # The message that a customer wrote; None if the conversation was assigned.
    message: Message | None = None
    order: Order | None = None


@dataclass(frozen=True)
class Way:
    """A way to tell members of news.

    `send` is called in a worker for each piece of news of the kinds in `sends`. It may take
    seconds, and raises `TryAgain`, `GiveUp` or `Drop` of `core.outbox`. Other kinds reach the
    member this way without our help. In `sends`, only `assigned` may be on by default, since
    the other kinds concern everybody, and we look for members who asked for them.
    """

    name: str
    # Whether a member with that role hears of a kind unless they choose otherwise.
    is_on_by_default: Callable[[NewsKind, Role], bool]
    # Which of these users can be reached this way at all.
    reached: Callable[[Collection[int]], Collection[int]]
    sends: Collection[NewsKind] = ()
    send: Callable[[News], None] | None = None


# Ways by name.
WAYS: Registry[str, Way] = Registry("way to tell members")


def _everybody(user_ids: Collection[int]) -> Collection[int]:
    return user_ids


def with_confirmed_address(user_ids: Collection[int]) -> Collection[int]:
    """Return those of the users whom we may send e-mails about other people's words.

    Somebody may have signed up with an address that is not theirs.
    """
    confirmed = User.objects.filter(
        pk__in=user_ids, is_active=True, email_verified_at__isnull=False
    )
    return set(confirmed.values_list("pk", flat=True))


# The project's socket tells everybody of everything. The browser decides whether to ring.
SOCKET = Way("socket", is_on_by_default=lambda kind, role: True, reached=_everybody)
