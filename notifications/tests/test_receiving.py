"""What becomes of what people write: each message once, in one conversation with each person."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from notifications.channels import Line, Person
from notifications.models import Contact, ContactAddress, Conversation, Message, MessageVersion
from notifications.services import receive_edit, receive_message
from notifications.tests.factories import ADA, incoming, make_line
from orderchainer.testing.races import race
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant() -> User:
    return make_user()


@pytest.fixture
def line(merchant: User) -> Line:
    return make_line(merchant.personal_project)


def test_a_first_message_makes_a_contact_and_a_conversation(line: Line) -> None:
    written = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    message = receive_message(line=line, incoming=incoming("Where is it?", written_at=written))

    assert message is not None
    [contact] = Contact.objects.all()
    [conversation] = Conversation.objects.all()
    assert (contact.name, contact.project_id) == ("Ada", line.project_id)
    assert (conversation.contact, conversation.unread, conversation.status) == (contact, 1, "open")
    assert (message.content, message.written_at, message.is_read) == (
        "Where is it?",
        written,
        False,
    )
    # What counts as news is when it arrived, not when it was written.
    assert conversation.last_activity_at == message.created_at > written
    [event] = Event.objects.filter(type="message_received")
    assert (event.subject_uuid, event.project_id) == (message.uuid, line.project_id)
    assert "Where" not in str(event.data)


def test_the_same_message_again_changes_nothing(line: Line) -> None:
    first = incoming(provider_id="wamid.A")
    receive_message(line=line, incoming=first)

    assert receive_message(line=line, incoming=first) is None

    assert Message.objects.count() == 1
    assert Conversation.objects.get().unread == 1
    assert Event.objects.filter(type="message_received").count() == 1


def test_two_lines_may_use_the_same_id(merchant: User, line: Line) -> None:
    other = make_line(merchant.personal_project, channel="telegram")

    receive_message(line=line, incoming=incoming(provider_id="7"))
    receive_message(line=other, incoming=incoming(provider_id="7"))

    assert Message.objects.count() == 2
    # The same name and number on two channels are two contacts until a person merges them.
    assert Contact.objects.count() == 2


def test_a_person_without_a_number_is_known_by_their_key(line: Line) -> None:
    person = Person(provider_id="US.90071992547", username="sheena1")

    receive_message(line=line, incoming=incoming(person=person))
    receive_message(line=line, incoming=incoming(person=person))

    [address] = ContactAddress.objects.all()
    assert (address.number, address.username) == ("", "sheena1")
    assert Conversation.objects.get().unread == 2


def test_a_key_that_comes_later_joins_the_number(line: Line) -> None:
    receive_message(line=line, incoming=incoming(person=Person(number="16505551234")))

    receive_message(line=line, incoming=incoming(person=ADA))

    [address] = ContactAddress.objects.all()
    assert (address.provider_id, address.number) == ("US.1", "16505551234")


def test_a_number_with_another_key_is_another_person(line: Line) -> None:
    receive_message(line=line, incoming=incoming(person=ADA))

    receive_message(line=line, incoming=incoming(person=Person("US.2", ADA.number, name="Bob")))

    first, second = ContactAddress.objects.order_by("pk")
    assert (first.provider_id, first.number) == ("US.1", "")
    assert (second.provider_id, second.number) == ("US.2", "16505551234")
    assert first.contact_id != second.contact_id


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("5215512345678", "525512345678"),
        ("5531988887777", "553188887777"),
        ("553188887777", "5531988887777"),
        ("5491123456789", "541123456789"),
    ],
)
def test_two_ways_to_write_a_mobile_number_are_one_person(
    line: Line, first: str, second: str
) -> None:
    receive_message(line=line, incoming=incoming(person=Person(number=first)))

    receive_message(line=line, incoming=incoming(person=Person(number=second)))

    assert Contact.objects.count() == 1
    # Answers go to the number that the provider gave last.
    assert ContactAddress.objects.get().number == second


def test_a_brazilian_landline_gets_no_ninth_digit(line: Line) -> None:
    receive_message(line=line, incoming=incoming(person=Person(number="551133334444")))
    receive_message(line=line, incoming=incoming(person=Person(number="5511933334444")))

    assert {address.phone for address in ContactAddress.objects.all()} == {
        "+551133334444",
        "+5511933334444",
    }


def test_a_late_message_is_unread_although_others_were_read(line: Line) -> None:
    early = timezone.now() - timedelta(hours=3)
    receive_message(line=line, incoming=incoming("now"))
    Message.objects.update(is_read=True)
    Conversation.objects.update(unread=0)

    receive_message(line=line, incoming=incoming("late", written_at=early))

    assert Conversation.objects.get().unread == 1
    thread = Message.objects.order_by("written_at").values_list("content", flat=True)
    assert list(thread) == ["late", "now"]


def test_a_message_opens_a_closed_conversation_again(line: Line) -> None:
    receive_message(line=line, incoming=incoming())
    Conversation.objects.update(status="closed")

    receive_message(line=line, incoming=incoming())

    assert Conversation.objects.get().status == "open"
    [event] = Event.objects.filter(type="conversation_changed")
    assert event.data["changes"] == {"status": "open"}


def test_messages_of_a_blocked_contact_are_kept_and_are_no_news(line: Line) -> None:
    receive_message(line=line, incoming=incoming())
    Contact.objects.update(is_blocked=True)
    Conversation.objects.update(status="closed", unread=0)

    told = list(Event.objects.values_list("pk", flat=True))

    message = receive_message(line=line, incoming=incoming())

    assert message is not None
    assert message.is_read
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.unread) == ("closed", 0)
    assert Message.objects.count() == 2
    assert list(Event.objects.values_list("pk", flat=True)) == told


def test_an_edit_keeps_what_was_said(line: Line) -> None:
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    receive_message(line=line, incoming=incoming("I want two", provider_id="5"))

    receive_edit(line=line, provider_id="5", content="I want three", edited_at=at)
    receive_edit(line=line, provider_id="5", content="I want three", edited_at=at)
    receive_edit(line=line, provider_id="5", content="older", edited_at=at - timedelta(seconds=1))

    assert Message.objects.get().content == "I want three"
    [version] = MessageVersion.objects.all()
    assert version.content == "I want two"


# --- Linking to orders ------------------------------------------------------------------------


def test_a_message_is_about_the_order_that_it_names(merchant: User, line: Line) -> None:
    named = make_order(merchant, title="#1001", customer_phone="+1 (650) 555-1234")
    make_order(merchant, title="#1002", customer_phone="+16505551234")

    message = receive_message(line=line, incoming=incoming("Where is 1001?"))

    assert message is not None
    assert message.order == named


def test_a_number_of_somebody_elses_order_means_nothing(merchant: User, line: Line) -> None:
    make_order(merchant, title="#1001", customer_phone="+4930123456")

    message = receive_message(line=line, incoming=incoming("Where is #1001?"))

    assert message is not None
    assert message.order is None


def test_a_message_is_about_the_only_unfinished_order(merchant: User, line: Line) -> None:
    make_order(merchant, title="done", customer_phone="16505551234", status="completed")
    waiting = make_order(merchant, title="waiting", customer_phone="16505551234")

    message = receive_message(line=line, incoming=incoming("When will it come?"))

    assert message is not None
    assert message.order == waiting


def test_with_two_unfinished_orders_nobody_guesses(merchant: User, line: Line) -> None:
    for title in ("one", "two"):
        make_order(merchant, title=title, customer_phone="16505551234")

    message = receive_message(line=line, incoming=incoming("When will it come?"))

    assert message is not None
    assert message.order is None


# --- Races ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_first_messages_at_once_make_one_contact_and_lose_nothing() -> None:
    line = make_line(make_user().personal_project)

    race(
        *[
            lambda number=number: receive_message(
                line=line, incoming=incoming(f"message {number}", provider_id=f"wamid.{number}")
            )
            for number in range(8)
        ]
    )

    assert Contact.objects.count() == 1
    assert Conversation.objects.get().unread == 8
    assert Message.objects.count() == 8
    assert Event.objects.filter(type="message_received").count() == 8


@pytest.mark.django_db(transaction=True)
def test_one_message_twenty_times_at_once_is_stored_once() -> None:
    line = make_line(make_user().personal_project)
    same = incoming(provider_id="wamid.same")

    race(*[lambda: receive_message(line=line, incoming=same) for _ in range(20)])

    assert Message.objects.count() == 1
    assert Conversation.objects.get().unread == 1
