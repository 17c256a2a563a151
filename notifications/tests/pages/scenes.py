"""Conversations of a team for the tests of pages, and how to read what pages show."""

import re
from html import unescape
from itertools import count
from typing import Any

from accounts.tests.projects import Team
from notifications.channels import Line, Person
from notifications.models import Conversation, Message
from notifications.services import Recipient, receive_message, send_message
from notifications.tests.factories import incoming

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"
_people = count(1)


def somebody(name: str = "Anna", **fields: str) -> Person:
    """Return a customer who has not sent a message yet."""
    number = next(_people)
    return Person(
        **{"provider_id": f"p.{number}", "number": f"1650555{number:04}", "name": name, **fields}
    )


def write(
    line: Line, content: str = "Hello", *, person: Person | None = None, **parts: Any
) -> Message:
    """Let a customer write, somebody new unless a person is named."""
    message = receive_message(
        line=line, incoming=incoming(content, person=person or somebody(), **parts)
    )
    assert message is not None
    return message


def answer(message: Message, content: str = "Hello back", **fields: Any) -> Message:
    """Answer a customer's message as the owner of the project."""
    return send_message(
        project=message.project,
        by=message.project.memberships.get(role="owner").user,
        recipient=Recipient(contact_id=message.conversation.contact.uuid),
        channel=message.channel,
        content=content,
        **fields,
    )


def address(team: Team, *parts: object) -> str:
    """Return the address of a page of the team's project."""
    return "/".join(["/app", str(team.project.uuid), *map(str, parts)])


def page_of(team: Team, talk: Conversation | Message, *parts: object) -> str:
    """Return the address of a conversation."""
    conversation = talk.conversation if isinstance(talk, Message) else talk
    return address(team, "inbox", conversation.uuid, *parts)


def text_of(response: Any) -> str:
    """Return the page as HTML, with each run of white space as one space."""
    html: str = response.content.decode()
    return " ".join(html.split())


def names_on(response: Any) -> list[str]:
    """Return the names in the rows of the list, from above."""
    found = re.findall(r"<a [^>]*><bdi>([^<]*)</bdi>", text_of(response))
    return [unescape(each) for each in found]


def said_on(response: Any) -> list[str]:
    """Return what the messages of the log say, from above."""
    return [
        unescape(each)
        for each in re.findall(
            r'<p class="said" dir="auto">(.*?)</p>', response.content.decode(), re.S
        )
    ]
