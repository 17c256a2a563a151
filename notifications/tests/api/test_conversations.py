"""Conversations, contacts and threads on the hub."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.tests.projects import Team
from notifications.channels import Line, Person
from notifications.models import Contact, Conversation, Message
from notifications.tests.api.hub import BOB, JOHN, answer_to, arrive, contents, path
from notifications.tests.factories import make_line
from orders.tests.api.hub import place

pytestmark = pytest.mark.django_db
AT = datetime(2025, 1, 12, 10, 0, tzinfo=UTC)


def names(client: APIClient, team: Team, query: str = "") -> list[str]:
    """Return the names of the contacts whose conversations a list shows."""
    response = client.get(f"{path(team, 'conversations')}?{query}")
    assert response.status_code == 200, response.content
    return [row["contact"]["name"] for row in response.json()]


def test_shows_a_conversation_with_its_last_message(
    team: Team, line: Line, viewer: APIClient
) -> None:
    # The later one was written first.
    arrive(line, "Second", person=JOHN, written_at=AT - timedelta(seconds=1))
    late = arrive(line, "First", person=JOHN, written_at=AT - timedelta(hours=1))
    conversation = late.conversation
    Conversation.objects.update(assignee=team.members["agent"])

    answer = viewer.get(path(team, "conversations", conversation.uuid))

    last = conversation.messages.get(content="Second")
    conversation.refresh_from_db()
    assert answer.json() == {
        "id": str(conversation.uuid),
        "project_id": str(team.project.uuid),
        "contact": {
            "id": str(conversation.contact.uuid),
            "name": "John Doe",
            "phone": "+1234567890",
            "username": None,
            "is_blocked": False,
        },
        "provider": "whatsapp",
        "integration_id": str(line.uuid),
        "status": "open",
        "snoozed_until": None,
        "assignee": {"id": str(team.members["agent"].uuid), "name": team.members["agent"].name},
        "unread": 2,
        "last_activity_at": "2025-01-12T10:00:00Z",
        "window_until": answer.json()["window_until"],
        "last_message": {
            "id": str(last.uuid),
            "direction": "inbound",
            "content_type": "text",
            "content": "Second",
        },
        "created_at": "2025-01-12T10:00:00Z",
        "updated_at": "2025-01-12T10:00:00Z",
    }
    again = viewer.get(
        path(team, "conversations", conversation.uuid), HTTP_IF_NONE_MATCH=answer["ETag"]
    )
    assert again.status_code == 304


def test_filters_conversations(team: Team, line: Line, agent: APIClient) -> None:
    for person in (JOHN, BOB, Person(provider_id="3", username="sheena", name="Sheena")):
        arrive(line, person=person)
    telegram = make_line(team.project, channel="telegram")
    arrive(telegram, person=Person(provider_id="4", name="Ann"))
    me = team.members["agent"]
    Conversation.objects.filter(contact__name="Bob").update(status="closed", unread=0, assignee=me)

    assert names(agent, team) == ["Ann", "Sheena", "Bob", "John Doe"]
    assert names(agent, team, "status=closed") == ["Bob"]
    assert len(names(agent, team, "status=closed&status=open")) == 4
    assert names(agent, team, "provider=telegram") == ["Ann"]
    assert names(agent, team, "assignee=me") == ["Bob"]
    assert names(agent, team, f"assignee={me.uuid}") == ["Bob"]
    assert names(agent, team, f"assignee={team.owner.uuid}") == []
    assert names(agent, team, "assignee=none&unread=true&search=jo") == ["John Doe"]
    assert names(agent, team, "unread=false") == ["Bob"]
    assert names(agent, team, "search=sheena") == ["Sheena"]
    assert names(agent, team, "search=1234567") == ["John Doe"]
    Contact.objects.filter(name="Bob").update(is_blocked=True)
    assert "Bob" not in names(agent, team)
    assert names(agent, team, "blocked=true") == ["Bob"]


@pytest.mark.parametrize(
    ("what", "query", "field"),
    [
        ("conversations", "status=gone", "status"),
        ("conversations", "assignee=somebody", "assignee"),
        ("conversations", "unread=2", "unread"),
        ("conversations", "search=%00", "search"),
        ("conversations", "page=x", "page"),
        ("contacts", "blocked=perhaps", "blocked"),
        ("contacts", f"search={'x' * 201}", "search"),
    ],
)
def test_a_wrong_parameter_is_named(
    team: Team, viewer: APIClient, what: str, query: str, field: str
) -> None:
    answer = viewer.get(f"{path(team, what)}?{query}")

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("what", ["conversations", "contacts"])
def test_a_list_takes_four_statements_whatever_there_is(
    team: Team, line: Line, viewer: APIClient, what: str
) -> None:
    for number in range(12):
        arrive(line, person=Person(provider_id=f"US.{number}", name="Eve"))

    for size in (2, 10):
        with CaptureQueriesContext(connection) as statements:
            answer = viewer.get(f"{path(team, what)}?page_size={size}&search=eve")
        assert len(answer.json()) == size
        assert answer["X-Total-Count"] == "12"
        assert len(statements) <= 4


def test_a_thread_takes_five_statements_whatever_there_is(
    team: Team, line: Line, viewer: APIClient
) -> None:
    order = place(team.project, title="#1234")
    for number in range(12):
        message = arrive(line, f"About #1234, {number}", person=JOHN)
    Message.objects.update(order=order)

    for parts in (
        ("conversations", message.conversation.uuid, "messages"),
        ("conversation", order.uuid),
    ):
        for size in (2, 10):
            with CaptureQueriesContext(connection) as statements:
                answer = viewer.get(f"{path(team, *parts)}?page_size={size}")
            assert len(answer.json()) == size
            assert answer["X-Total-Count"] == "12"
            assert len(statements) <= 5


def test_a_thread_has_the_newest_first_and_an_order_the_oldest(
    team: Team, line: Line, viewer: APIClient
) -> None:
    order = place(team.project, title="#1234", customer_phone="+1234567890")
    first = arrive(line, "One", person=JOHN, written_at=AT - timedelta(minutes=3))
    arrive(line, "Three", person=JOHN, written_at=AT - timedelta(minutes=1))
    arrive(line, "Two", person=JOHN, written_at=AT - timedelta(minutes=2))
    arrive(line, "Elsewhere", person=BOB)

    thread = f"conversations/{first.conversation.uuid}/messages"
    assert contents(viewer, team, what=thread) == ["Three", "Two", "One"]
    assert contents(viewer, team, "page_size=1&page=2", thread) == ["Two"]
    said = f"conversation/{order.uuid}"
    assert contents(viewer, team, what=said) == ["One", "Two", "Three"]
    assert viewer.get(path(team, said))["X-Total-Count"] == "3"
    assert viewer.get(path(team, first.uuid)).json()["content"] == "One"


def test_what_belongs_to_other_projects_is_not_found(team: Team, line: Line, others: Team) -> None:
    message = arrive(line, person=JOHN)
    order = place(team.project, title="#1234")
    stranger = others.client("owner")

    for parts, code in [
        ((message.uuid,), "MESSAGE_NOT_FOUND"),
        (("conversations", message.conversation.uuid), "CONVERSATION_NOT_FOUND"),
        (("conversations", message.conversation.uuid, "messages"), "CONVERSATION_NOT_FOUND"),
        (("contacts", message.conversation.contact.uuid), "CONTACT_NOT_FOUND"),
        (("conversation", order.uuid), "ORDER_NOT_FOUND"),
        (("conversation", "x"), "ORDER_NOT_FOUND"),
        (("x",), "MESSAGE_NOT_FOUND"),
    ]:
        answer = stranger.get(path(others, *parts))
        assert (answer.status_code, answer.json()["code"]) == (404, code)
        assert stranger.get(path(team, *parts)).json()["code"] == "PROJECT_NOT_FOUND"


def test_what_belongs_to_other_projects_is_not_changed(
    team: Team, line: Line, others: Team
) -> None:
    message = arrive(line, person=JOHN)
    conversation = message.conversation
    stranger = others.client("owner")

    for method, parts, body, code in [
        ("patch", (message.uuid, "read"), None, "MESSAGE_NOT_FOUND"),
        ("patch", (message.uuid,), {"order_id": None}, "MESSAGE_NOT_FOUND"),
        ("post", (message.uuid, "retry"), None, "MESSAGE_NOT_FOUND"),
        ("post", ("conversations", conversation.uuid, "read"), None, "CONVERSATION_NOT_FOUND"),
        (
            "patch",
            ("conversations", conversation.uuid),
            {"status": "closed"},
            "CONVERSATION_NOT_FOUND",
        ),
        ("patch", ("contacts", conversation.contact.uuid), {"name": "X"}, "CONTACT_NOT_FOUND"),
        (
            "post",
            ("contacts", conversation.contact.uuid, "merge"),
            {"contact_id": str(conversation.contact.uuid)},
            "CONTACT_NOT_FOUND",
        ),
    ]:
        answer = getattr(stranger, method)(path(others, *parts), body)
        assert (answer.status_code, answer.json()["code"]) == (404, code), parts
        refused = getattr(stranger, method)(path(team, *parts), body)
        assert (refused.status_code, refused.json()["code"]) == (404, "PROJECT_NOT_FOUND"), parts

    mine = arrive(make_line(others.project), person=BOB).conversation.contact
    answer = stranger.post(
        path(others, "contacts", mine.uuid, "merge"), {"contact_id": str(conversation.contact.uuid)}
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["contact_id"])
    conversation.refresh_from_db()
    message.refresh_from_db()
    assert (message.is_read, conversation.unread, conversation.status) == (False, 1, "open")
    assert Contact.objects.count() == 2


def test_shows_contacts_with_their_addresses(team: Team, line: Line, viewer: APIClient) -> None:
    conversation = arrive(line, person=JOHN).conversation
    arrive(line, person=BOB)
    Contact.objects.filter(name="Bob").update(is_blocked=True)

    [shown] = viewer.get(f"{path(team, 'contacts')}?search=John&blocked=false").json()

    assert shown == viewer.get(path(team, "contacts", conversation.contact.uuid)).json()
    assert shown == {
        "id": str(conversation.contact.uuid),
        "project_id": str(team.project.uuid),
        "name": "John Doe",
        "language": None,
        "notes": "",
        "is_blocked": False,
        "is_stopped": False,
        "stopped_at": None,
        "addresses": [
            {
                "provider": "whatsapp",
                "integration_id": str(line.uuid),
                "user_id": "US.7",
                "phone": "+1234567890",
                "username": None,
                "is_reachable": True,
            }
        ],
        "conversations": [{"id": str(conversation.uuid), "provider": "whatsapp"}],
        "created_at": "2025-01-12T10:00:00Z",
        "updated_at": "2025-01-12T10:00:00Z",
    }


def test_the_figures_of_the_last_days(team: Team, line: Line, viewer: APIClient) -> None:
    empty = viewer.get(f"{path(team, 'stats/summary')}?days=7").json()
    assert empty == {
        "period_days": 7,
        "total_messages": 0,
        "inbound": 0,
        "outbound": 0,
        "unread": 0,
        "by_provider": {},
        "by_status": {},
        "ai_generated": 0,
        "average_first_response_seconds": None,
        "median_first_response_seconds": None,
        "conversations": 0,
    }
    by = team.members["agent"]

    def told(person: Person, *story: tuple[int, str]) -> None:
        """Store what was said: minutes from noon, and who wrote."""
        for minutes, who in story:
            message = arrive(line, person=person)
            if who != "in":
                message.delete()
                message = answer_to(
                    message,
                    "Yes",
                    author=None if who == "rule" else by,
                    status="failed" if who == "failed" else "delivered",
                    ai_generated=who == "model",
                )
            at = AT + timedelta(minutes=minutes)
            type(message).objects.filter(pk=message.pk).update(created_at=at)

    # The rule and the failed message are no answers, so John waited 10 minutes, then 2.
    told(JOHN, (0, "in"), (1, "in"), (2, "rule"), (3, "failed"), (10, "by"), (20, "in"))
    told(JOHN, (22, "model"), (23, "by"))
    # Bob waited 6 minutes, and now waits again.
    told(BOB, (0, "by"), (1, "in"), (7, "by"), (9, "in"))

    with CaptureQueriesContext(connection) as statements:
        shown = viewer.get(f"{path(team, 'stats/summary')}?days=30").json()

    assert shown == {
        "period_days": 30,
        "total_messages": 12,
        "inbound": 5,
        "outbound": 7,
        "unread": 5,
        "by_provider": {"whatsapp": 12},
        "by_status": {"received": 5, "delivered": 6, "failed": 1},
        "ai_generated": 1,
        "average_first_response_seconds": 360.0,
        "median_first_response_seconds": 360.0,
        "conversations": 2,
    }
    assert len(statements) == 5
    # The median is not the average.
    told(Person(provider_id="5", name="Eve"), (0, "in"), (120, "by"))
    shown = viewer.get(f"{path(team, 'stats/summary')}?days=1").json()
    assert shown["median_first_response_seconds"] == 480.0
    assert shown["average_first_response_seconds"] == 2070.0
    Contact.objects.update(is_blocked=True)
    assert viewer.get(f"{path(team, 'stats/summary')}?days=7").json() == empty
