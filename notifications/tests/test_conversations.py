"""What members do with conversations, and what becomes of the people in them."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from string import ascii_letters
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.errors import RoleNotEnough
from accounts.models import Membership, User
from accounts.tests.factories import make_user
from notifications import tasks
from notifications.channels import Line, Person
from notifications.models import (
    ChatInvitation,
    Contact,
    ContactAddress,
    Conversation,
    Message,
    Reaction,
)
from notifications.models.messages import ContentType
from notifications.services import (
    ConversationChanges,
    Recipient,
    accept_invitation,
    change_conversation,
    change_person,
    invite,
    link_to_order,
    mark_conversation_read,
    mark_read,
    merge_contacts,
    receive_deletion,
    receive_message,
    receive_reaction,
    set_blocked,
    set_reachable,
)
from notifications.tests.factories import ADA, incoming
from notifications.tests.pretend import DAY, Pretend, pretending
from notifications.tests.test_sending import send, work
from notifications.work import waking
from orderchainer.core.errors import Invalid, NothingToChange
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def receive(line: Line, content: str = "Hello", person: Person = ADA, **parts: Any) -> Message:
    """Receive a message."""
    message = receive_message(line=line, incoming=incoming(content, person=person, **parts))
    assert message is not None
    return message


def changes() -> list[dict[str, Any]]:
    """Return what the events about conversations told, in their order."""
    events = Event.objects.filter(type="conversation_changed").order_by("pk")
    return [event.data["changes"] for event in events]


# --- Reading ----------------------------------------------------------------------------------


def test_a_message_is_read_once(agent: User, ours: Line, pretend: Pretend) -> None:
    first, second = receive(ours, "one"), receive(ours, "two")

    for _ in range(2):
        assert mark_read(message=first, by=agent).is_read

    conversation = Conversation.objects.get()
    assert conversation.unread == 1
    assert changes() == [{"read": str(first.uuid)}]
    tasks.tell_read(first.pk)
    tasks.tell_read(second.pk)
    assert pretend.read == [(ours.uuid, first.provider_id)]


def test_a_whole_conversation_is_read(agent: User, ours: Line) -> None:
    for number in range(3):
        receive(ours, f"{number}")
    conversation = Conversation.objects.get()

    for _ in range(2):
        assert mark_conversation_read(conversation=conversation, by=agent).unread == 0

    assert not Message.objects.filter(is_read=False).exists()
    assert changes() == [{"unread": 0}]


def test_viewers_change_nothing(agent: User, ours: Line) -> None:
    message = receive(ours)
    viewer = make_user()
    Membership.objects.create(project=agent.personal_project, user=viewer, role="viewer")

    for refused in (
        lambda: mark_read(message=message, by=viewer),
        lambda: mark_conversation_read(conversation=message.conversation, by=viewer),
        lambda: link_to_order(message=message, order=None, by=viewer),
        lambda: set_blocked(contact=message.conversation.contact, is_blocked=True, by=viewer),
        lambda: change_conversation(
            conversation=message.conversation, by=viewer, changes={"status": "closed"}
        ),
    ):
        with pytest.raises(RoleNotEnough):
            refused()

    assert changes() == []


# --- Caring for -------------------------------------------------------------------------------


def test_a_conversation_is_assigned_snoozed_and_woken(agent: User, ours: Line) -> None:
    conversation = receive(ours).conversation
    until = timezone.now() + timedelta(hours=1)

    changed = change_conversation(
        conversation=conversation,
        by=agent,
        changes={"status": "snoozed", "snoozed_until": until, "assignee": agent},
    )

    assert (changed.status, changed.snoozed_until, changed.assignee) == ("snoozed", until, agent)
    assert waking.wake_snoozed() == 0
    Conversation.objects.update(snoozed_until=timezone.now())
    assert waking.wake_snoozed() == 1
    assert waking.wake_snoozed() == 0
    conversation.refresh_from_db()
    assert (conversation.status, conversation.snoozed_until) == ("open", None)
    assert changes() == [
        {"status": "snoozed", "snoozed_until": until.isoformat(), "assignee": str(agent.uuid)},
        {"status": "open"},
    ]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"status": "asleep"}, "status"),
        ({"status": "snoozed"}, "snoozed_until"),
        ({"status": "snoozed", "snoozed_until": AT}, "snoozed_until"),
        ({"status": "open", "snoozed_until": AT}, "snoozed_until"),
    ],
)
def test_impossible_changes_are_refused(
    agent: User, ours: Line, wanted: ConversationChanges, field: str
) -> None:
    conversation = receive(ours).conversation

    with pytest.raises(Invalid) as refused:
        change_conversation(conversation=conversation, by=agent, changes=wanted)
    assert list(refused.value.errors) == [field]
    with pytest.raises(NothingToChange):
        change_conversation(conversation=conversation, by=agent, changes={})
    with pytest.raises(Invalid):
        change_conversation(conversation=conversation, by=agent, changes={"assignee": make_user()})

    conversation.refresh_from_db()
    assert (conversation.status, conversation.version) == ("open", 2)
    assert changes() == []


def test_a_person_says_which_order_a_message_is_about(agent: User, ours: Line) -> None:
    message, order = receive(ours), make_order(agent)

    assert link_to_order(message=message, order=order, by=agent).order == order
    link_to_order(message=message, order=order, by=agent)
    with pytest.raises(Invalid):
        link_to_order(message=message, order=make_order(make_user()), by=agent)

    linked = {"message_id": str(message.uuid), "order_id": str(order.uuid)}
    assert changes() == [{"linked": linked}]


# --- What people do with their messages -------------------------------------------------------


def test_a_reaction_is_set_replaced_and_removed_in_the_order_of_its_moments(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    receive(ours)
    message = send(agent)
    work()

    def react(emoji: str, seconds: int, person: Person = ADA) -> None:
        receive_reaction(
            line=ours,
            provider_id="id-1",
            person=person,
            emoji=emoji,
            set_at=AT + timedelta(seconds=seconds),
        )

    react("👍", 1)
    react("👍", 1)
    react("❤️", 3)
    react("😢", 2)
    react("💣", 9, Person(provider_id="US.2"))
    assert Reaction.objects.get(message=message).emoji == "❤️"
    # The same once more is no news, but what is older than that comes too late.
    react("❤️", 6)
    react("😢", 5)
    react("", 7)
    react("😢", 6)

    assert Reaction.objects.get(message=message).emoji == ""
    assert Message.objects.count() == 2
    assert [each["reaction"]["emoji"] for each in changes()] == ["👍", "❤️", ""]


def test_a_deleted_message_keeps_what_it_said(ours: Line) -> None:
    message = receive(ours, "I agree to 50 EUR", provider_id="5")

    for _ in range(2):
        receive_deletion(line=ours, provider_id="5", deleted_at=AT)
    assert receive_deletion(line=ours, provider_id="unknown", deleted_at=AT) is None

    message.refresh_from_db()
    assert (message.content, message.deleted_at) == ("I agree to 50 EUR", AT)
    assert changes() == [{"deleted": str(message.uuid)}]


# --- Contacts ---------------------------------------------------------------------------------


def test_a_person_with_a_new_number_keeps_their_history(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = receive(ours)

    for _ in range(2):
        change_person(
            line=ours,
            old=ADA,
            new=Person(number="4930123456", provider_id="US.9"),
            changed_at=timezone.now(),
        )
    again = receive(ours, "It is me", Person(number="4930123456"))

    assert again.conversation == message.conversation
    address = ContactAddress.objects.get()
    assert (address.number, address.phone, address.provider_id) == (
        "4930123456",
        "+4930123456",
        "US.9",
    )
    send(agent, recipient=Recipient(contact_id=message.conversation.contact.uuid))
    work()
    assert pretend.asked[0].number == "4930123456"


def test_a_person_who_wrote_with_the_new_number_first_is_one_contact(ours: Line) -> None:
    old = receive(ours, "old")
    new = receive(ours, "new", Person(number="4930123456", provider_id="US.9"))

    changed_at = new.written_at - timedelta(seconds=1)
    for _ in range(2):
        change_person(line=ours, old=ADA, new=Person(number="4930123456"), changed_at=changed_at)

    conversation = Conversation.objects.get()
    assert (conversation.pk, conversation.unread) == (old.conversation_id, 2)
    assert set(conversation.messages.all()) == {old, new}
    assert ContactAddress.objects.get().provider_id == "US.9"
    assert Contact.objects.count() == 1


BOB = Person(provider_id="US.2", number="4930123456", name="Bob")


@pytest.mark.parametrize("key", ["US.9", ""], ids=["with-a-key", "without-a-key"])
def test_whoever_had_the_new_number_before_loses_it_and_stays_somebody_else(
    agent: User, ours: Line, pretend: Pretend, key: str
) -> None:
    adas, bobs = receive(ours, "Ada"), receive(ours, "Bob", BOB)

    for _ in range(2):
        change_person(
            line=ours,
            old=ADA,
            new=Person(provider_id=key, number=BOB.number),
            changed_at=timezone.now(),
        )
    again = receive(ours, "It is me", Person(provider_id="US.9", number=BOB.number))

    assert again.conversation == adas.conversation
    assert set(bobs.conversation.messages.all()) == {bobs}
    assert Contact.objects.count() == 2
    places = ContactAddress.objects.order_by("pk").values_list("provider_id", "number", "phone")
    assert list(places) == [("US.9", BOB.number, "+4930123456"), ("US.2", "", "")]
    for recipient in (adas.conversation.contact, bobs.conversation.contact):
        send(agent, recipient=Recipient(contact_id=recipient.uuid))
    work()
    went_to = {(each.provider_id, each.number) for each in pretend.asked}
    assert went_to == {("US.9", BOB.number), ("US.2", "")}


def test_a_change_told_again_gives_nobody_else_the_number(ours: Line) -> None:
    old, new = Person(number="16505551234"), Person(number="4930123456")
    receive(ours, "Ada", old)
    changed_at = timezone.now()
    change_person(line=ours, old=old, new=new, changed_at=changed_at)
    # Later, somebody else gets her old number and writes.
    theirs = receive(ours, "I am new here", Person(number=old.number))

    change_person(line=ours, old=old, new=new, changed_at=changed_at)

    numbers = ContactAddress.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [new.number, old.number]
    assert set(theirs.conversation.messages.all()) == {theirs}


# Ada gets the number that Bob had. Nobody tells us her new key.
CHANGED = Person(number=BOB.number)
ADA_NOW = Person(provider_id="US.9", number=BOB.number, name="Ada")


def second(number: int) -> datetime:
    return AT + timedelta(seconds=number)


def threads() -> dict[str, set[str]]:
    """Return what was said in each conversation, by the name of its contact."""
    talks = Conversation.objects.all()
    said = {talk: set(talk.messages.values_list("content", flat=True)) for talk in talks}
    assert Contact.objects.count() == len(said)
    return {talk.contact.name: contents for talk, contents in said.items()}


@pytest.mark.parametrize("key", ["", "US.9"], ids=["without-a-key", "with-a-key"])
def test_what_comes_late_or_again_after_a_change_of_number_makes_nobody_of_two_strangers(
    ours: Line, key: str
) -> None:
    def say(content: str, person: Person, at: int) -> None:
        told = incoming(content, person=person, provider_id=content, written_at=second(at))
        receive_message(line=ours, incoming=told)

    def change() -> None:
        new = Person(provider_id=key, number=CHANGED.number)
        change_person(line=ours, old=ADA, new=new, changed_at=second(10))

    say("Ada 1", ADA, 1)
    later = [
        lambda: say("Bob 2", BOB, 2),
        lambda: say("Ada 11", ADA_NOW, 11),
        lambda: say("Ada 1", ADA, 1),
        change,
    ]
    for order in permutations(later):
        sid = transaction.savepoint()
        for tell in [*order, *order]:
            tell()

        assert threads() == {"Ada": {"Ada 1", "Ada 11"}, "Bob": {"Bob 2"}}, order
        places = ContactAddress.objects.order_by("provider_id")
        assert list(places.values_list("provider_id", "number")) == [
            ("US.2", ""),
            ("US.9", BOB.number),
        ]
        transaction.savepoint_rollback(sid)


@pytest.mark.parametrize("key", ["", "US.9"], ids=["without-a-key", "with-a-key"])
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_a_late_message_of_whoever_had_the_number_before_leaves_it_to_its_owner(
    ours: Line, key: str, is_known: bool
) -> None:
    receive(ours, "Ada 1", ADA, written_at=second(1))
    if is_known:
        receive(ours, "Bob 2", BOB, written_at=second(2))
    new = Person(provider_id=key, number=CHANGED.number)
    change_person(line=ours, old=ADA, new=new, changed_at=second(10))

    receive(ours, "Bob 3", BOB, written_at=second(3))

    assert ContactAddress.objects.get(number=BOB.number).contact.name == "Ada"
    receive(ours, "Ada 11", ADA_NOW, written_at=second(11))
    assert threads() == {
        "Ada": {"Ada 1", "Ada 11"},
        "Bob": {"Bob 2", "Bob 3"} if is_known else {"Bob 3"},
    }
    places = ContactAddress.objects.order_by("provider_id").values_list("provider_id", "number")
    assert list(places) == [("US.2", ""), ("US.9", BOB.number)]


def test_a_message_that_came_before_makes_no_empty_contact_after_a_change_of_number(
    ours: Line,
) -> None:
    told = incoming(written_at=AT)
    receive_message(line=ours, incoming=told)
    change_person(line=ours, old=ADA, new=CHANGED, changed_at=second(10))

    assert receive_message(line=ours, incoming=told) is None

    assert Contact.objects.count() == 1
    assert ContactAddress.objects.get().number == CHANGED.number


def test_a_number_that_a_member_typed_is_not_that_of_whoever_had_it_before(
    agent: User, ours: Line
) -> None:
    receive(ours, "Ada 1", ADA, written_at=second(1))
    template = {"content_type": ContentType.TEMPLATE, "details": {"name": "hello"}}
    send(agent, "", recipient=Recipient(phone=f"+{BOB.number}"), **template)
    change_person(line=ours, old=ADA, new=CHANGED, changed_at=second(10))

    receive(ours, "Bob 3", BOB, written_at=second(3))

    assert threads() == {"Ada": {"Ada 1", ""}, "Bob": {"Bob 3"}}


def test_a_change_told_again_does_not_undo_a_later_one(ours: Line) -> None:
    person = Person(provider_id="US.1", number="16505551234")
    first, then = Person("US.1", "4930111111"), Person("US.1", "4930222222")
    receive(ours, person=person, written_at=AT)
    for at, new in ((10, first), (20, then), (10, first)):
        change_person(line=ours, old=person, new=new, changed_at=second(at))
    # What she wrote between the two comes late.
    receive(ours, person=first, written_at=second(15))
    assert ContactAddress.objects.get().number == then.number

    # A number that a message told of counts as much.
    receive(ours, person=Person("US.1", "4930333333"), written_at=second(30))
    change_person(line=ours, old=person, new=then, changed_at=second(20))

    assert ContactAddress.objects.get().number == "4930333333"


def test_a_change_told_again_does_not_move_whoever_has_the_old_number_since(ours: Line) -> None:
    old, new = Person(number="16505551234"), Person(number="4930999999")
    receive(ours, "Ada", old, written_at=AT)
    receive(ours, "Bob", BOB, written_at=AT)
    change_person(line=ours, old=old, new=new, changed_at=second(10))
    # Bob, whom we have known for as long, gets Ada's old number.
    change_person(line=ours, old=BOB, new=old, changed_at=second(20))

    change_person(line=ours, old=old, new=new, changed_at=second(10))

    numbers = ContactAddress.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [new.number, old.number]
    assert Contact.objects.count() == 2


def test_a_late_change_takes_no_number_from_whoever_has_written_with_it_since(ours: Line) -> None:
    receive(ours, "Ada", ADA, written_at=AT)
    receive(ours, "Bob", BOB, written_at=AT)
    receive(ours, "Bob again", BOB, written_at=second(20))

    change_person(line=ours, old=ADA, new=CHANGED, changed_at=second(10))

    numbers = ContactAddress.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [ADA.number, BOB.number]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_people_who_swap_their_numbers_do_not_block_each_other(ours: Line) -> None:
    receive(ours, "Ada", ADA, written_at=AT)
    receive(ours, "Bob", BOB, written_at=AT)
    swapped = [Person("US.1", BOB.number), Person("US.2", ADA.number)]
    meeting = Meeting('UPDATE "notifications_contactaddress" SET "number"')

    outcomes = race(
        *[lambda who=who: receive(ours, "New", who, written_at=second(9)) for who in swapped],
        meeting=meeting,
    )

    assert not meeting.was_complete
    assert [each for each in outcomes if isinstance(each, Exception)] == []
    numbers = ContactAddress.objects.order_by("pk").values_list("provider_id", "number")
    assert list(numbers) == [("US.1", BOB.number), ("US.2", ADA.number)]


def test_whoever_blocks_us_is_marked_and_comes_back(ours: Line) -> None:
    receive(ours)

    now = timezone.now()
    for _ in range(2):
        set_reachable(line=ours, person=ADA, is_reachable=False, at=now)
    assert ContactAddress.objects.get().unreachable_since == now
    set_reachable(line=ours, person=ADA, is_reachable=True, at=timezone.now())

    assert ContactAddress.objects.get().unreachable_since is None
    assert changes() == [{"is_reachable": False}, {"is_reachable": True}]


# What happened to Ada, second by second: she writes, blocks us, comes back, blocks us once more.
LIFE = [("write", 0), ("block", 10), ("return", 20), ("block", 30)]


def test_whether_somebody_can_be_reached_is_what_happened_last_in_whatever_order_we_hear_it(
    ours: Line,
) -> None:
    for number, order in enumerate(permutations(LIFE)):
        person = Person(provider_id=f"US.{number}")
        receive(ours, "long ago", person, written_at=AT - DAY)
        address = ContactAddress.objects.get(provider_id=person.provider_id)

        def hear(what: str, seconds: int, person: Person = person) -> None:
            at = AT + timedelta(seconds=seconds)
            if what == "write":
                told = incoming(person=person, provider_id=f"w-{person}", written_at=at)
                receive_message(line=ours, incoming=told)
            else:
                set_reachable(line=ours, person=person, is_reachable=what == "return", at=at)

        for what, seconds in [*order, *order]:
            hear(what, seconds)

        address.refresh_from_db()
        assert address.unreachable_since is not None, order
        hear("return", 40)
        for what, seconds in order:
            hear(what, seconds)
        address.refresh_from_db()
        assert address.unreachable_since is None, order


def test_whoever_has_written_since_can_be_reached(ours: Line) -> None:
    receive(ours, written_at=AT)

    set_reachable(line=ours, person=ADA, is_reachable=False, at=AT - timedelta(seconds=1))

    assert ContactAddress.objects.get().unreachable_since is None
    assert changes() == []


def test_a_late_or_repeated_message_does_not_bring_somebody_back(ours: Line) -> None:
    receive(ours, written_at=AT, provider_id="1")
    set_reachable(line=ours, person=ADA, is_reachable=False, at=AT + timedelta(seconds=9))

    receive_message(line=ours, incoming=incoming(provider_id="1", written_at=AT))
    receive(ours, "late", written_at=AT + timedelta(seconds=5))
    assert ContactAddress.objects.get().unreachable_since is not None

    receive(ours, "I am back", written_at=AT + timedelta(seconds=10))
    assert ContactAddress.objects.get().unreachable_since is None


def test_somebody_who_was_marked_before_moments_were_kept_comes_back(ours: Line) -> None:
    receive(ours, written_at=AT)
    ContactAddress.objects.update(unreachable_since=AT + timedelta(seconds=9))

    set_reachable(line=ours, person=ADA, is_reachable=True, at=AT + timedelta(seconds=8))
    assert ContactAddress.objects.get().unreachable_since is not None
    set_reachable(line=ours, person=ADA, is_reachable=True, at=AT + timedelta(seconds=10))

    assert ContactAddress.objects.get().unreachable_since is None


def test_a_number_and_a_name_are_those_of_the_last_message_and_not_of_the_last_that_came(
    ours: Line,
) -> None:
    now = Person(provider_id="US.1", number="4930123456", username="ada_now")
    receive(ours, person=now, written_at=AT)
    before = Person(provider_id="US.1", number="4930999999", username="ada_before")

    receive(ours, person=before, written_at=AT - timedelta(seconds=1))

    address = ContactAddress.objects.get()
    assert (address.number, address.username) == ("4930123456", "ada_now")


def test_whoever_writes_with_a_number_takes_it_from_its_former_owner(ours: Line) -> None:
    receive(ours, person=BOB, written_at=AT)
    receive(ours, person=Person(provider_id="US.3", username="carol"), written_at=AT)

    receive(ours, person=Person(provider_id="US.3", number=BOB.number), written_at=AT + DAY)
    # A late message of the former owner does not take it back.
    receive(ours, person=BOB, written_at=AT + timedelta(hours=1))

    numbers = ContactAddress.objects.order_by("pk").values_list("provider_id", "number")
    assert list(numbers) == [("US.2", ""), ("US.3", BOB.number)]


def test_blocking_puts_a_contacts_messages_away(agent: User, ours: Line) -> None:
    contact = receive(ours).conversation.contact

    for _ in range(2):
        assert set_blocked(contact=contact, is_blocked=True, by=agent).is_blocked
    later = receive(ours, "more")

    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.unread) == ("closed", 0)
    assert later.is_read
    set_blocked(contact=contact, is_blocked=False, by=agent)
    assert receive(ours, "again").conversation.status == "open"
    assert changes()[:2] == [{"is_blocked": True}, {"is_blocked": False}]


def test_merging_joins_the_conversations_of_one_line(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    other_line = pretend.add_line(agent.personal_project)
    bob = Person(provider_id="US.2", name="Bob")
    kept, gone = receive(ours, "Ada"), receive(ours, "Bob", bob)
    elsewhere = receive(other_line, "Bob elsewhere", bob)
    merge_contacts(
        contact=elsewhere.conversation.contact, other=gone.conversation.contact, by=agent
    )

    contact = merge_contacts(
        contact=kept.conversation.contact,
        other=Contact.objects.get(pk=elsewhere.conversation.contact_id),
        by=agent,
    )

    assert Contact.objects.get() == contact
    assert Message.objects.count() == 3
    here, there = contact.conversations.order_by("pk")
    assert (here.line, here.unread, here.address.provider_id) == (ours.uuid, 2, "US.2")
    assert (there.line, there.unread) == (other_line.uuid, 1)
    # Both addresses lead to one contact from now on.
    assert receive(ours, "Bob again", bob).conversation == here
    with pytest.raises(Invalid):
        merge_contacts(contact=contact, other=contact, by=agent)


# --- Invitations ------------------------------------------------------------------------------


def test_an_invitation_works_once_and_for_a_short_time(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = {"needs_contact": True, "invitation": lambda line, token: token}
    with pretending(monkeypatch, **links) as pretend:
        line = pretend.add_line(agent.personal_project)
        elsewhere = pretend.add_line(agent.personal_project)
        contact = Contact.objects.create(project=agent.personal_project, name="Ada Lovelace")
        token = invite(line=line, contact=contact)
        ada, eve = Person(provider_id="1111", name="ada"), Person(provider_id="666")

        assert not accept_invitation(line=elsewhere, token=token, person=ada)
        assert not accept_invitation(line=line, token=token[:-2], person=ada)
        assert not accept_invitation(line=line, token="é", person=ada)
        assert not accept_invitation(line=line, token="", person=ada)
        assert accept_invitation(line=line, token=token, person=ada)
        assert accept_invitation(line=line, token=token, person=ada)
        assert not accept_invitation(line=line, token=token, person=eve)
        # Other texts that decode to the same bytes are the same token.
        spare_bits = {token[:-1] + last for last in ascii_letters}
        for spelling in [*spare_bits, f"{token[:5]}.{token[5:]}", f"{token}=="]:
            assert not accept_invitation(line=line, token=spelling, person=eve)

        assert ContactAddress.objects.get(provider_id="1111").contact == contact
        # Whoever is refused becomes a contact only when they write.
        assert not ContactAddress.objects.filter(provider_id="666").exists()
        assert ChatInvitation.objects.count() == 1
        assert receive(line, person=ada).conversation.contact == contact
        assert invite(line=line) == ""
        late = invite(line=line, contact=contact)
        monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=4))
        assert not accept_invitation(line=line, token=late, person=ada)


# --- Races ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_reading_receiving_and_merging_at_once_lose_nothing(agent: User, ours: Line) -> None:
    bob = Person(provider_id="US.2", name="Bob")
    first = receive(ours, "Ada", provider_id="a-0")
    other = receive(ours, "Bob", bob, provider_id="b-0")

    outcomes = race(
        lambda: merge_contacts(
            contact=first.conversation.contact, other=other.conversation.contact, by=agent
        ),
        *[
            lambda number=number: receive(ours, "more", bob, provider_id=f"b-{number}")
            for number in range(1, 5)
        ],
        *[
            lambda number=number: receive(ours, "more", ADA, provider_id=f"a-{number}")
            for number in range(1, 5)
        ],
        lambda: mark_read(message=first, by=agent),
    )

    assert [each for each in outcomes if isinstance(each, Exception)] == []
    assert Message.objects.count() == 10
    assert Contact.objects.count() == 1
    conversation = Conversation.objects.get()
    assert conversation.unread == conversation.messages.filter(is_read=False).count() == 9
