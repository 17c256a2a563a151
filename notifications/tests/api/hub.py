"""A project's messages on the hub, for their tests."""

from typing import Any

from rest_framework.test import APIClient

from accounts.tests.projects import Team
from notifications.channels import Line, Person
from notifications.models import Message
from notifications.models.messages import Direction, MessageStatus
from notifications.services import receive_message
from notifications.tests.factories import incoming

JOHN = Person(provider_id="US.7", number="1234567890", name="John Doe")
BOB = Person(provider_id="US.8", number="16505550199", name="Bob")


def path(team: Team, *parts: object) -> str:
    """Return a path of the project's messages."""
    return "/".join(["/api/v1/messages", str(team.project.uuid), *map(str, parts)])


def arrive(line: Line, content: str = "Hello", **parts: Any) -> Message:
    """Receive a message."""
    message = receive_message(line=line, incoming=incoming(content, **parts))
    assert message is not None
    return message


def answer_to(message: Message, content: str, **fields: Any) -> Message:
    """Store an outbound message in the conversation of another one, as if it had been sent."""
    return Message.objects.create(
        project_id=message.project_id,
        conversation=message.conversation,
        address=message.address,
        direction=Direction.OUTBOUND,
        channel=message.channel,
        line=message.line,
        content_type="text",
        content=content,
        order=message.order,
        **{"status": MessageStatus.READ, **fields},
    )


def contents(client: APIClient, team: Team, query: str = "", what: str = "inbox") -> list[str]:
    """Return what the messages say that a list shows."""
    response = client.get(f"{path(team, what)}?{query}")
    assert response.status_code == 200, response.content
    return [row["content"] for row in response.json()]
