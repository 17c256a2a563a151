"""News for a member that come at the same moment, or while an e-mail is written."""

import pytest
from django.db import IntegrityError, connection

from accounts.models import Membership
from accounts.tests.factories import make_user
from notifications.models import Digest, DigestEntry, NewsKind
from notifications.services import digests, receive_message
from notifications.services.digests import add_to_digest, close_digest
from notifications.tests.factories import incoming, make_line
from notifications.ways import News
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream.models import Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services, on_postgresql]

ADDING = 'INSERT INTO "notifications_digestentry"'
BEGINNING = 'INSERT INTO "notifications_digest"'


@pytest.fixture
def membership() -> Membership:
    return make_user().memberships.get()


def news_for(membership: Membership, content: str = "Hello") -> News:
    """Have a customer write, and return that as news."""
    message = receive_message(line=make_line(membership.project), incoming=incoming(content))
    assert message is not None
    event = Event.objects.get(type="message_received", subject_uuid=message.uuid)
    return News(membership, NewsKind.INBOX, event, message.conversation, message)


def unlocked(membership_id: int) -> Membership | None:
    """Find the membership as `_hold` does, and do not lock it."""
    return Membership.objects.select_related("user").filter(pk=membership_id).first()


def add_twice(membership: Membership) -> list[Exception | None]:
    """Add two pieces of news at once, and meet where each begins a digest."""
    first, second = news_for(membership), news_for(membership)
    return race(
        lambda: add_to_digest(first), lambda: add_to_digest(second), meeting=Meeting(BEGINNING)
    )


def close_while_adding(membership: Membership) -> tuple[int, Digest]:
    """Write an e-mail while news is added to it.

    Return how many entries the e-mail tells of, and the digest in which the second one is.
    """
    add_to_digest(news_for(membership))
    digest_id = Digest.objects.get().pk
    late = news_for(membership)

    def write() -> int:
        close_digest(digest_id)
        told = DigestEntry.objects.filter(digest=digest_id).count()
        with connection.cursor() as cursor:
            # To meet the other thread after reading.
            cursor.execute(f"SELECT 1 /* {ADDING} */")
        return told

    told, added = race(write, lambda: add_to_digest(late), meeting=Meeting(ADDING))
    assert isinstance(told, int)
    assert added is None
    return told, DigestEntry.objects.get(event_id=late.event.event_id).digest


def test_two_pieces_of_news_at_once_begin_one_digest(membership: Membership) -> None:
    assert add_twice(membership) == [None, None]

    assert Digest.objects.get().entries.count() == 2


def test_without_the_lock_one_of_them_fails(
    membership: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "_hold", unlocked)

    outcomes = add_twice(membership)

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [IntegrityError]


def test_news_that_comes_while_the_email_is_written_is_in_it_or_in_the_next(
    membership: Membership,
) -> None:
    told, digest = close_while_adding(membership)

    assert told == 2 or digest.closed_at is None


def test_without_the_lock_it_would_be_in_none(
    membership: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "_hold", unlocked)

    told, digest = close_while_adding(membership)

    assert told == 1
    assert digest.closed_at is not None
