"""Whether the line of a conversation works, beside the conversation."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team, make_team
from integrations.models import Integration
from integrations.tests.factories import connect
from notifications.models import Message
from notifications.tests.factories import make_line
from notifications.tests.pages.scenes import HOSTILE, page_of, text_of, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return make_team(name="Tea & Cake")


@pytest.fixture
def viewer(team: Team) -> Client:
    return browser_of(team.members["viewer"])


@pytest.fixture
def integration(team: Team) -> Integration:
    made = connect(team)
    Integration.objects.filter(pk=made.pk).update(
        account_name="@aurora_bot", status=Integration.Status.CONNECTED
    )
    return made


def talk_over(team: Team, integration: Integration) -> Message:
    return write(make_line(team.project, channel="telegram", uuid=integration.uuid))


def panel(client: Client, team: Team, message: Message) -> str:
    path = page_of(team, message, "channel")
    return text_of(client.get(path, headers={"HX-Request": "true"}))


def test_the_panel_is_hidden_while_the_line_works(
    team: Team, viewer: Client, integration: Integration
) -> None:
    message = talk_over(team, integration)

    part = panel(viewer, team, message)

    told = f'data-refreshes="integration-{integration.uuid}"'
    source = f'data-from="{page_of(team, message, "channel")}"'
    assert f'id="conversation-channel" aria-label="Channel" {told} {source} hidden>' in part
    assert "<bdi>@aurora_bot</bdi> works." in text_of(viewer.get(page_of(team, message, "channel")))
    assert f'hx-get="{page_of(team, message, "channel")}"' in text_of(
        viewer.get(page_of(team, message))
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_paused": True}, "It is paused."),
        ({"status": "error", "last_error": HOSTILE}, "&lt;img src=x"),
        ({"uuid": uuid4()}, "It is disconnected."),
    ],
)
def test_a_broken_line_says_why(
    team: Team, viewer: Client, integration: Integration, fields: dict[str, object], words: str
) -> None:
    message = talk_over(team, integration)
    Integration.objects.filter(pk=integration.pk).update(**fields)

    part = panel(viewer, team, message)

    assert "Nothing can be sent here at the moment" in part
    assert words in part
    assert "<img src=x" not in part


def test_strangers_find_nothing_and_few_statements_are_taken(
    team: Team, viewer: Client, integration: Integration
) -> None:
    message = talk_over(team, integration)
    stranger = browser_of(make_user(email="stranger@example.com"))
    assert stranger.get(page_of(team, message, "channel")).status_code == 404
    panel(viewer, team, message)
    with CaptureQueriesContext(connection) as statements:
        panel(viewer, team, message)

    assert len(statements) <= 5
