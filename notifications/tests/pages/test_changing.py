"""Who cares for a conversation, whether it is open, and which orders it is about, on pages."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.services import delete_user
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from notifications.channels import Line
from notifications.models import Conversation, Message
from notifications.pages.changing import end_of_snooze
from notifications.services import change_conversation
from notifications.tests.pages.scenes import (
    HOSTILE,
    address,
    answer,
    page_of,
    said_on,
    somebody,
    text_of,
    write,
)
from orders.models import Order
from orders.stream.models import Event
from orders.tests.pages.scenes import place


def change(client: Client, team: Team, message: Message, **fields: str) -> Any:
    return client.post(page_of(team, message, "change"), fields)


def seen_on(response: Any) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', text_of(response))
    assert found
    return found[1]


def now(message: Message) -> Conversation:
    return Conversation.objects.get(pk=message.conversation_id)


def test_a_conversation_is_assigned_and_both_pages_say_so(
    team: Team, agent: Client, viewer: Client, line: Line
) -> None:
    message, manager = write(line), team.members["manager"]
    html = text_of(agent.get(page_of(team, message)))
    assert f'<option value="{manager.uuid}">' in html
    assert str(team.members["viewer"].uuid) not in html

    response = change(agent, team, message, assignee=str(manager.uuid))

    assert (response.status_code, response["Location"]) == (303, page_of(team, message))
    assert now(message).assignee == manager
    change(agent, team, message, me="on", was=str(manager.uuid))
    assert now(message).assignee == team.members["agent"]
    assert "Assign to me" not in text_of(agent.get(page_of(team, message)))
    change(agent, team, message, was=str(team.members["agent"].uuid))
    assert now(message).assignee is None
    assert "<p>Nobody</p>" in text_of(viewer.get(page_of(team, message)))


@pytest.mark.parametrize("who", ["viewer", "stranger", "x", "9" * 64])
def test_only_those_who_may_answer_are_assigned(
    team: Team, agent: Client, line: Line, who: str
) -> None:
    message = write(line)
    ids = {
        "viewer": str(team.members["viewer"].uuid),
        "stranger": str(make_user(email="stranger@example.com").uuid),
    }

    response = change(agent, team, message, assignee=ids.get(who, who))

    assert response.status_code == 400
    assert "Must be a member who may send messages." in text_of(response)
    assert now(message).assignee is None


def test_nobody_takes_it_from_somebody_whom_they_have_not_seen(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line)
    manager = team.members["manager"]
    change_conversation(
        conversation=message.conversation, by=team.owner, changes={"assignee": manager}
    )

    response = change(agent, team, message, me="on")

    assert response.status_code == 412
    html = text_of(response)
    assert "has been assigned to manager@example.com since you opened the page" in html
    # The page is still there, with its field for answers.
    assert 'id="reply"' in html
    assert now(message).assignee == manager


def test_it_is_closed_snoozed_and_opened_again(team: Team, agent: Client, line: Line) -> None:
    message = write(line)

    assert change(agent, team, message, status="closed", was="open").status_code == 303
    assert now(message).status == "closed"
    # A form that is sent twice finds it closed.
    assert change(agent, team, message, status="closed", was="open").status_code == 303
    assert "Open again" in text_of(agent.get(page_of(team, message)))
    change(agent, team, message, status="open", was="closed")
    assert now(message).status == "open"
    change(agent, team, message, snooze="hours", was="open")
    snoozed = now(message)
    assert snoozed.status == "snoozed"
    assert snoozed.snoozed_until is not None
    assert "snoozed, back" in text_of(agent.get(page_of(team, message)))
    stale = change(agent, team, message, status="closed", was="open")
    assert stale.status_code == 412
    assert now(message).status == "snoozed"


def test_a_second_snooze_from_an_old_page_replaces_none(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line)
    change(agent, team, message, snooze="hours", was="open")
    first = now(message)

    twice = change(agent, team, message, snooze="hours", was="open")
    other = change(agent, team, message, snooze="monday", was="open")

    assert twice.status_code == 303
    assert other.status_code == 412
    assert "It has been snoozed since you opened the page." in text_of(other)
    assert now(message).snoozed_until == first.snoozed_until
    assert now(message).version == first.version


@pytest.mark.parametrize("fields", [{"status": "closed"}, {"snooze": "hours"}])
def test_nobody_puts_a_message_away_that_they_have_not_seen(
    team: Team, agent: Client, line: Line, fields: dict[str, str]
) -> None:
    anna = somebody()
    message = write(line, "Where is it?", person=anna)
    seen = seen_on(agent.get(page_of(team, message)))
    write(line, "Stop! Do not send it.", person=anna)

    stale = change(agent, team, message, was="open", seen=seen, **fields)

    assert stale.status_code == 412
    assert "The customer has written again since you opened the page." in text_of(stale)
    assert "Stop! Do not send it." in said_on(stale)
    assert now(message).status == "open"
    again = change(agent, team, message, was="open", seen=seen_on(stale), **fields)
    assert again.status_code == 303
    assert now(message).status != "open"


def test_what_a_colleague_has_answered_meanwhile_keeps_nobody_from_closing(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line)
    seen = seen_on(agent.get(page_of(team, message)))
    answer(message)

    assert change(agent, team, message, was="open", seen=seen, status="closed").status_code == 303
    assert now(message).status == "closed"


def test_a_snooze_without_an_end_changes_nothing(team: Team, agent: Client, line: Line) -> None:
    message, manager = write(line), team.members["manager"]
    change(agent, team, message, assignee=str(manager.uuid))

    response = change(agent, team, message, snooze="", was="open")

    assert response.status_code == 400
    assert "Choose for how long it is snoozed." in text_of(response)
    assert (now(message).status, now(message).assignee) == ("open", manager)


def test_whoever_has_left_the_project_can_be_replaced(
    team: Team, agent: Client, viewer: Client, line: Line
) -> None:
    message, manager = write(line), team.members["manager"]
    change(agent, team, message, assignee=str(manager.uuid))
    team.project.memberships.filter(user=manager).delete()

    chosen = f'<option value="{manager.uuid}" selected>manager@example.com</option>'
    assert chosen in text_of(agent.get(page_of(team, message)))
    # A member without a name is somebody too.
    assert "<p>manager@example.com</p>" in text_of(viewer.get(page_of(team, message)))
    assert change(agent, team, message, was=str(manager.uuid), assignee="").status_code == 303
    assert now(message).assignee is None


@pytest.mark.parametrize("fields", [{"status": "lost"}, {"snooze": "ever"}, {"status": "snoozed"}])
def test_a_forged_change_is_refused(
    team: Team, agent: Client, line: Line, fields: dict[str, str]
) -> None:
    message = write(line)

    assert change(agent, team, message, was="open", **fields).status_code == 400
    assert now(message).status == "open"


@pytest.mark.parametrize(
    ("choice", "until"),
    [
        ("hour", datetime(2026, 11, 28, 23, 30, tzinfo=UTC)),
        ("hours", datetime(2026, 11, 29, 2, 30, tzinfo=UTC)),
        # It is Sunday in Berlin already.
        ("tomorrow", datetime(2026, 11, 30, 8, tzinfo=UTC)),
        ("monday", datetime(2026, 11, 30, 8, tzinfo=UTC)),
    ],
)
def test_snoozing_counts_the_days_of_the_project(choice: str, until: datetime) -> None:
    at = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    if choice.startswith("hour"):
        at = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)

    assert end_of_snooze(choice, ZoneInfo("Europe/Berlin"), at) == until


def test_on_a_monday_monday_is_the_next_one() -> None:
    at = datetime(2026, 11, 30, 7, tzinfo=UTC)

    assert end_of_snooze("monday", ZoneInfo("UTC"), at) == datetime(2026, 12, 7, 9, tzinfo=UTC)


def link(client: Client, team: Team, message: Message, **fields: str) -> Any:
    return client.post(page_of(team, message, "link"), fields)


def linked(message: Message) -> Order | None:
    return Message.objects.get(pk=message.pk).order


def test_a_conversation_is_linked_to_an_order_and_unlinked(
    team: Team, agent: Client, line: Line
) -> None:
    message, order = write(line), place(team, title=HOSTILE)

    assert link(agent, team, message, order=f" #{order.pk}").status_code == 303
    assert linked(message) == order
    html = text_of(agent.get(page_of(team, message)))
    assert f"Unlink #{order.pk}" in html
    assert "<img src=x" not in html

    for _ in range(2):
        assert link(agent, team, message, order=str(order.pk), unlink="on").status_code == 303
    assert linked(message) is None
    told = [event.data["changes"] for event in Event.objects.filter(type="conversation_changed")]
    assert [list(each) for each in told] == [["linked"], ["unlinked"]]
    assert told[1]["unlinked"] == {
        "order_id": str(order.uuid),
        "message_ids": [str(message.uuid)],
    }


def test_a_second_order_is_linked_beside_the_first_one(
    team: Team, agent: Client, line: Line
) -> None:
    anna = somebody()
    older, newer = write(line, "One", person=anna), write(line, "Two", person=anna)
    first, second, third = place(team), place(team), place(team)

    for order in (first, second, second, first):
        assert link(agent, team, newer, order=f"#{order.pk}").status_code == 303

    assert (linked(newer), linked(older)) == (first, second)
    assert Event.objects.filter(type="conversation_changed").count() == 2
    refused = link(agent, team, newer, order=f"#{third.pk}")
    assert refused.status_code == 400
    assert "Every message is about another order. Unlink one first." in text_of(refused)
    assert (linked(newer), linked(older)) == (first, second)


@pytest.mark.parametrize("text", ["", "x", "#0", "99999999999999999999", "12 13"])
def test_an_order_that_does_not_exist_cannot_be_linked(
    team: Team, agent: Client, line: Line, text: str
) -> None:
    message = write(line)

    assert link(agent, team, message, order=text).status_code == 400
    assert linked(message) is None


def test_an_order_of_another_project_cannot_be_linked(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line)
    order = place(team)
    Order.objects.filter(pk=order.pk).update(project=team.owner.personal_project)

    response = link(agent, team, message, order=f"#{order.pk}")

    assert response.status_code == 400
    assert "The project has no order" in text_of(response)


def test_the_page_of_an_order_shows_what_was_said_about_it(
    team: Team, viewer: Client, line: Line
) -> None:
    order = place(team, title="A table")
    path = address(team, "orders", order.pk, "conversation")
    page = text_of(viewer.get(address(team, "orders", order.pk)))
    assert f'hx-get="{path}"' in page
    assert "Nobody has talked about this order yet." in text_of(viewer.get(path))
    messages = [write(line, f"{number} {HOSTILE}") for number in range(6)]
    Message.objects.filter(pk__in=[each.pk for each in messages]).update(order=order)
    write(line, "Elsewhere")

    part = viewer.get(path, headers={"HX-Request": "true"})

    assert len(said_on(part)) == 5
    html = text_of(part)
    assert "<html" not in html
    assert "<img src=x" not in html
    assert "These are the latest 5 messages" in html
    assert f'href="{page_of(team, messages[-1])}"' in html
    assert "<html" in text_of(viewer.get(path))
    assert viewer.get(address(team, "orders/999999/conversation")).status_code == 404
    stranger = browser_of(make_user(email="stranger@example.com"))
    assert stranger.get(path).status_code == 404


def told_on(response: Any) -> list[str]:
    """Return the quiet lines of the log, without their moments."""
    lines = re.findall(r'<li class="message note event".*?</li>', text_of(response))
    bare = [re.sub(r"<time.*?</time>|<[^>]+>", "", each) for each in lines]
    return [" ".join(each.split()) for each in bare]


def test_the_log_tells_who_assigned_closed_and_snoozed_it(
    team: Team, agent: Client, viewer: Client, line: Line
) -> None:
    anna = somebody()
    message, manager = write(line, "Where is it?", person=anna), team.members["manager"]
    manager.first_name, manager.last_name = "<b>Ben</b>", "Bo"
    manager.save()
    change(agent, team, message, assignee=str(manager.uuid))
    change(agent, team, message, status="closed", was="open")
    write(line, "Hello?", person=anna)
    change(agent, team, message, snooze="hours", was="open")
    change(agent, team, message, was=str(manager.uuid))

    page = agent.get(page_of(team, message))

    assert [unescape(each) for each in told_on(page)] == [
        "Assigned to <b>Ben</b> Bo by agent@example.com",
        "Closed by agent@example.com",
        "Opened again",
        "Snoozed until by agent@example.com",
        "Assigned to nobody by agent@example.com",
    ]
    html = text_of(page)
    assert "<b>Ben</b>" not in html
    places = [html.index(each) for each in ("Where is it?</p>", "<bdi>Closed</bdi>", "Hello?</p>")]
    assert places == sorted(places)
    assert told_on(viewer.get(page_of(team, message))) == told_on(page)
    assert told_on(agent.get(page_of(team, message, "parts"), {"ids": ""})) == told_on(page)


def test_the_log_names_no_deleted_account(team: Team, agent: Client, line: Line) -> None:
    message = write(line, "Where is it?", person=somebody())
    change(agent, team, message, me="on")
    sent = {"content": "On its way.", "key": "a-key-of-the-form"}
    assert agent.post(page_of(team, message, "send"), sent).status_code == 303
    delete_user(user=team.members["agent"])

    page = browser_of(team.owner).get(page_of(team, message))

    assert told_on(page) == ["Assigned to a deleted account by a deleted account"]
    assert "deleted.invalid" not in text_of(page)


def test_earlier_changes_stand_among_earlier_messages(
    team: Team, agent: Client, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.pages.conversation.LOG_SIZE", 2)
    anna = somebody()
    first = write(line, "One", person=anna)
    write(line, "Two", person=anna)
    change(agent, team, first, status="closed", was="open")
    third = write(line, "Three", person=anna)
    write(line, "Four", person=anna)
    change(agent, team, first, me="on")

    newest = agent.get(page_of(team, first))
    older = agent.get(page_of(team, first), {"before": str(third.uuid)})

    assigned = "Assigned to agent@example.com by agent@example.com"
    assert told_on(newest) == ["Opened again", assigned]
    assert said_on(older) == ["One", "Two"]
    assert told_on(older) == []
    # A script has both pages on one, so nothing is lost between them.
    earlier = agent.get(page_of(team, first, "parts"), {"before": str(third.uuid)})
    assert told_on(earlier) == ["Closed by agent@example.com", "Opened again", assigned]
