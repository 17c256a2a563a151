"""The list of conversations on pages."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from notifications.channels import Line
from notifications.models import Conversation
from notifications.services import change_conversation, mark_conversation_read
from notifications.tests.pages.scenes import (
    HOSTILE,
    address,
    answer,
    names_on,
    somebody,
    text_of,
    write,
)
from notifications.tests.pretend import Pretend
from orders.tests.pages.scenes import place


def waiting_for(talk: Conversation, hours: int) -> None:
    """Let a conversation have waited for so long."""
    since = timezone.now() - timedelta(hours=hours)
    Conversation.objects.filter(pk=talk.pk).update(waiting_since=since, last_activity_at=since)


def test_rows_say_who_wrote_what_and_for_how_long_they_wait(
    team: Team, agent: Client, line: Line
) -> None:
    anna = write(line, "Where is my order?", person=somebody("Anna"))
    write(line, "Thanks", person=somebody("Ben"))
    waiting_for(anna.conversation, 2)

    page = agent.get(address(team, "inbox"))

    assert names_on(page) == ["Ben", "Anna"]
    html = text_of(page)
    assert "Where is my order?" in html
    assert "1 unread" in html
    assert ">2 h</time>" in html
    assert "Pretend" in html


def test_the_navigation_leads_to_it(team: Team, viewer: Client) -> None:
    page = text_of(viewer.get(address(team, "orders")))

    assert f'<a href="{address(team, "inbox")}" data-goes-by="i">' in page


def test_the_list_sorts_by_waiting_time_and_those_who_do_not_wait_come_last(
    team: Team, agent: Client, line: Line
) -> None:
    talks = {name: write(line, person=somebody(name)) for name in ("Anna", "Ben", "Cleo")}
    waiting_for(talks["Ben"].conversation, 5)
    waiting_for(talks["Cleo"].conversation, 3)
    answer(talks["Anna"])

    found = agent.get(address(team, "inbox"), {"ordering": "waiting"})

    assert names_on(found) == ["Ben", "Cleo", "Anna"]
    assert names_on(agent.get(address(team, "inbox"))) == ["Anna", "Cleo", "Ben"]


def test_filters_are_in_the_address_and_combine(team: Team, agent: Client, line: Line) -> None:
    member = team.members["agent"]
    mine = write(line, "An order, please", person=somebody("Mine"))
    read = write(line, person=somebody("Read"))
    closed = write(line, "closed words", person=somebody("Closed"))
    snoozed = write(line, person=somebody("Snoozed"))
    change_conversation(conversation=mine.conversation, by=member, changes={"assignee": member})
    mark_conversation_read(conversation=read.conversation, by=member)
    change_conversation(conversation=closed.conversation, by=member, changes={"status": "closed"})
    change_conversation(
        conversation=snoozed.conversation,
        by=member,
        changes={"status": "snoozed", "snoozed_until": timezone.now() + timedelta(hours=3)},
    )
    read.order = place(team)
    read.save()

    def found(**query: str) -> list[str]:
        return sorted(names_on(agent.get(address(team, "inbox"), query)))

    assert found() == ["Mine", "Read"]
    assert found(assignee="me") == ["Mine"]
    assert found(assignee="none") == ["Read"]
    # Also what is closed or snoozed.
    assert found(unread="true") == ["Closed", "Mine", "Snoozed"]
    assert found(unread="true", status="open") == ["Mine"]
    assert found(unread="false") == ["Read"]
    assert found(status="closed") == ["Closed"]
    assert found(status="snoozed") == ["Snoozed"]
    assert found(order="true") == ["Read"]
    assert found(order="false") == ["Mine"]
    assert found(provider="pretend") == ["Mine", "Read"]
    assert found(provider="whatsapp") == []
    # A text is searched for in all of them, also in what was said.
    assert found(search="closed words") == ["Closed"]
    assert found(search="snooz") == ["Snoozed"]
    assert found(search="an order", assignee="me") == ["Mine"]


def test_chips_take_a_filter_away_and_wrong_values_are_left_out_with_a_note(
    team: Team, agent: Client, line: Line
) -> None:
    write(line)
    path = address(team, "inbox")

    page = text_of(agent.get(path, {"assignee": "me", "unread": "true"}))
    assert f'href="{path}?unread=true" aria-label="Remove Assigned to: me"' in page
    assert f'href="{path}?assignee=me" aria-label="Remove Unread"' in page

    wrong = agent.get(path, {"status": "lost", "unread": "x", "ordering": "y", "order": "z"})
    assert names_on(wrong) == ["Anna"]
    assert text_of(wrong).count("was left out") == 4


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "No conversations yet"),
        ({"unread": "true"}, "No conversations yet"),
    ],
)
def test_an_empty_inbox_names_the_next_step(
    team: Team, agent: Client, query: dict[str, str], words: str
) -> None:
    page = text_of(agent.get(address(team, "inbox"), query))

    assert words in page
    assert "on a connected channel appears here" in page
    assert "Connect a channel" in page


def test_an_empty_inbox_with_a_channel_says_what_will_come(
    team: Team, agent: Client, line: Line
) -> None:
    page = text_of(agent.get(address(team, "inbox")))

    assert "No conversations yet" in page
    assert "When a customer writes on Pretend, the conversation appears here by itself." in page
    assert "Connect a channel" not in page


def test_an_empty_inbox_whose_channels_do_not_work_leads_to_them(
    team: Team, agent: Client, line: Line, pretend: Pretend
) -> None:
    pretend.set_trouble("It is paused.")

    page = text_of(agent.get(address(team, "inbox")))

    assert "No channel works right now" in page
    assert f'href="/app/{team.project.uuid}/integrations">See what is wrong</a>' in page
    assert "Connect a channel" not in page


def test_who_has_read_everything_is_told_so(team: Team, agent: Client, line: Line) -> None:
    message = write(line)
    mark_conversation_read(conversation=message.conversation, by=team.owner)
    path = address(team, "inbox")

    assert "You have read everything" in text_of(agent.get(path, {"unread": "true"}))
    assert "No conversations match" in text_of(agent.get(path, {"assignee": "me"}))
    change_conversation(
        conversation=message.conversation, by=team.owner, changes={"status": "closed"}
    )
    assert "Nothing is open" in text_of(agent.get(path))


def test_blocked_contacts_and_other_projects_are_not_in_it(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line, person=somebody("Blocked"))
    contact = message.conversation.contact
    contact.is_blocked = True
    contact.save()

    assert names_on(agent.get(address(team, "inbox"))) == []
    rows = agent.get(address(team, "inbox/rows"), {"ids": str(message.conversation.uuid)})
    assert "Blocked" not in text_of(rows)
    stranger = browser_of(team.members["agent"])
    assert stranger.get("/app/0b0d4c9e-0000-4000-8000-000000000000/inbox").status_code == 404


def test_hostile_names_and_texts_are_text(team: Team, agent: Client, line: Line) -> None:
    write(line, HOSTILE, person=somebody(HOSTILE))

    page = agent.get(address(team, "inbox"), {"search": "onerror"})

    assert names_on(page) == [HOSTILE]
    assert "<img src=x" not in text_of(page)


def test_some_rows_are_read_again_and_say_whether_they_left_the_filters(
    team: Team, agent: Client, line: Line
) -> None:
    anna, ben = (write(line, person=somebody(name)).conversation for name in ("Anna", "Ben"))
    mark_conversation_read(conversation=ben, by=team.owner)

    rows = agent.get(
        address(team, "inbox/rows"), {"unread": "true", "ids": f"{anna.uuid},{ben.uuid},x,"}
    )

    html = text_of(rows)
    assert "<html" not in html
    assert sorted(names_on(rows)) == ["Anna", "Ben"]
    assert html.count("No longer matches") == 1
    assert html.index("No longer matches") > html.index(f"conversation-{ben.uuid}")


def test_a_long_list_has_pages_and_an_old_link_leads_to_the_last_one(
    team: Team, agent: Client, line: Line
) -> None:
    for number in range(31):
        write(line, person=somebody(f"Somebody {number:02}"))
    path = address(team, "inbox")

    assert len(names_on(agent.get(path))) == 30
    assert names_on(agent.get(path, {"page": "2"})) == ["Somebody 00"]
    assert names_on(agent.get(path, {"page": "99"})) == ["Somebody 00"]
    assert len(names_on(agent.get(path, {"page": "x"}))) == 30


def test_many_conversations_take_as_many_statements_as_one(
    team: Team, agent: Client, line: Line
) -> None:
    counts = []
    for more in (1, 40):
        for _ in range(more):
            write(line)
        agent.get(address(team, "inbox"))
        for query in ({}, {"ordering": "waiting"}, {"search": "hello", "order": "false"}):
            with CaptureQueriesContext(connection) as statements:
                agent.get(address(team, "inbox"), query)
            counts.append(len(statements))

    assert max(counts) <= 7
    assert counts[0] <= counts[3] <= counts[0] + 1
