"""Whoever waits for a lock goes on with how things are after it, not with what was read before."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event as Signal

import pytest
from django.db import connection, transaction

from accounts.models import User
from notifications.channels import CHANNELS, Accepted, IncomingFile, Line, Outgoing, Person
from notifications.models import Attachment, ChatInvitation, Contact, Conversation, Message
from notifications.services import (
    accept_invitation,
    change_conversation,
    invite,
    link_to_order,
    merge_contacts,
    receive_deletion,
    receive_edit,
    receive_message,
    receive_reaction,
    set_blocked,
)
from notifications.tests.factories import ADA, incoming
from notifications.tests.pretend import PRETEND, Pretend
from notifications.tests.test_conversations import AT, receive
from notifications.tests.test_sending import send, work
from notifications.work import fetching
from orderchainer.core.errors import Invalid
from orderchainer.testing.processes import wait_until
from orderchainer.testing.races import on_postgresql, race
from orders.services import delete_order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = [on_postgresql, pytest.mark.django_db(transaction=True)]

SECONDS = 10.0


def waiting() -> int:
    """Return how many connections wait for a lock, of ours or of each other."""
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL would repeat what it said first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_what_happens_to_messages_while_they_move_is_not_lost(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    kept = receive(ours, "I am Ada", Person("US.2", "4930123456", name="Ada")).conversation
    edited = receive(ours, "I want two", provider_id="in-1")
    deleted = receive(ours, "Never mind", provider_id="in-2")
    sent = send(agent, "Thank you!")
    assert sent.conversation_id == edited.conversation_id != kept.pk
    is_called, is_moved = Signal(), Signal()

    def accept(outgoing: Outgoing) -> Accepted:
        is_called.set()
        is_moved.wait(SECONDS)
        return Accepted("out-1")

    pretend.script = [accept]

    def merge() -> None:
        is_called.wait(SECONDS)
        with transaction.atomic():
            other = Contact.objects.get(pk=edited.conversation.contact_id)
            merge_contacts(contact=kept.contact, other=other, by=agent)
            is_moved.set()
            wait_until(lambda: waiting() == 3, within_seconds=SECONDS, what="three")

    def edit() -> None:
        is_moved.wait(SECONDS)
        receive_edit(line=ours, provider_id="in-1", content="I want three", edited_at=AT)

    def delete() -> None:
        is_moved.wait(SECONDS)
        receive_deletion(line=ours, provider_id="in-2", deleted_at=AT)

    assert race(merge, edit, delete, work) == [None, None, None, None]

    for message in (edited, deleted, sent):
        message.refresh_from_db()
        assert message.conversation_id == kept.pk
    assert (edited.content, deleted.deleted_at) == ("I want three", AT)
    assert (sent.status, sent.provider_id, pretend.texts) == ("sent", "out-1", ["Thank you!"])
    told = Event.objects.filter(type="conversation_changed", subject_uuid=kept.uuid)
    named = {name for event in told for name in event.data["changes"]}
    assert named >= {"merged", "edited", "deleted"}


def test_a_message_that_waits_for_a_block_is_no_news(agent: User, ours: Line) -> None:
    contact = receive(ours, "one").conversation.contact
    is_blocked = Signal()

    def block() -> None:
        with transaction.atomic():
            set_blocked(contact=contact, is_blocked=True, by=agent)
            is_blocked.set()
            wait_until(lambda: waiting() == 1, within_seconds=SECONDS, what="one")

    def write() -> None:
        is_blocked.wait(SECONDS)
        receive_message(line=ours, incoming=incoming("two", person=ADA))

    assert race(block, write) == [None, None]

    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.unread) == ("closed", 0)
    assert Message.objects.get(content="two").is_read
    assert Event.objects.filter(type="message_received").count() == 1


@pytest.mark.parametrize("what", ["edit", "deletion", "reaction", "order", "file"])
def test_the_last_event_of_a_conversation_says_how_it_is(
    agent: User, ours: Line, pretend: Pretend, what: str
) -> None:
    message = receive(ours, "I want two", provider_id="in-1", files=[IncomingFile("file-1")])
    pretend.files["file-1"] = b"%PDF-1.7 an invoice"
    is_closed = Signal()
    acts: Mapping[str, Callable[[], object]] = {
        "edit": lambda: receive_edit(
            line=ours, provider_id="in-1", content="I want three", edited_at=AT
        ),
        "deletion": lambda: receive_deletion(line=ours, provider_id="in-1", deleted_at=AT),
        "reaction": lambda: receive_reaction(
            line=ours, provider_id="in-1", person=ADA, emoji="👍", set_at=AT
        ),
        "order": lambda: link_to_order(message=message, order=make_order(agent), by=agent),
        "file": lambda: fetching.fetch_file(Attachment.objects.get().pk),
    }

    def close() -> None:
        with transaction.atomic():
            change_conversation(
                conversation=message.conversation, by=agent, changes={"status": "closed"}
            )
            is_closed.set()
            # Without the lock of the conversation, nobody would wait here.
            wait_until(lambda: waiting() == 1, within_seconds=SECONDS, what="the other one")

    def act() -> None:
        is_closed.wait(SECONDS)
        acts[what]()

    assert race(close, act) == [None, None]

    told = Event.objects.filter(type="conversation_changed").order_by("pk")
    assert [event.data["status"] for event in told] == ["closed", "closed"]


@pytest.mark.parametrize("how", ["send", "answer", "link", "receive", "follow"])
def test_an_order_that_is_deleted_meanwhile_is_refused(
    agent: User, ours: Line, pretend: Pretend, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with_links = replace(CHANNELS[PRETEND], invitation=lambda line, token: token)
    monkeypatch.setitem(CHANNELS._values, PRETEND, with_links)
    order = make_order(agent, customer_phone=f"+{ADA.number}")
    message = receive(ours, "Where is it?")
    contact = message.conversation.contact
    token = invite(line=ours, contact=contact, order=order)
    if how == "answer":
        link_to_order(message=message, order=order, by=agent)
        message.refresh_from_db()
    is_deleted = Signal()
    acts: Mapping[str, Callable[[], object]] = {
        "receive": lambda: receive(ours, "Is it coming?"),
        "follow": lambda: accept_invitation(line=ours, token=token, person=ADA),
        "send": lambda: send(agent, order=order),
        "answer": lambda: send(agent, reply_to=message),
        "link": lambda: link_to_order(message=message, order=order, by=agent),
    }

    def delete() -> None:
        with transaction.atomic():
            delete_order(order_id=order.pk, by=agent)
            is_deleted.set()
            wait_until(lambda: waiting() == 1, within_seconds=SECONDS, what="the other one")

    def act() -> object:
        is_deleted.wait(SECONDS)
        return acts[how]()

    deleted, acted = race(delete, act)

    assert deleted is None
    if how in {"answer", "receive"}:
        # Nobody named the order, so the message goes without it.
        assert isinstance(acted, Message)
        assert acted.order is None
    elif how == "follow":
        assert acted is True
        assert ChatInvitation.objects.get().order is None
    else:
        assert isinstance(acted, Invalid)
        assert list(acted.errors) == ["order_id"]
