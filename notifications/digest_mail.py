"""E-mails that tell a member what is new in a project. They are written here when they are sent.

An e-mail leaves out what somebody has seen to since, and what its reader may not see any more. What
customers wrote is shown as text on one line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from accounts.access import may
from accounts.mail.composing import shown
from accounts.mail.letters import KINDS, LetterKind, Unwanted, Written
from accounts.models import Membership, OutgoingEmail
from notifications.channels import CHANNELS
from notifications.models import Conversation, DigestEntry, Message, NewsKind
from notifications.models.messages import Direction
from notifications.services.digests import EMAIL, TEAM_NEWS, close_digest
from notifications.services.preferences import preferences_of
from notifications.ways import OPERATION_OF
from orderchainer.core.printable import printable
from orders.lifecycle import GONE_WRONG, EventType, Status
from orders.models import Order

# An e-mail names this many conversations and this many orders, and counts the others.
MAX_LISTED = 10
EXCERPT_LENGTH = 200
TITLE_LENGTH = 80


@dataclass(frozen=True)
class TalkLine:
    """A conversation in which somebody waits."""

    contact: str
    channel: str
    unread: int
    # The newest message that nobody has read. Empty if there is none.
    excerpt: str
    is_own: bool


@dataclass(frozen=True)
class OrderLine:
    """An order, and what happened to it."""

    number: int
    title: str
    happened: str


def write_team_news(email: OutgoingEmail) -> Written:
    """Write the e-mail of a digest, and close the digest. Raises `Unwanted`."""
    digest = close_digest(int(email.data["digest_id"]))
    if digest is None:
        raise Unwanted("They have left the project.")
    membership = digest.membership
    user, project = membership.user, membership.project
    if not project.is_active or not EMAIL.reached({user.pk}):
        raise Unwanted("The project is closed, or the account is, or its address is not confirmed.")
    entries = list(_wanted(membership, digest.entries.order_by("pk")))
    talks = _conversations_in(entries, membership)
    orders = _orders_in(entries)
    if not talks and not orders:
        raise Unwanted("Somebody has seen to everything.")
    name = shown(project.name)
    path = reverse("news", kwargs={"project_id": project.uuid})
    return Written(
        to=user.email,
        subject=f"{name}: {_counted(len(talks), len(orders))}",
        context={
            "name": shown(user.name),
            "project": name,
            "link": f"{settings.PUBLIC_URL}{path}",
            "talks": _lines_of(talks[:MAX_LISTED], membership),
            "more_talks": max(0, len(talks) - MAX_LISTED),
            "orders": orders[:MAX_LISTED],
            "more_orders": max(0, len(orders) - MAX_LISTED),
        },
    )


def _wanted(membership: Membership, entries: QuerySet[DigestEntry]) -> Iterator[DigestEntry]:
    """Keep what the member may and wants to hear of by now."""
    preferences = preferences_of(membership)
    for entry in entries:
        kind = NewsKind(entry.kind)
        if may(membership.role, OPERATION_OF[kind]) and preferences[kind][EMAIL.name]:
            yield entry


def _counted(talks: int, orders: int) -> str:
    counts = {"conversation": talks, "order": orders}
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items() if n)


# --- Conversations ----------------------------------------------------------------------------


def _conversations_in(
    entries: Sequence[DigestEntry], membership: Membership
) -> Sequence[Conversation]:
    """Return the conversations in which somebody still waits, in the order of their entries."""
    kinds: dict[int, set[str]] = {}
    for entry in entries:
        if entry.conversation_id is not None:
            kinds.setdefault(entry.conversation_id, set()).add(entry.kind)
    found = Conversation.objects.filter(contact__is_blocked=False).in_bulk(list(kinds))
    talks = [found[pk] for pk in kinds if pk in found]
    return [talk for talk in talks if _still_waits(talk, kinds[talk.pk], membership)]


def _still_waits(talk: Conversation, kinds: set[str], membership: Membership) -> bool:
    is_own = talk.assignee_id == membership.user_id
    if kinds == {NewsKind.ASSIGNED} and not is_own:
        return False
    return talk.unread > 0 or (is_own and talk.status == Conversation.Status.OPEN)


def _lines_of(talks: Sequence[Conversation], membership: Membership) -> Sequence[TalkLine]:
    newest = Message.objects.filter(
        conversation=OuterRef("pk"), direction=Direction.INBOUND, is_read=False, deleted_at=None
    ).order_by("-written_at", "-pk")
    rows = Conversation.objects.filter(pk__in=[talk.pk for talk in talks]).annotate(
        newest_content=Subquery(newest.values("content")[:1]),
        newest_type=Subquery(newest.values("content_type")[:1]),
    )
    found = {row.pk: row for row in rows.select_related("contact", "address")}
    return [
        TalkLine(
            contact=_called(found[talk.pk]),
            channel=_label_of(talk.channel),
            unread=talk.unread,
            excerpt=excerpt_of(found[talk.pk].newest_content, found[talk.pk].newest_type),
            is_own=talk.assignee_id == membership.user_id,
        )
        for talk in talks
    ]


def _called(talk: Conversation) -> str:
    address = talk.address
    name = talk.contact.name or address.username or address.phone or address.number
    return cut(name, TITLE_LENGTH) or "Somebody"


def _label_of(channel: str) -> str:
    return CHANNELS[channel].label if channel in CHANNELS else channel


def excerpt_of(content: str | None, content_type: str | None) -> str:
    """Return the beginning of a message on one line; its kind if it has no text."""
    text = cut(content or "", EXCERPT_LENGTH)
    return text or (f"({content_type})" if content_type else "")


def cut(text: str, most: int) -> str:
    """Return the beginning of a text on one line, without characters that hide or turn others."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


# --- Orders -----------------------------------------------------------------------------------

_HAPPENED: Mapping[str, str] = {
    EventType.READY: "is ready: it no longer waits for any other order",
    EventType.BLOCKED: "is blocked by an order that went wrong",
}
_BECAME: Mapping[str, str] = {Status.FAILED: "failed", Status.CANCELLED: "was cancelled"}


def _orders_in(entries: Sequence[DigestEntry]) -> Sequence[OrderLine]:
    """Return the orders whose latest news is still true."""
    last: dict[int, DigestEntry] = {}
    for entry in entries:
        if entry.order_id is not None:
            last.pop(entry.order_id, None)
            last[entry.order_id] = entry
    found = Order.objects.with_ready().in_bulk(list(last))
    return [
        OrderLine(
            pk,
            cut(found[pk].title, TITLE_LENGTH),
            happened_to(entry.event_type, entry.order_status),
        )
        for pk, entry in last.items()
        if pk in found and _is_true(entry, found[pk])
    ]


def happened_to(event_type: str, status: str) -> str:
    """Say what an event made of an order. A new order was created, or has left the draft."""
    return _HAPPENED.get(event_type) or _BECAME.get(status, "is new")


def _is_true(entry: DigestEntry, order: Order) -> bool:
    is_ready = bool(order.ready)  # type: ignore[attr-defined]  # annotated
    match entry.event_type:
        case EventType.READY:
            return is_ready and order.status == entry.order_status
        case EventType.BLOCKED:
            return not is_ready
    if entry.order_status in GONE_WRONG:
        return order.status == entry.order_status
    # It may have become active by itself, which makes it no less new.
    return order.status in {Status.PENDING, Status.ACTIVE}


KINDS.add(TEAM_NEWS, LetterKind("News of a project", write_team_news, is_repeatable=True))
