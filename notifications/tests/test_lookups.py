"""What a provider tells of one message is found without reading the others."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.channels import Line, Report
from notifications.models import Message, MessageSend
from notifications.models.messages import Direction, MessageStatus, SendState
from notifications.services import receive_message, receive_reaction, receive_report
from notifications.tests.factories import ADA, incoming
from orderchainer.testing.effort import pages_read_by

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(
        connection.vendor == "postgresql",
        reason="PostgreSQL also reads what other tests have rolled back, until a vacuum",
    ),
]

MANY = 5000
MOST_PAGES = 20


@pytest.fixture(autouse=True)
def _messages(ours: Line) -> None:
    """Let the line have many messages, all of one person."""
    first = receive_message(line=ours, incoming=incoming())
    assert first is not None
    rows = [
        Message(
            project_id=ours.project_id,
            conversation=first.conversation,
            address=first.address,
            direction=Direction.OUTBOUND,
            channel=ours.channel,
            line=ours.uuid,
            content_type=first.content_type,
            content="Sold",
            status=MessageStatus.SENT,
            provider_id=f"wamid.out.{number}",
        )
        for number in range(MANY)
    ]
    Message.objects.bulk_create(rows)
    MessageSend.objects.bulk_create(
        MessageSend(
            message=message,
            conversation=first.conversation,
            part=1,
            state=SendState.SENT,
            provider_id=message.provider_id,
        )
        for message in rows
    )


def most_pages_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    reads = [each["sql"] for each in captured if each["sql"].startswith("SELECT")]
    assert reads
    return max(map(pages_read_by, reads))


def a_message(line: Line) -> None:
    receive_message(line=line, incoming=incoming(reply_to="wamid.unknown"))


def a_reaction(line: Line) -> None:
    receive_reaction(
        line=line, provider_id="wamid.unknown", person=ADA, emoji="👍", set_at=timezone.now()
    )


REPORT = Report(MessageStatus.DELIVERED, timezone.now(), provider_id=f"wamid.out.{MANY - 1}")


def a_report(line: Line) -> None:
    receive_report(line=line, report=REPORT)


def a_report_of_another_message(line: Line) -> None:
    receive_report(line=line, report=replace(REPORT, provider_id="wamid.unknown"))


@pytest.mark.parametrize("told", [a_message, a_reaction, a_report, a_report_of_another_message])
def test_a_providers_id_is_looked_up_in_its_index(ours: Line, told: Callable[[Line], None]) -> None:
    assert most_pages_of(lambda: told(ours)) <= MOST_PAGES
