"""Writing to a customer on the page of their conversation."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from notifications.channels import IncomingFile, Line
from notifications.locks import lock_conversation
from notifications.models import ContactAddress, Conversation, Draft, Message, SuggestedReply
from notifications.models.messages import ContentType, Direction, MessageStatus
from notifications.services import (
    create_rule,
    drafting,
    keep_draft,
    keep_suggestion,
    merge_contacts,
)
from notifications.tests.pages.scenes import (
    HOSTILE,
    answer,
    page_of,
    said_on,
    somebody,
    text_of,
    write,
)
from notifications.tests.pages.test_conversation import words_on
from notifications.tests.pretend import DAY, Pretend, pretending
from orderchainer.testing.photographs import photograph
from orders.tests.pages.scenes import place

# What our scripts send besides, so that they get no page.
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


def key_on(client: Client, message: Message) -> str:
    found = re.search(r'name="key" value="([^"]*)"', text_of(client.get(page_of_(message))))
    assert found
    return found[1]


def page_of_(message: Message, *parts: str) -> str:
    path = f"/app/{message.project.uuid}/inbox/{message.conversation.uuid}"
    return "/".join([path, *parts])


def send(client: Client, message: Message, content: str = "Hello back", **typed: Any) -> Any:
    fields = {"key": key_on(client, message), "content": content, **typed}
    return client.post(page_of_(message, "send"), fields)


def sent_in(message: Message) -> list[str]:
    ours = Message.objects.filter(conversation=message.conversation, direction=Direction.OUTBOUND)
    return list(ours.order_by("pk").values_list("content", flat=True))


def typed_on(response: Any) -> str:
    found = re.search(r'id="reply"[^>]*>\n?(.*?)</textarea>', response.content.decode(), re.S)
    return unescape(found[1]) if found else ""


def drafts() -> list[tuple[str, str]]:
    rows = Draft.objects.order_by("pk").values_list("author__email", "content")
    return [(email.partition("@")[0], content) for email, content in rows]


def test_an_answer_is_queued_and_stands_in_the_log(team: Team, agent: Client, line: Line) -> None:
    message = write(line)

    response = send(agent, message, "  On its way\r\nto you  ")

    assert (response.status_code, response["Location"]) == (303, page_of(team, message))
    page = agent.get(response["Location"])
    assert said_on(page) == ["Hello", "On its way\nto you"]
    assert "queued" in text_of(page)
    sent = Message.objects.get(direction=Direction.OUTBOUND)
    assert sent.author == team.members["agent"]
    assert typed_on(page) == ""


def test_a_form_that_is_sent_twice_sends_one_message(agent: Client, line: Line) -> None:
    message = write(line)
    key = key_on(agent, message)

    answers = [send(agent, message, key=key) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert sent_in(message) == ["Hello back"]
    # An old page that sends other words says so, keeps them, and can send them then.
    other = send(agent, message, "Something else", key=key)
    assert other.status_code == 409
    assert "was sent from this page already" in text_of(other)
    assert typed_on(other) == "Something else"
    assert send(agent, message, "Something else").status_code == 303
    assert sent_in(message) == ["Hello back", "Something else"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"content": "   "}, "Write a text."),
        ({"content": "x" * 101}, "has at most 100 characters"),
        ({"key": ""}, "This field is required."),
        ({"suggestion": "x"}, "Enter a valid UUID."),
        ({"suggestion": "0b0d4c9e-0000-4000-8000-000000000000"}, "no such suggestion"),
        ({"template": "lost en"}, "No rule uses this template now"),
    ],
)
def test_a_refused_answer_stays_in_the_field(
    agent: Client, line: Line, typed: dict[str, str], words: str
) -> None:
    message = write(line)
    content = typed.get("content", "My words")

    response = send(agent, message, **{"content": content, **typed})

    assert response.status_code == 400
    assert words in text_of(response)
    assert typed_on(response) == content
    assert 'role="alert"' in text_of(response)
    assert sent_in(message) == []


def test_a_line_in_trouble_keeps_what_was_typed(
    agent: Client, line: Line, pretend: Pretend
) -> None:
    message = write(line)
    pretend.set_trouble("The token has expired.")

    response = send(agent, message, HOSTILE)

    assert response.status_code == 409
    html = text_of(response)
    assert "our number cannot be used: The token has expired." in html
    assert typed_on(response) == HOSTILE
    assert "<img src=x" not in html
    assert sent_in(message) == []


def test_a_part_of_the_page_is_answered_to_scripts(agent: Client, line: Line) -> None:
    message = write(line)
    headers = {
        "HX-Request": "true",
        "HX-Target": "conversation",
        "X-Requested-With": "XMLHttpRequest",
    }
    fields = {"key": key_on(agent, message), "content": "Hi"}

    sent = agent.post(page_of_(message, "send"), fields, headers=headers)
    refused = agent.post(page_of_(message, "send"), {"key": "2", "content": ""}, headers=headers)
    part = agent.get(sent["Location"], headers=headers)

    assert sent.status_code == 303
    assert refused.status_code == 400
    for response in (refused, part):
        assert text_of(response).startswith('<div class="conversation" id="conversation">')


def test_a_file_goes_along_with_its_text(agent: Client, line: Line) -> None:
    message = write(line)
    picture = SimpleUploadedFile("a.jpg", photograph(), "image/jpeg")
    text = SimpleUploadedFile("bill.html", b"<b>Bill</b>", "text/html")

    send(agent, message, "Look", file=picture)
    send(agent, message, "", file=text)

    first, second = Message.objects.filter(direction=Direction.OUTBOUND).order_by("pk")
    assert [first.content_type, second.content_type] == ["image", "document"]
    assert first.content == "Look"
    html = text_of(agent.get(page_of_(message)))
    assert 'alt="a.jpg"' in html
    assert "bill.html" in html
    refused = send(agent, message, "My words", file=SimpleUploadedFile("x.exe", b"MZ\x00\xff"))
    assert refused.status_code == 400
    assert "Files of this kind are not accepted." in text_of(refused)
    assert typed_on(refused) == "My words"


# --- Drafts -----------------------------------------------------------------------------------


def test_a_draft_is_ones_own_and_is_found_on_every_device(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line)
    draft = {"content": f"Dear Anna, {HOSTILE}", "key": key_on(agent, message)}

    kept = agent.post(page_of_(message, "draft"), draft, headers=SCRIPT)

    assert kept.status_code == 204
    assert drafts() == [("agent", draft["content"])]
    other_device = browser_of(team.members["agent"]).get(page_of_(message))
    assert typed_on(other_device) == draft["content"]
    assert "<img src=x" not in text_of(other_device)
    assert typed_on(browser_of(team.members["manager"]).get(page_of_(message))) == ""


def test_what_was_sent_is_no_draft_even_if_the_script_is_late(agent: Client, line: Line) -> None:
    message = write(line)
    late = {"content": "Hello back", "key": key_on(agent, message)}
    agent.post(page_of_(message, "draft"), late, headers=SCRIPT)

    send(agent, message)
    assert drafts() == []
    # The script hears that it was not kept, so it never says so.
    refused = agent.post(page_of_(message, "draft"), late, headers=SCRIPT)
    assert refused.status_code == 409
    assert drafts() == []


def test_a_draft_that_waits_while_the_answer_is_sent_is_not_kept(
    team: Team, agent: Client, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(line)
    late = {"content": "Hello back", "key": key_on(agent, message)}

    def lock_after_sending(conversation_id: int) -> Conversation:
        monkeypatch.setattr(drafting, "lock_conversation", lock_conversation)
        send(agent, message, key=late["key"])
        return lock_conversation(conversation_id)

    monkeypatch.setattr(drafting, "lock_conversation", lock_after_sending)
    agent.post(page_of_(message, "draft"), late, headers=SCRIPT)

    assert sent_in(message) == ["Hello back"]
    assert drafts() == []


def test_the_button_for_drafts_keeps_a_text_on_an_old_page_too(agent: Client, line: Line) -> None:
    message = write(line)
    old = key_on(agent, message)
    send(agent, message, key=old)

    kept = agent.post(page_of_(message, "draft"), {"content": "Also", "key": old})

    assert kept.status_code == 303
    assert drafts() == [("agent", "Also")]


def test_an_empty_text_forgets_the_draft_and_a_long_one_is_refused(
    agent: Client, line: Line
) -> None:
    message = write(line)
    for content in ("Hello", "  "):
        assert agent.post(page_of_(message, "draft"), {"content": content}).status_code == 303
    assert drafts() == []
    long = agent.post(page_of_(message, "draft"), {"content": "x" * 20_001})
    assert long.status_code == 400
    assert drafts() == []


def test_what_was_written_on_another_page_is_not_replaced(agent: Client, line: Line) -> None:
    message = write(line)
    path = page_of_(message, "draft")
    agent.post(path, {"content": HOSTILE, "was": ""}, headers=SCRIPT)

    refused = agent.post(path, {"content": "Mine", "was": ""})

    assert refused.status_code == 412
    html = text_of(refused)
    assert "You have written something else here on another page." in html
    assert "<img src=x" not in html
    assert typed_on(refused) == "Mine"
    other = re.search(r"data-other-draft>([^<]*)<", html)
    assert other
    assert unescape(other[1]) == HOSTILE
    assert drafts() == [("agent", HOSTILE)]
    for lost in ({"content": "", "was": "Mine"}, {"content": "Mine", "was": ["", "x"]}):
        assert agent.post(path, lost, headers=SCRIPT).status_code == 412
    assert drafts() == [("agent", HOSTILE)]
    # Whoever has seen it may replace it.
    shown = re.search(r'name="was" value="([^"]*)"', html)
    assert shown
    assert agent.post(path, {"content": "Mine", "was": unescape(shown[1])}).status_code == 303
    assert drafts() == [("agent", "Mine")]


def test_a_page_replaces_what_it_has_sent_itself(agent: Client, line: Line) -> None:
    message = write(line)
    path = page_of_(message, "draft")
    agent.post(path, {"content": "Dear\nAnna", "was": ""})

    # Of the last request it does not know whether it arrived. Browsers send other line ends.
    known = ["", "Dear", "Dear\r\nAnna"]
    assert agent.post(path, {"content": "Dear\r\nAnna,", "was": known}).status_code == 303
    again = agent.post(path, {"content": "Dear\nAnna,", "was": ""})

    assert again.status_code == 303
    assert drafts() == [("agent", "Dear\nAnna,")]


def test_an_answer_leaves_what_was_written_on_another_page(agent: Client, line: Line) -> None:
    message = write(line)
    path = page_of_(message, "draft")
    agent.post(path, {"content": "Elsewhere", "was": ""})

    send(agent, message, "Hello back", was="")

    assert typed_on(agent.get(page_of_(message))) == "Elsewhere"
    send(agent, message, "Elsewhere", was="")
    assert drafts() == []


def test_a_refused_answer_stays_below_what_was_written_on_another_page(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line)
    agent.post(page_of_(message, "draft"), {"content": "Elsewhere", "was": ""})

    lost = "0b0d4c9e-0000-4000-8000-000000000000"
    assert send(agent, message, "Mine", was="", suggestion=lost).status_code == 400

    assert drafts() == [("agent", "Elsewhere\n\nMine")]


def test_a_refused_answer_leaves_the_draft(agent: Client, line: Line, pretend: Pretend) -> None:
    message = write(line)
    agent.post(page_of_(message, "draft"), {"content": "Before"})
    pretend.set_trouble("Broken.")

    send(agent, message, "Before and after")

    assert drafts() == [("agent", "Before")]


def test_a_suggestion_is_added_below_the_draft_and_marks_the_message(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line)
    suggested = keep_suggestion(project=team.project, by=team.members["agent"])
    agent.post(page_of_(message, "draft"), {"content": "Dear Anna,"})

    fields = {"insert": "It is\r\non its way.", "suggestion": str(suggested.uuid)}
    # Pressed twice, the button adds the text once.
    for _ in range(2):
        assert agent.post(page_of_(message, "draft"), fields).status_code == 303

    page = agent.get(page_of_(message))
    assert typed_on(page) == "Dear Anna,\n\nIt is\non its way."
    assert f'name="suggestion" value="{suggested.uuid}"' in text_of(page)
    send(agent, message, "It is on its way.", suggestion=str(suggested.uuid))
    sent = Message.objects.get(direction=Direction.OUTBOUND)
    assert sent.ai_generated
    assert SuggestedReply.objects.get().message == sent
    assert "with the assistant" in text_of(agent.get(page_of_(message)))
    again = send(agent, message, "Once more", suggestion=str(suggested.uuid))
    assert again.status_code == 409
    assert typed_on(again) == "Once more"


@pytest.mark.parametrize("is_used", [True, False])
def test_a_text_whose_suggestion_is_gone_can_be_sent_without_it(
    team: Team, agent: Client, line: Line, is_used: bool
) -> None:
    message, member = write(line), team.members["agent"]
    suggested = keep_suggestion(project=team.project, by=member)
    draft = {"content": "It is on its way.", "suggestion": str(suggested.uuid)}
    agent.post(page_of_(message, "draft"), draft)
    if is_used:
        answer(message, "Sent by a colleague", suggestion=suggested.uuid)
    else:
        # As a worker does with those that nobody has used for days.
        suggested.delete()

    refused = send(agent, message, **draft)

    assert refused.status_code == (409 if is_used else 400)
    assert "Send again to send the text without it." in text_of(refused)
    for page in (refused, agent.get(page_of_(message))):
        assert typed_on(page) == "It is on its way."
        assert 'name="suggestion" value=""' in text_of(page)
    assert send(agent, message, "It is on its way.", suggestion="").status_code == 303
    assert sent_in(message)[-1] == "It is on its way."
    assert drafts() == []


def test_drafts_survive_when_two_contacts_become_one(team: Team, line: Line) -> None:
    first, second = write(line), write(line)
    agent, manager = team.members["agent"], team.members["manager"]
    keep_draft(conversation=first.conversation, by=agent, content="One")
    keep_draft(conversation=second.conversation, by=agent, content="Two")
    keep_draft(conversation=second.conversation, by=manager, content="Three")

    merge_contacts(
        contact=first.conversation.contact, other=second.conversation.contact, by=team.owner
    )

    assert drafts() == [("agent", "One\n\nTwo"), ("manager", "Three")]
    assert set(Draft.objects.values_list("conversation", flat=True)) == {first.conversation_id}


# --- When one may not write -------------------------------------------------------------------


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch, team: Team) -> Any:
    """A line that takes only templates a day after the customer wrote."""
    with pretending(monkeypatch, window=DAY) as provider:
        yield provider.add_line(team.project)


def close_window(message: Message) -> None:
    yesterday = timezone.now() - timedelta(hours=2)
    ContactAddress.objects.filter(pk=message.address_id).update(window_until=yesterday)


def test_after_a_day_the_field_says_why_it_is_closed_and_offers_templates(
    team: Team, agent: Client, window: Line
) -> None:
    message = write(window)
    assert 'id="reply"' in text_of(agent.get(page_of_(message)))
    message.order = place(team, title="A table")
    message.save()
    close_window(message)
    create_rule(
        project=team.project,
        by=team.owner,
        fields={
            "occasion": "order_ready",
            "template": {
                "name": "order_ready",
                "language": "en_US",
                "parameters": ["{order_number}", "soon"],
            },
        },
    )
    keep_draft(conversation=message.conversation, by=team.members["agent"], content="My words")

    html = text_of(agent.get(page_of_(message)))

    assert "Anna wrote 1 d ago. After 24 hours, Pretend takes only templates" in html
    assert 'id="reply"' not in html
    assert "My words" in html
    assert f'name="value" value="#{message.order.pk}"' in html
    assert 'name="value" value="soon"' in html
    fields = {
        "key": key_on(agent, message),
        "template": "order_ready en_US",
        "value": ["#7", "tomorrow"],
    }
    assert agent.post(page_of_(message, "send"), fields).status_code == 303
    sent = Message.objects.get(direction=Direction.OUTBOUND)
    assert sent.content_type == "template"
    assert sent.details == {
        "name": "order_ready",
        "language": "en_US",
        "parameters": ["#7", "tomorrow"],
    }
    assert drafts() == []


def test_a_character_that_no_database_stores_is_refused_in_a_value_and_left_out_of_a_draft(
    team: Team, agent: Client, window: Line
) -> None:
    message = write(window)
    template = {"name": "order_ready", "language": "en_US", "parameters": ["soon"]}
    create_rule(
        project=team.project,
        by=team.owner,
        fields={"occasion": "order_ready", "template": template},
    )
    fields = {"key": key_on(agent, message), "template": "order_ready en_US"}
    close_window(message)

    refused = agent.post(page_of_(message, "send"), {**fields, "value": "a\x00b"})
    kept = send(agent, message, "My\x00 words", key=fields["key"])

    assert (refused.status_code, kept.status_code) == (400, 400)
    assert "Null characters are not allowed." in text_of(refused)
    assert drafts() == [("agent", "My words")]
    assert not Message.objects.filter(direction=Direction.OUTBOUND).exists()


def test_another_template_is_named_by_hand(agent: Client, window: Line) -> None:
    message = write(window)
    close_window(message)
    fields = {
        "key": key_on(agent, message),
        "template": "another",
        "name": "hello",
        "language": "en",
        "parameters": "Anna\r\n\r\n#7\r\n",
    }

    assert agent.post(page_of_(message, "send"), fields).status_code == 303

    sent = Message.objects.get(direction=Direction.OUTBOUND)
    assert sent.details == {"name": "hello", "language": "en", "parameters": ["Anna", "#7"]}


def test_a_window_that_closes_while_one_types_keeps_the_text(agent: Client, window: Line) -> None:
    message = write(window)
    key = key_on(agent, message)
    close_window(message)

    response = send(agent, message, "Too late", key=key)

    assert response.status_code == 409
    assert "wrote too long ago" in text_of(response)
    assert "Your draft is kept:" in text_of(response)
    assert "Too late" in said_on(response)
    assert drafts() == [("agent", "Too late")]


def test_the_field_is_closed_for_blocked_contacts_and_lost_channels(
    team: Team, agent: Client, viewer: Client, line: Line
) -> None:
    message = write(line)
    assert "Agents, managers and owners answer customers." in text_of(viewer.get(page_of_(message)))
    Conversation.objects.filter(pk=message.conversation_id).update(channel="lost")
    assert "no longer connected" in text_of(agent.get(page_of_(message)))
    contact = message.conversation.contact
    contact.is_blocked = True
    contact.save()
    Conversation.objects.filter(pk=message.conversation_id).update(channel="pretend")

    html = text_of(agent.get(page_of_(message)))

    assert "Anna is blocked. Unblock them first." in html
    assert 'id="reply"' not in html


# --- Trying again -----------------------------------------------------------------------------


def test_a_message_that_waits_says_why(team: Team, viewer: Client, line: Line) -> None:
    message = write(line)
    waiting = answer(message, "Soon")
    waits = {"status": MessageStatus.QUEUED, "error": "WhatsApp could not be reached."}
    Message.objects.filter(pk=waiting.pk).update(**waits)

    words = words_on(text_of(viewer.get(page_of_(message))))

    assert "Not sent yet. WhatsApp could not be reached." in words


def test_a_missing_file_says_why_and_is_fetched_again(
    team: Team, agent: Client, viewer: Client, line: Line
) -> None:
    message = write(line, "", content_type=ContentType.IMAGE, files=[IncomingFile("1")])
    file = message.attachments.get()
    path = page_of_(message, "files", str(file.uuid), "fetch")
    assert path not in text_of(agent.get(page_of_(message)))
    message.attachments.update(state="failed", last_error="WhatsApp said: gone")

    html = text_of(agent.get(page_of_(message)))

    assert "could not be fetched. WhatsApp said: gone" in words_on(html)
    assert f'action="{path}?"' in html
    assert path not in text_of(viewer.get(page_of_(message)))
    elsewhere = page_of_(write(line, person=somebody("Bob")), "files", str(file.uuid), "fetch")
    assert agent.post(elsewhere).status_code == 404
    assert agent.post(path).status_code == 303
    file.refresh_from_db()
    assert file.state == "pending"


def test_a_failed_message_is_sent_again(
    team: Team, agent: Client, viewer: Client, line: Line
) -> None:
    message = write(line)
    failed = answer(message, "Lost")
    failed.sends.update(state="failed")
    Message.objects.filter(pk=failed.pk).update(status=MessageStatus.FAILED, error="No such number")
    path = page_of_(message, "messages", str(failed.uuid), "retry")
    html = text_of(agent.get(page_of_(message)))
    assert f'action="{path}?"' in html
    assert "No such number" in html
    assert path not in text_of(viewer.get(page_of_(message)))

    elsewhere = page_of_(write(line), "messages", str(failed.uuid), "retry")
    assert agent.post(elsewhere).status_code == 404
    failed.refresh_from_db()
    assert failed.status == MessageStatus.FAILED
    assert agent.post(path).status_code == 303

    failed.refresh_from_db()
    assert failed.status == MessageStatus.QUEUED
    again = agent.post(path)
    assert again.status_code == 409
    assert "Only a message that failed or is uncertain" in text_of(again)
    assert failed.sends.count() == 2


def test_an_answer_takes_as_many_statements_however_long_the_conversation_is(
    agent: Client, window: Line
) -> None:
    message = write(window)
    close_window(message)
    for _ in range(3):
        agent.get(page_of_(message))
    with CaptureQueriesContext(connection) as statements:
        agent.get(page_of_(message))

    assert len(statements) <= 9
