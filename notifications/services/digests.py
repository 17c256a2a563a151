"""E-mails to members: what is news to a member is collected, and goes out in one e-mail."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, OutgoingEmail
from accounts.services import queue_email
from notifications.models import Digest, DigestEntry, NewsKind
from notifications.ways import News, Way, with_confirmed_address
from orderchainer.core.outbox import Drop

# The kind of the e-mail.
TEAM_NEWS = "team_news"
# How long we wait after the first entry, in case somebody sees to it at once.
QUIET = timedelta(minutes=2)
# A member gets at most one e-mail of a project in this time.
INTERVAL = timedelta(minutes=15)
# How long we keep the record of what went out.
KEPT_FOR = timedelta(days=30)


@transaction.atomic
def add_to_digest(news: News) -> None:
    """Add news to the member's open digest, or begin one. The same event again adds nothing.

    Raises `Drop` if the member has just left.
    """
    membership = _hold(news.membership.pk)
    if membership is None:
        raise Drop("They have left the project.")
    if DigestEntry.objects.filter(membership=membership, event_id=news.event.event_id).exists():
        return
    DigestEntry.objects.create(
        digest=_open_digest(membership),
        membership=membership,
        event_id=news.event.event_id,
        kind=news.kind,
        event_type=news.event.type,
        conversation=news.conversation,
        order=news.order,
        order_status=_status_in(news) if news.order else "",
    )


def _status_in(news: News) -> str:
    """Return the status to which an event brought an order, or that the order had then."""
    data = news.event.data
    return str(data.get("new_status", data["status"]))


@transaction.atomic
def close_digest(digest_id: int) -> Digest | None:
    """Return a digest that is to be written, with its member. From now on it takes no entries.

    Return None if it is gone, because the member has left.
    """
    found = Digest.objects.filter(pk=digest_id).values_list("membership_id", flat=True).first()
    if found is None or _hold(found) is None:
        return None
    digest = Digest.objects.select_related("membership__user", "membership__project").filter(
        pk=digest_id
    )
    closed = digest.first()
    if closed is not None and closed.closed_at is None:
        closed.closed_at = timezone.now()
        closed.save(update_fields=["closed_at"])
    return closed


def forget_digests() -> int:
    """Delete old digests; return how many. Nobody is told of an event that old any more."""
    old = Digest.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    _, deleted = old.delete()
    return deleted.get(Digest._meta.label, 0)


def _hold(membership_id: int) -> Membership | None:
    """Lock a membership, so that a digest does not close while something is added to it."""
    rows = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("user")
    return rows.filter(pk=membership_id).first()


def _open_digest(membership: Membership) -> Digest:
    """Return the digest of a locked member that still takes entries, or begin one."""
    now = timezone.now()
    last = Digest.objects.filter(membership=membership)
    is_open = last.filter(closed_at=None).select_related("email").first()
    if is_open is not None:
        email = is_open.email
        if email is not None and email.state == OutgoingEmail.State.PENDING:
            return is_open
        # Its e-mail came to an end before it was ever written.
        is_open.closed_at = now
        is_open.save(update_fields=["closed_at"])
    digest = Digest.objects.create(membership=membership, created_at=now)
    digest.email = queue_email(
        kind=TEAM_NEWS,
        recipient=membership.user.email,
        data={"digest_id": digest.pk},
        delay=_delay(membership, now),
    )
    digest.save(update_fields=["email"])
    return digest


def _delay(membership: Membership, now: datetime) -> timedelta:
    # One without anything left to tell was dropped, and does not count.
    State = OutgoingEmail.State
    written = Digest.objects.filter(
        membership=membership, email__state__in=[State.PENDING, State.SENT]
    )
    last = written.order_by("-closed_at").values_list("closed_at", flat=True).first()
    return max(QUIET, last + INTERVAL - now) if last is not None else QUIET


# By default only what waits for the member in person comes by e-mail.
EMAIL = Way(
    "email",
    is_on_by_default=lambda kind, role: kind == NewsKind.ASSIGNED,
    reached=with_confirmed_address,
    sends=frozenset(NewsKind),
    send=add_to_digest,
)
