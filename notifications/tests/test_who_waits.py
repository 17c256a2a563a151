"""Since when a customer waits for an answer of a person."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.models import User
from notifications.channels import Line, Person
from notifications.models import Conversation, Message
from notifications.services import (
    Recipient,
    change_conversation,
    merge_contacts,
    receive_message,
    send_message,
    set_blocked,
)
from notifications.tests.factories import ADA, incoming
from notifications.tests.pretend import PRETEND

pytestmark = pytest.mark.django_db
BEN = Person(provider_id="US.2", number="16505550002", name="Ben")


def arrive(line: Line, person: Person = ADA) -> Message:
    message = receive_message(line=line, incoming=incoming(person=person))
    assert message is not None
    return message


def send(message: Message, by: User | None) -> Message:
    return send_message(
        project=message.project,
        by=by,
        recipient=Recipient(contact_id=message.conversation.contact.uuid),
        channel=PRETEND,
        content="Hello",
    )


def waits(message: Message) -> object:
    return Conversation.objects.get(pk=message.conversation_id).waiting_since


def test_a_customer_waits_from_the_first_message_until_a_person_answers(
    agent: User, ours: Line
) -> None:
    first = arrive(ours)
    assert waits(first) == first.created_at
    arrive(ours)
    assert waits(first) == first.created_at

    send(first, by=None)
    assert waits(first) == first.created_at, "what a rule sends is no answer"
    send(first, by=agent)
    assert waits(first) is None

    again = arrive(ours)
    assert waits(first) == again.created_at


def test_nobody_waits_in_a_closed_conversation_or_with_a_blocked_contact(
    agent: User, ours: Line
) -> None:
    message, other = arrive(ours), arrive(ours, BEN)

    change_conversation(conversation=message.conversation, by=agent, changes={"status": "closed"})
    set_blocked(contact=other.conversation.contact, is_blocked=True, by=agent)
    arrive(ours, BEN)

    assert waits(message) is None
    assert waits(other) is None


def test_snoozing_and_opening_again_keep_who_waits(agent: User, ours: Line) -> None:
    message = arrive(ours)
    later = timezone.now() + timedelta(hours=1)

    for changes in ({"status": "snoozed", "snoozed_until": later}, {"status": "open"}):
        change_conversation(conversation=message.conversation, by=agent, changes=changes)  # type: ignore[arg-type]  # both fit
        assert waits(message) == message.created_at


def test_two_contacts_who_become_one_wait_since_the_first_of_them(agent: User, ours: Line) -> None:
    first, second = arrive(ours), arrive(ours, BEN)
    send(second, by=agent)

    merge_contacts(contact=second.conversation.contact, other=first.conversation.contact, by=agent)

    assert waits(second) == first.created_at


def test_the_migration_finds_out_who_waits_already(agent: User, ours: Line) -> None:
    answered, waiting, closed = (
        arrive(ours, Person(provider_id=f"US.{number}", name="Eve")) for number in (3, 4, 5)
    )
    send(answered, by=agent)
    send(waiting, by=agent)
    again = arrive(ours, Person(provider_id="US.4", name="Eve"))
    arrive(ours, Person(provider_id="US.4", name="Eve"))
    change_conversation(conversation=closed.conversation, by=agent, changes={"status": "closed"})
    Conversation.objects.update(waiting_since=None)

    import_module("notifications.migrations.0002_waiting").find_who_waits(apps, None)

    assert [waits(each) for each in (answered, waiting, closed)] == [None, again.created_at, None]
