"""The inbox on the hub: the document's example, filters, days, pages and statements."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.tests.projects import Team, make_team
from notifications.channels import Line, Person
from notifications.models import Attachment, Contact, Message
from notifications.models.messages import FileState
from notifications.tests.api.hub import BOB, JOHN, answer_to, arrive, contents, path
from notifications.tests.factories import make_line
from orders.models import Order
from orders.tests.api.hub import place

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 12, 10, 0, tzinfo=UTC)


def order_of_john(team: Team) -> Order:
    """Place an order of the customer of the document's example."""
    return place(
        team.project, title="#1234", customer_name="John Doe", customer_phone="+1234567890"
    )


def test_the_documents_example(team: Team, line: Line, viewer: APIClient) -> None:
    order = order_of_john(team)
    message = arrive(
        line,
        "Where is my order?",
        person=JOHN,
        written_at=AT - timedelta(seconds=2),
    )

    answer = viewer.get(f"{path(team, 'inbox')}?direction=inbound&days=7&page=1")

    assert answer.status_code == 200
    assert answer["X-Total-Count"] == "1"
    assert answer.json() == [
        {
            "id": str(message.uuid),
            "project_id": str(team.project.uuid),
            "order_id": str(order.uuid),
            "direction": "inbound",
            "provider": "whatsapp",
            "content": "Where is my order?",
            "sender": {"phone": "+1234567890", "name": "John Doe"},
            "is_read": False,
            "ai_generated": False,
            "created_at": "2025-01-12T10:00:00Z",
            "recipient": {"phone": None, "name": "My Store"},
            "content_type": "text",
            "details": {},
            "status": "received",
            "error": None,
            "error_code": None,
            "attachments": [],
            "conversation_id": str(message.conversation.uuid),
            "author": None,
            "reply_to": None,
            "reaction": None,
            "sentiment": None,
            "urgency": None,
            "edited_at": None,
            "deleted_at": None,
            "written_at": "2025-01-12T09:59:58Z",
        }
    ]


def test_filters_combine(team: Team, line: Line, viewer: APIClient) -> None:
    order = order_of_john(team)
    first = arrive(line, "Where is 1?", person=JOHN)
    arrive(line, "Thanks", person=BOB)
    telegram = make_line(team.project, channel="telegram")
    arrive(telegram, "Via another channel", person=Person(provider_id="9", username="sheena"))
    answer = answer_to(first, "On its way")
    Message.objects.filter(content="Thanks").update(is_read=True)

    assert contents(viewer, team) == ["On its way", "Via another channel", "Thanks", "Where is 1?"]
    assert contents(viewer, team, "direction=outbound") == ["On its way"]
    assert contents(viewer, team, "provider=telegram") == ["Via another channel"]
    assert len(contents(viewer, team, "provider=telegram&provider=whatsapp")) == 4
    assert contents(viewer, team, "provider=pigeon") == []
    assert contents(viewer, team, f"order_id={order.uuid}") == ["On its way", "Where is 1?"]
    # What we have written ourselves is neither read nor unread.
    assert contents(viewer, team, "is_read=false") == ["Via another channel", "Where is 1?"]
    assert contents(viewer, team, "is_read=true") == ["Thanks"]
    assert contents(viewer, team, "search=thank") == ["Thanks"]
    assert contents(viewer, team, "search=Bob") == ["Thanks"]
    assert contents(viewer, team, "search=%2B1 650-555") == ["Thanks"]
    assert contents(viewer, team, "search=sheena") == ["Via another channel"]
    assert contents(viewer, team, f"conversation={answer.conversation.uuid}&is_read=false") == [
        "Where is 1?"
    ]
    assert contents(viewer, team, "is_read=&search=&order_id=&provider=&days=") == contents(
        viewer, team
    )


def test_an_outbound_message_goes_from_the_project_to_the_contact(
    team: Team, line: Line, viewer: APIClient
) -> None:
    answer_to(arrive(line, person=JOHN), "Yes")

    [shown] = viewer.get(f"{path(team, 'inbox')}?direction=outbound").json()

    assert shown["sender"] == {"phone": None, "name": "My Store"}
    assert shown["recipient"] == {"phone": "+1234567890", "name": "John Doe"}
    # Its recipient has read it.
    assert (shown["is_read"], shown["status"]) == (True, "read")


def test_shows_files_with_where_to_get_them(team: Team, line: Line, viewer: APIClient) -> None:
    message = arrive(line, "", person=Person(provider_id="9"), content_type="image")
    file = Attachment.objects.create(
        message=message,
        filename="<b>.png",
        media_type="image/png",
        size=7,
        file="x",
        state=FileState.STORED,
    )
    Attachment.objects.create(
        message=message, provider_id="later", last_error="Pretend could not be reached."
    )

    [shown] = viewer.get(path(team, "inbox")).json()

    assert shown["sender"] == {"phone": None, "name": None}
    assert shown["attachments"] == [
        {
            "id": str(file.uuid),
            "filename": "<b>.png",
            "media_type": "image/png",
            "size": 7,
            "status": "stored",
            "error": None,
            "link": None,
            "url": path(team, "attachments", file.uuid),
        },
        {
            "id": shown["attachments"][1]["id"],
            "filename": None,
            "media_type": None,
            "size": None,
            "status": "pending",
            "error": "Pretend could not be reached.",
            "link": None,
            "url": None,
        },
    ]


