"""Unread counts stay right while people write and members read, and news keeps its order."""

from collections.abc import Callable

import pytest

from accounts.models import User
from notifications.channels import Line
from notifications.models import Conversation, Message
from notifications.services import conversations, mark_conversation_read, mark_read, receive_message
from notifications.tests.factories import incoming
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream.models import Event
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(line: Line, content: str) -> Message:
    message = receive_message(line=line, incoming=incoming(content))
    assert message is not None
    return message


def read_message(message: Message, by: User) -> None:
    mark_read(message=message, by=by)


def read_all(message: Message, by: User) -> None:
    mark_conversation_read(conversation=message.conversation, by=by)


def read_while_somebody_writes(
    read: Callable[[Message, User], None], line: Line, agent: User
) -> Meeting:
    """Let both of them count at the same moment, if nothing keeps them apart."""
    first = arrive(line, "Where is my order?")
    meeting = Meeting('UPDATE "notifications_conversation"')
    outcomes = race(lambda: read(first, agent), lambda: arrive(line, "Hello?"), meeting=meeting)
    assert [each for each in outcomes if isinstance(each, Exception)] == []
    return meeting


@pytest.mark.parametrize("read", [read_message, read_all])
def test_a_message_that_arrives_while_somebody_reads_is_counted(
    read: Callable[[Message, User], None], ours: Line, agent: User
) -> None:
    meeting = read_while_somebody_writes(read, ours, agent)

    assert not meeting.was_complete
    conversation = Conversation.objects.get()
    unread = conversation.messages.filter(is_read=False).count()
    # Whoever read all may have read the second one too.
    assert conversation.unread == unread <= 1


@on_postgresql
@pytest.mark.parametrize("read", [read_message, read_all])
def test_without_the_lock_the_count_would_be_wrong(
    read: Callable[[Message, User], None],
    ours: Line,
    agent: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        conversations, "lock_conversation", lambda pk: Conversation.objects.get(pk=pk)
    )
    monkeypatch.setattr(
        conversations, "lock_message_in_conversation", lambda pk: Message.objects.get(pk=pk)
    )

    meeting = read_while_somebody_writes(read, ours, agent)

    assert meeting.was_complete
    conversation = Conversation.objects.get()
    assert conversation.unread != conversation.messages.filter(is_read=False).count() == 1


def test_members_who_read_at_once_count_each_message_once(ours: Line, agent: User) -> None:
    messages = [arrive(ours, f"message {number}") for number in range(6)]

    race(*[lambda message=each: mark_read(message=message, by=agent) for each in messages[:4] * 2])

    conversation = Conversation.objects.get()
    assert conversation.unread == conversation.messages.filter(is_read=False).count() == 2


def test_quick_messages_are_one_event_each_and_the_position_orders_them(ours: Line) -> None:
    race(*[lambda number=number: arrive(ours, f"{number}") for number in range(20)])

    relay_events()
    events = Event.objects.filter(type="message_received").order_by("position")
    told = list(events.values_list("subject_uuid", flat=True))
    stored = list(Message.objects.order_by("pk").values_list("uuid", flat=True))
    assert told == stored
    assert len(told) == 20
