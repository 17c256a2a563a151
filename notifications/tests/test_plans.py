"""The page of a conversation finds what it shows by index, among many messages and events."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.projects import Team, make_team
from notifications.events import of_conversation
from notifications.models import Message
from notifications.queries.for_pages import shown_conversation_for
from notifications.tests.pages.scenes import answer, write
from notifications.tests.pretend import Pretend
from orderchainer.testing.races import on_postgresql
from orders.stream.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.services]

MANY = 5000


def sent_like(message: Message, author: User) -> None:
    """Store many answers in the conversation of a message."""
    sent = answer(message)
    fields: dict[str, Any] = {
        field.attname: getattr(sent, field.attname)
        for field in Message._meta.concrete_fields
        if field.name not in {"id", "uuid", "author"}
    }
    Message.objects.bulk_create(Message(**fields, author=author) for _ in range(MANY))


@on_postgresql
def test_the_last_answer_and_the_last_changes_are_found_by_index(pretend: Pretend) -> None:
    team: Team = make_team()
    line = pretend.add_line(team.project)
    agent, manager = team.members["agent"], team.members["manager"]
    other, shown = write(line), write(line)
    # The newest messages are all by somebody else, so a walk from the newest one would be long.
    sent_like(other, agent)
    sent_like(shown, manager)
    Event.objects.bulk_create(
        of_conversation(other.conversation, {"status": "open"}, by=agent) for _ in range(MANY)
    )
    Event.objects.bulk_create(
        Event(
            type="order_updated",
            subject_kind="order",
            subject_uuid=uuid4(),
            order_id=number,
            owner_id=agent.pk,
            project_id=team.project.pk,
        )
        for number in range(MANY)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_message; ANALYZE orders_event")

    with CaptureQueriesContext(connection) as statements:
        shown_conversation_for(team.project, shown.conversation.uuid, viewer=agent)

    (statement,) = statements
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "notifications_message_pkey" not in plan, plan
    assert "orders_event_pkey" not in plan, plan
    assert "message_by_conversation" in plan
    assert "event_by_subject" in plan
