"""Two contacts become one: what each had stays, and nobody waits for the other for ever."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Signal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from notifications.channels import Line, Person
from notifications.errors import ContactNotFound
from notifications.models import ChatInvitation, Contact, ContactAddress, Conversation, Message
from notifications.models.messages import ContentType
from notifications.services import (
    Recipient,
    accept_invitation,
    change_contact,
    change_person,
    invite,
    merge_contacts,
    set_blocked,
)
from notifications.tests.factories import ADA
from notifications.tests.pretend import DAY, Pretend, pretending
from notifications.tests.test_conversations import changes, receive
from notifications.tests.test_sending import send
from notifications.tests.test_waiting import SECONDS, waiting
from orderchainer.testing.processes import wait_until
from orderchainer.testing.races import on_postgresql, race

pytestmark = pytest.mark.django_db

BOB = Person(provider_id="US.2", number="4930123456", name="Bob")


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """Return a provider with invitations and a window of a day."""
    with pretending(monkeypatch, invitation=lambda line, token: token, window=DAY) as provider:
        yield provider


@contextmanager
def before(fragment: str, act: Callable[[], object]) -> Iterator[None]:
    """Call `act` once, before this connection's first statement that contains `fragment`."""
    has_acted = False

    def wrap(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal has_acted
        if fragment in sql and not has_acted:
            has_acted = True
            act()
        return execute(sql, *args)

    with connection.execute_wrapper(wrap):
        yield
    assert has_acted, f"no statement contains {fragment}"


# --- Invitations ------------------------------------------------------------------------------


def test_a_used_invitation_stays_used_when_its_address_goes(ours: Line) -> None:
    ada, eve = receive(ours).conversation.contact, Person(provider_id="666")
    token = invite(line=ours, contact=ada)
    follower = Person(provider_id="US.9", number="4930999999")
    assert accept_invitation(line=ours, token=token, person=follower)

    # The follower's old address is replaced by another one of theirs.
    receive(ours, "It is me", BOB)
    change_person(line=ours, old=follower, new=BOB, changed_at=timezone.now())

    assert not accept_invitation(line=ours, token=token, person=eve)
    assert accept_invitation(line=ours, token=token, person=BOB)
    assert ChatInvitation.objects.get().address.provider_id == "US.2"


def test_an_invitation_reaches_the_contact_that_its_own_has_become(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    elsewhere = pretend.add_line(agent.personal_project)
    first, second, third = (
        receive(elsewhere, person=Person(provider_id=f"US.{number}")).conversation.contact
        for number in (11, 12, 13)
    )
    token = invite(line=ours, contact=first)
    merge_contacts(contact=second, other=first, by=agent)
    merge_contacts(contact=third, other=second, by=agent)

    assert accept_invitation(line=ours, token=token, person=BOB)

    assert ContactAddress.objects.get(provider_id="US.2").contact == third
    assert Contact.objects.get() == third


# --- What the one contact is ------------------------------------------------------------------


@pytest.mark.parametrize("is_kept_blocked", [True, False], ids=["kept", "other"])
def test_a_blocked_contact_stays_blocked_and_all_conversations_are_put_away(
    agent: User, ours: Line, pretend: Pretend, is_kept_blocked: bool
) -> None:
    elsewhere = pretend.add_line(agent.personal_project)
    kept, other = receive(ours).conversation.contact, receive(ours, "Bob", BOB).conversation.contact
    for person, contact in ((ADA, kept), (BOB, other)):
        moved = receive(elsewhere, person=person).conversation.contact
        if person is BOB:
            merge_contacts(contact=contact, other=moved, by=agent)
    set_blocked(contact=kept if is_kept_blocked else other, is_blocked=True, by=agent)

    merge_contacts(contact=kept, other=other, by=agent)

    assert Contact.objects.get(pk=kept.pk).is_blocked
    talks = Conversation.objects.filter(contact=kept)
    assert {(talk.status, talk.unread) for talk in talks} == {("closed", 0)}
    assert not Message.objects.filter(conversation__in=talks, is_read=False).exists()
    assert {"is_blocked": True} in changes()


def test_the_window_is_that_of_the_address_to_which_answers_go(agent: User, ours: Line) -> None:
    now = timezone.now()
    ada = receive(ours, written_at=now)
    # Bob wrote long ago, and we heard of it only now.
    bob = receive(ours, "late", BOB, written_at=now - timedelta(hours=30))

    merge_contacts(contact=ada.conversation.contact, other=bob.conversation.contact, by=agent)

    conversation = Conversation.objects.get()
    assert conversation.address.provider_id == "US.2"
    assert conversation.address.window_until == bob.written_at + DAY
    assert ContactAddress.objects.get(provider_id="US.1").window_until == ada.written_at + DAY


# --- One person, two addresses -----------------------------------------------------------------


@pytest.mark.parametrize("number", ["16505551234", "+16505551234"])
def test_a_number_and_a_key_that_the_provider_ties_together_are_one_person(
    agent: User, ours: Line, number: str
) -> None:
    with_template = {"content_type": ContentType.TEMPLATE, "details": {"name": "hello"}}
    sent = send(agent, "", recipient=Recipient(phone="+16505551234"), **with_template)
    hidden = receive(ours, "I hide my number", Person(provider_id="US.1", username="ada"))
    assert sent.conversation != hidden.conversation

    shown = receive(ours, "Here it is", Person(provider_id="US.1", number=number))

    conversation = Conversation.objects.get()
    assert set(conversation.messages.all()) == {sent, hidden, shown}
    assert (Contact.objects.count(), conversation.unread) == (1, 2)
    address = ContactAddress.objects.get()
    assert (address.provider_id, address.number) == ("US.1", "16505551234")
    assert address.username == "ada"
    assert receive(ours, "Again", Person(number=number)).conversation == conversation


def test_a_number_with_another_key_joins_nobody(agent: User, ours: Line) -> None:
    receive(ours, "Bob", Person(provider_id="US.2", number="5215512345678"))
    receive(ours, "Ada", Person(provider_id="US.1"))

    receive(ours, "Ada again", Person(provider_id="US.1", number="5215512345678"))

    assert Contact.objects.count() == 2
    assert Conversation.objects.count() == 2


def test_a_late_message_that_makes_two_addresses_one_leaves_them_the_number(
    agent: User, ours: Line
) -> None:
    with_template = {"content_type": ContentType.TEMPLATE, "details": {"name": "hello"}}
    send(agent, "", recipient=Recipient(phone="+16505551234"), **with_template)
    both = Person(provider_id="US.1", number="16505551234")
    receive(ours, "Hidden", Person(provider_id="US.1"), provider_id="in-0")

    before = timezone.now() - timedelta(seconds=1)
    receive(ours, "Late", both, provider_id="in-1", written_at=before)
    receive(ours, "More", Person(number="16505551234"), provider_id="in-2")

    assert Contact.objects.count() == 1
    assert Conversation.objects.get().messages.count() == 4


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_messages_that_come_while_two_addresses_become_one_are_all_kept(
    agent: User, ours: Line
) -> None:
    with_template = {"content_type": ContentType.TEMPLATE, "details": {"name": "hello"}}
    send(agent, "", recipient=Recipient(phone="+16505551234"), **with_template)
    receive(ours, "Hidden", Person(provider_id="US.1"), provider_id="in-0")
    people = [
        Person(provider_id="US.1"),
        Person(number="16505551234"),
        Person(provider_id="US.1", number="16505551234"),
    ]

    outcomes = race(
        *[
            lambda number=number: receive(
                ours, "More", people[number % 3], provider_id=f"in-{number}"
            )
            for number in range(1, 10)
        ]
    )

    assert [each for each in outcomes if isinstance(each, Exception)] == []
    assert Contact.objects.count() == 1
    conversation = Conversation.objects.get()
    assert conversation.unread == 10
    assert conversation.messages.count() == 11


# --- Races ------------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_an_invitation_and_a_merge_of_the_same_contacts_do_not_block_each_other(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    elsewhere = pretend.add_line(agent.personal_project)
    ada = receive(elsewhere).conversation.contact
    bob = receive(ours, "Hello", BOB).conversation.contact
    token = invite(line=ours, contact=ada)
    is_here = Signal()

    def follow() -> bool:
        def let_the_merge_begin() -> None:
            is_here.set()
            wait_until(lambda: waiting() == 1, within_seconds=SECONDS, what="the merge")

        with before('INSERT INTO "notifications_chatinvitation"', let_the_merge_begin):
            return accept_invitation(line=ours, token=token, person=BOB)

    def merge() -> object:
        is_here.wait(SECONDS)
        return merge_contacts(contact=ada, other=bob, by=agent)

    followed, merged = race(follow, merge)

    # Whoever comes second finds that it is done.
    assert followed is True
    assert isinstance(merged, ContactNotFound)
    assert Contact.objects.get() == ada


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_merges_crosswise_make_one_contact(agent: User, ours: Line) -> None:
    ada, bob = receive(ours).conversation.contact, receive(ours, "Bob", BOB).conversation.contact

    outcomes = race(
        lambda: merge_contacts(contact=ada, other=bob, by=agent),
        lambda: merge_contacts(contact=bob, other=ada, by=agent),
    )

    assert sorted(type(each).__name__ for each in outcomes) == ["Contact", "ContactNotFound"]
    assert Contact.objects.count() == 1


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "gone"])
def test_notes_that_are_written_while_contacts_merge_are_kept_or_refused(
    agent: User, ours: Line, is_kept: bool
) -> None:
    ada, bob = receive(ours).conversation.contact, receive(ours, "Bob", BOB).conversation.contact
    noted = ada if is_kept else bob
    is_written = Signal()

    def note() -> object:
        def let_the_merge_begin() -> None:
            is_written.set()
            wait_until(lambda: waiting() == 1, within_seconds=SECONDS, what="the merge")

        with before('INSERT INTO "orders_event"', let_the_merge_begin):
            return change_contact(
                contact=noted, by=agent, changes={"notes": "Pays late.", "is_blocked": True}
            )

    def merge() -> object:
        is_written.wait(SECONDS)
        return merge_contacts(contact=ada, other=bob, by=agent)

    outcomes = race(note, merge)

    assert [each for each in outcomes if isinstance(each, Exception)] == []
    contact = Contact.objects.get()
    assert (contact.notes, contact.is_blocked) == ("Pays late.", True)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_contact_that_is_merged_away_meanwhile_is_not_found(agent: User, ours: Line) -> None:
    ada, bob = receive(ours).conversation.contact, receive(ours, "Bob", BOB).conversation.contact
    merge_contacts(contact=ada, other=Contact.objects.get(pk=bob.pk), by=agent)

    with pytest.raises(ContactNotFound):
        set_blocked(contact=bob, is_blocked=True, by=agent)
    with pytest.raises(ContactNotFound):
        change_contact(contact=bob, by=agent, changes={"notes": "Late."})
    with pytest.raises(ContactNotFound):
        merge_contacts(contact=ada, other=bob, by=agent)
