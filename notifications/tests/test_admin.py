"""The back office of contacts, conversations and messages."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from accounts.tests.factories import make_staff, make_user
from notifications.channels import Line, Person
from notifications.models import (
    Contact,
    Conversation,
    Digest,
    DigestEntry,
    Message,
    MessageSend,
    MessageVersion,
    NotificationPreference,
)
from notifications.models.messages import MessageStatus
from notifications.services import Recipient, receive_message, send_message
from notifications.tests.factories import ADA, incoming
from notifications.tests.pretend import PRETEND

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\n\u202eevil"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user(email="admin@example.com", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def message(ours: Line) -> Message:
    person = Person(ADA.provider_id, ADA.number, name="<b>Ada</b>")
    received = receive_message(line=ours, incoming=incoming(HOSTILE, person=person))
    assert received is not None
    return received


def page_of(row: Any) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:notifications_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: type) -> str:
    """Return the address of a list."""
    return reverse(f"admin:notifications_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]  # of models


def text_of(response: Any) -> str:
    """Return the page in one line."""
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def act(client: Client, row: Any, action: str) -> str:
    """Run a list action on a row and return the text of the page that follows."""
    posted = {"action": action, "_selected_action": [row.pk]}
    return text_of(client.post(list_of(type(row)), posted, follow=True))


def test_what_customers_write_is_text(client: Client, message: Message) -> None:
    MessageVersion.objects.create(message=message, content=HOSTILE, replaced_at=message.created_at)
    conversation = message.conversation

    for address in (
        page_of(message),
        page_of(conversation),
        page_of(conversation.contact),
        list_of(Message),
        list_of(Conversation),
        list_of(Contact),
    ):
        page = text_of(client.get(address))
        assert "<script>alert(1)" not in page
        assert "<b>Ada" not in page
        assert "\u202e" not in page
        assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text_of(client.get(page_of(conversation)))


def test_a_page_of_a_message_tells_the_story_of_its_delivery(
    client: Client, message: Message, agent: User
) -> None:
    sent = send_message(
        project=agent.personal_project,
        by=agent,
        recipient=Recipient(contact_id=message.conversation.contact.uuid),
        channel=PRETEND,
        content="On its way",
    )
    MessageSend.objects.update(state="failed", last_error="Recipient cannot be reached")
    Message.objects.filter(pk=sent.pk).update(status=MessageStatus.FAILED, error="Out of reach")

    page = text_of(client.get(page_of(sent)))

    assert "Recipient cannot be reached" in page
    assert "Out of reach" in page
    assert "Queued again: 1" in act(client, sent, "retry")
    assert MessageSend.objects.filter(state="pending").count() == 1
    refused = act(client, message, "retry")
    assert "Only a message that failed or is uncertain can be sent again." in refused


def test_actions_call_the_services(client: Client, message: Message) -> None:
    conversation = message.conversation
    contact = conversation.contact

    assert "Marked as read: 1" in act(client, conversation, "mark_read")
    assert "Closed: 1" in act(client, conversation, "close")
    conversation.refresh_from_db()
    assert (conversation.unread, conversation.status) == (0, "closed")
    assert "Opened: 1" in act(client, conversation, "open")
    assert "Blocked: 1" in act(client, contact, "block")
    contact.refresh_from_db()
    assert contact.is_blocked
    assert "Unblocked: 1" in act(client, contact, "unblock")


def test_staff_who_only_look_change_nothing(message: Message) -> None:
    client = Client()
    client.force_login(make_staff("view_conversation", "view_contact"))
    conversation = message.conversation

    page = text_of(client.get(page_of(conversation)))

    # What was said is for those who may read messages.
    assert "alert(1)" not in page
    assert client.get(page_of(message)).status_code == 403
    act(client, conversation, "close")
    act(client, conversation.contact, "block")
    conversation.refresh_from_db()
    assert (conversation.status, conversation.unread) == ("open", 1)
    assert client.post(page_of(conversation), {"status": "closed"}).status_code == 403


@pytest.mark.parametrize("model", [Message, Conversation, Contact])
def test_a_list_takes_as_many_statements_for_one_row_as_for_many(
    client: Client, ours: Line, model: type
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as taken:
            assert client.get(f"{list_of(model)}?q=0").status_code == 200
            assert client.get(list_of(model)).status_code == 200
        return len(taken)

    receive_message(line=ours, incoming=incoming())
    few = statements()
    for number in range(9):
        receive_message(line=ours, incoming=incoming(person=Person(provider_id=f"x{number}")))

    assert statements() == few


def test_a_thread_takes_as_many_statements_for_one_message_as_for_many(
    client: Client, message: Message, ours: Line
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as taken:
            assert client.get(page_of(message.conversation)).status_code == 200
        return len(taken)

    statements()  # the first page of a process also reads the content types
    few = statements()
    for _ in range(9):
        receive_message(line=ours, incoming=incoming())

    assert statements() == few


@pytest.mark.parametrize("query", ["q=%00", "q=' OR 1=1", "id=x", "project__id__exact=x", "p=x"])
def test_hostile_addresses_are_harmless(client: Client, message: Message, query: str) -> None:
    for model in (Message, Conversation, Contact):
        assert client.get(f"{list_of(model)}?{query}", follow=True).status_code == 200


def _tell(membership: Membership) -> Digest:
    digest = Digest.objects.create(membership=membership, closed_at=timezone.now())
    DigestEntry.objects.create(
        digest=digest,
        membership=membership,
        event_id=uuid4(),
        kind="orders",
        event_type="order_created",
        order_id=7,
        order_status="pending",
    )
    return digest


def test_the_pages_of_preferences_and_digests_only_show(client: Client, agent: User) -> None:
    membership = agent.memberships.get()
    preference = NotificationPreference.objects.create(
        membership=membership, kind="inbox", way="email", is_on=True
    )
    digest = _tell(membership)

    for row in (preference, digest):
        assert str(membership) in text_of(client.get(list_of(type(row))))
        assert 'name="_save"' not in text_of(client.get(page_of(row)))
        assert client.post(page_of(row), {"is_on": ""}).status_code == 403
    page = text_of(client.get(page_of(digest)))
    assert "order_created" in page
    assert "#7" in page


@pytest.mark.parametrize("model", [Digest, NotificationPreference])
def test_lists_for_the_team_take_constant_statements(
    client: Client, agent: User, model: type
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(client.get(list_of(model)))
        return len(queries)

    def add(user: User) -> None:
        membership = user.memberships.get()
        _tell(membership)
        NotificationPreference.objects.create(
            membership=membership, kind="inbox", way="email", is_on=True
        )

    add(agent)
    count()
    first = count()
    for _ in range(4):
        add(make_user())

    assert count() == first