def test_hides_what_blocked_contacts_write(team: Team, line: Line, viewer: APIClient) -> None:
    arrive(line, "Spam", person=BOB)
    arrive(line, "Hello", person=JOHN)
    Contact.objects.filter(name="Bob").update(is_blocked=True)

    assert contents(viewer, team) == ["Hello"]


def test_the_days_are_the_projects_and_count_the_arrival(clock: time_machine.Traveller) -> None:
    team = make_team(timezone="America/New_York")
    line = make_line(team.project)
    # 2025-01-11 in New York. It was written long before.
    clock.move_to(datetime(2025, 1, 12, 4, 59, tzinfo=UTC))
    arrive(line, "Yesterday", written_at=AT - timedelta(days=60))
    clock.move_to(datetime(2025, 1, 12, 5, 0, tzinfo=UTC))
    arrive(line, "Today")

    viewer = team.client("viewer")

    assert contents(viewer, team, "days=1") == ["Today"]
    assert contents(viewer, team, "days=2") == ["Today", "Yesterday"]
    clock.move_to(AT + timedelta(days=29))
    viewer = team.client("viewer")
    assert contents(viewer, team) == ["Today"]
    assert contents(viewer, team, "days=31") == ["Today", "Yesterday"]


def test_pages_have_totals_and_links(
    team: Team, line: Line, viewer: APIClient, clock: time_machine.Traveller
) -> None:
    for number in range(5):
        arrive(line, str(number))

    answer = viewer.get(f"{path(team, 'inbox')}?page=2&page_size=2")

    assert [row["content"] for row in answer.json()] == ["2", "1"]
    assert answer["X-Total-Count"] == "5"
    assert answer["Link"] == (
        f'<http://testserver{path(team, "inbox")}?page=3&page_size=2>; rel="next", '
        f'<http://testserver{path(team, "inbox")}?page=1&page_size=2>; rel="prev"'
    )
    beyond = viewer.get(f"{path(team, 'inbox')}?page=2147483647")
    assert (beyond.json(), beyond["X-Total-Count"]) == ([], "5")


@pytest.mark.parametrize("query", ["", "search=e&is_read=false&order_id="])
def test_a_page_takes_four_statements_whatever_there_is(
    team: Team, line: Line, viewer: APIClient, query: str
) -> None:
    for number in range(12):
        message = arrive(line, "Hello", person=Person(provider_id=f"US.{number}", name="Eve"))
        Attachment.objects.create(message=message, provider_id="1")

    for size in (2, 10):
        with CaptureQueriesContext(connection) as statements:
            answer = viewer.get(f"{path(team, 'inbox')}?{query}&page_size={size}")
        assert len(answer.json()) == size
        assert answer["X-Total-Count"] == "12"
        assert len(statements) <= 4


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("direction=sideways", "direction"),
        ("is_read=maybe", "is_read"),
        ("days=0", "days"),
        ("days=3651", "days"),
        ("days=\u0661", "days"),
        ("page=0", "page"),
        ("page_size=201", "page_size"),
        ("order_id=1", "order_id"),
        ("conversation=%00", "conversation"),
        ("search=%00", "search"),
        (f"search={'x' * 201}", "search"),
        ("provider=%00", "provider"),
        (f"provider={'x' * 17}", "provider"),
    ],
)
def test_a_wrong_parameter_is_named(team: Team, viewer: APIClient, query: str, field: str) -> None:
    answer = viewer.get(f"{path(team, 'inbox')}?{query}")

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


def test_text_of_customers_comes_as_it_is(team: Team, line: Line, viewer: APIClient) -> None:
    text = "<script>alert(1)</script> ' OR 1=1 -- \u202e %s {} \U0001f600"
    arrive(line, text, person=JOHN)

    assert contents(viewer, team) == [text]
    assert contents(viewer, team, "search=%25s") == [text]
    assert contents(viewer, team, "search=100%25") == []


def test_a_stranger_and_another_project_see_nothing(team: Team, line: Line, others: Team) -> None:
    message = arrive(line, person=JOHN)

    stranger = others.client("owner")

    assert stranger.get(path(team, "inbox")).status_code == 404
    found = stranger.get(f"{path(others, 'inbox')}?conversation={message.conversation.uuid}")
    assert found.json() == []


def test_arrival_sorts_the_inbox(
    team: Team, line: Line, viewer: APIClient, clock: time_machine.Traveller
) -> None:
    arrive(line, "First")
    clock.shift(timedelta(minutes=10))
    # It was written before the first one, but nobody has seen it yet.
    arrive(line, "Late", written_at=timezone.now() - timedelta(hours=3))

    assert contents(viewer, team) == ["Late", "First"]
