"""The page of one conversation: what was said, and what stands beside it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from notifications.channels import IncomingFile, Line
from notifications.files import examine, stored
from notifications.models import Attachment, Message
from notifications.models.messages import ContentType, FileState, MessageStatus
from notifications.services import receive_deletion, receive_edit, receive_reaction
from notifications.tests.pages.scenes import (
    HOSTILE,
    address,
    answer,
    names_on,
    page_of,
    said_on,
    somebody,
    text_of,
    write,
)
from orderchainer.testing.photographs import photograph
from orders.tests.pages.scenes import place

TAGS = re.compile(r"<[^>]+>")


def words_on(html: str) -> str:
    """Return the words of a page, without its tags."""
    return " ".join(TAGS.sub(" ", html).split())


def test_the_log_shows_who_said_what_and_how_far_each_answer_got(
    team: Team, agent: Client, line: Line
) -> None:
    anna = somebody("Anna")
    first = write(line, "Where is it?", person=anna)
    sent = answer(first, "On its way")
    Message.objects.filter(pk=sent.pk).update(status=MessageStatus.READ)
    failed = answer(first, "And now?")
    Message.objects.filter(pk=failed.pk).update(
        status=MessageStatus.FAILED, error="The number does not exist."
    )

    page = agent.get(page_of(team, first))

    assert page.status_code == 200
    html = text_of(page)
    assert '<div class="log" role="log" aria-label="Conversation with Anna"' in html
    assert said_on(page) == ["Where is it?", "On its way", "And now?"]
    words = words_on(html)
    assert "owner@example.com just now read" in words
    assert "failed It did not go out. The number does not exist." in words
    assert "<title>Anna, inbox" in html


def test_looking_changes_nothing(team: Team, agent: Client, line: Line) -> None:
    message = write(line)

    agent.get(page_of(team, message))

    message.refresh_from_db()
    assert message.is_read is False
    assert message.conversation.unread == 1


def test_the_newest_messages_come_first_and_a_link_leads_to_earlier_ones(
    team: Team, agent: Client, line: Line
) -> None:
    anna, start = somebody(), timezone.now() - timedelta(days=1)
    for number in range(60):
        written_at = start + timedelta(minutes=number // 2)
        message = write(line, f"Text {number}", person=anna, written_at=written_at)

    newest = agent.get(page_of(team, message))
    assert said_on(newest) == [f"Text {number}" for number in range(10, 60)]
    link = re.search(r'href="(\?before=[^"]+)"', text_of(newest))
    assert link
    earlier = agent.get(page_of(team, message) + link[1])
    assert said_on(earlier) == [f"Text {number}" for number in range(10)]
    assert "Show earlier" not in text_of(earlier)
    assert "Newest" in text_of(earlier)
    # A message of another conversation is no mark in this one.
    other = write(line, person=somebody("Ben"))
    assert said_on(agent.get(page_of(team, message), {"before": str(other.uuid)})) == []


def test_edits_reactions_and_deletions_are_told(team: Team, agent: Client, line: Line) -> None:
    anna, now = somebody(), timezone.now()
    edited = write(line, "Yes", person=anna, provider_id="1")
    write(line, "Gone", person=anna, provider_id="2")
    receive_edit(line=line, provider_id="1", content="No", edited_at=now)
    receive_deletion(line=line, provider_id="2", deleted_at=now)
    receive_reaction(line=line, provider_id="1", person=anna, emoji="👍", set_at=now)

    words = words_on(text_of(agent.get(page_of(team, edited))))

    assert "No Reaction of the customer: 👍" in words
    assert "edited" in words
    assert "Its writer has deleted this message. It said: Gone" in words


def test_hostile_texts_are_text_and_links_are_not_followed(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line, f"{HOSTILE} https://example.com/a?b=1&c=2 javascript:alert(1)")
    contact = message.conversation.contact
    contact.name, contact.notes = HOSTILE, HOSTILE
    contact.save()
    write(
        line,
        HOSTILE,
        person=somebody(HOSTILE),
        content_type=ContentType.LOCATION,
        details={"latitude": HOSTILE, "address": HOSTILE, "longitude": None},
    )
    for odd in ({"contacts": HOSTILE}, {"contacts": [HOSTILE, {"name": HOSTILE, "phones": 7}]}):
        card = write(line, "", content_type=ContentType.CONTACTS, details=odd)
        assert agent.get(page_of(team, card)).status_code == 200

    html = text_of(agent.get(page_of(team, message)))

    assert "<img src=x" not in html
    link = '<a href="https://example.com/a?b=1&amp;c=2" rel="noopener nofollow ugc">'
    assert link in html
    assert 'href="javascript:' not in html


def test_a_picture_is_shown_and_every_other_file_is_a_download(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(
        line,
        "",
        content_type=ContentType.IMAGE,
        files=[IncomingFile("1", filename="a.jpg"), IncomingFile("2", filename="page.html")],
    )
    picture, page = message.attachments.order_by("pk")
    assert "a.jpg is being fetched" in words_on(text_of(agent.get(page_of(team, message))))
    for file, content in ((picture, photograph()), (page, b"<script>alert(1)</script>")):
        known = examine(content)
        with stored(known) as name:
            Attachment.objects.filter(pk=file.pk).update(
                state=FileState.STORED, file=name, media_type=known.media_type, size=9
            )

    html = text_of(agent.get(page_of(team, message)))

    urls = [address(team, "inbox/files", file.uuid) for file in (picture, page)]
    assert f'<img src="{urls[0]}" alt="a.jpg"' in html
    assert f'<a href="{urls[1]}"' in html
    shown, download = (agent.get(url) for url in urls)
    assert (shown["Content-Type"], shown["Content-Disposition"]) == (
        "image/jpeg",
        'inline; filename="a.jpg"',
    )
    assert download["Content-Disposition"] == 'attachment; filename="page.txt"'
    assert download["Content-Type"] == "text/plain"
    for answer_ in (shown, download):
        assert answer_["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer_["X-Content-Type-Options"] == "nosniff"
    stranger = browser_of(make_user(email="stranger@example.com"))
    assert stranger.get(urls[0]).status_code == 404
    assert agent.get(address(team, "inbox/files/x")).status_code == 404


def test_customer_and_orders_stand_beside_it(team: Team, viewer: Client, line: Line) -> None:
    anna = somebody("Anna", number="16505551234")
    message = write(line, person=anna)
    theirs = place(team, title="A table", customer_phone="+1 650 555 1234")
    about = place(team, title=HOSTILE)
    place(team, title="Somebody else's")
    message.order = about
    message.save()

    html = text_of(viewer.get(page_of(team, message)))

    assert "+16505551234" in html
    assert html.index(f"#{about.pk} ") < html.index(f"#{theirs.pk} A table")
    assert "Somebody else&#x27;s" not in html
    assert "talked about here" in html
    assert "<img src=x" not in html


def test_the_list_stands_beside_it_with_its_filters(team: Team, agent: Client, line: Line) -> None:
    message = write(line, person=somebody("Anna"))
    write(line, person=somebody("Ben"))
    query = "?ordering=waiting"

    html = text_of(agent.get(page_of(team, message) + query))

    assert f'href="{page_of(team, message)}{query}" aria-current="true"' in html
    assert f'href="{address(team, "inbox")}{query}" data-key="u">Inbox</a>' in html


def test_a_row_that_is_read_again_is_still_the_current_one(
    team: Team, agent: Client, line: Line
) -> None:
    message = write(line, person=somebody("Anna"))
    other = write(line, person=somebody("Ben"))
    html = text_of(agent.get(page_of(team, message) + "?provider=pretend"))
    source = re.search(r'data-source="([^"]+)"', html)
    assert source

    ids = f"{message.conversation.uuid},{other.conversation.uuid}"
    rows = agent.get(f"{unescape(source[1])}&ids={ids}")

    assert sorted(names_on(rows)) == ["Anna", "Ben"]
    assert text_of(rows).count('aria-current="true"') == 1
    link = f'href="{page_of(team, message)}?provider=pretend" aria-current="true"'
    assert link in text_of(rows)


@pytest.mark.parametrize("path", ["x", "0b0d4c9e-0000-4000-8000-000000000000"])
def test_an_unknown_conversation_leads_to_the_inbox(team: Team, agent: Client, path: str) -> None:
    page = agent.get(address(team, "inbox", path))

    assert page.status_code == 404
    assert f'href="{address(team, "inbox")}">Inbox</a>' in text_of(page)


def test_another_projects_conversation_is_not_found(
    team: Team, agent: Client, line: Line, pretend: object
) -> None:
    message = write(line)
    stranger = make_user(email="stranger@example.com")
    own = f"/app/{stranger.personal_project.uuid}/inbox/{message.conversation.uuid}"

    assert browser_of(stranger).get(own).status_code == 404
    assert browser_of(stranger).get(page_of(team, message)).status_code == 404


def test_some_messages_are_read_again(team: Team, agent: Client, line: Line) -> None:
    anna = somebody()
    first, second = write(line, "One", person=anna), write(line, "Two", person=anna)
    other = write(line, "Elsewhere", person=somebody("Ben"))

    parts = agent.get(
        page_of(team, first, "parts"), {"ids": f"{second.uuid},{other.uuid},{first.uuid},x"}
    )

    assert said_on(parts) == ["One", "Two"]
    html = text_of(parts)
    assert "<html" not in html
    assert 'id="talk-head"' in html
    assert 'id="talk-side"' in html


def test_long_conversations_take_as_many_statements_as_short_ones(
    team: Team, agent: Client, line: Line
) -> None:
    counts = []
    for more in (1, 60):
        anna = somebody()
        for _ in range(more):
            message = write(line, person=anna)
            write(line)
        agent.get(page_of(team, message))
        with CaptureQueriesContext(connection) as statements:
            agent.get(page_of(team, message))
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 9


def test_a_form_marks_it_as_read_and_a_script_gets_no_page(
    team: Team, agent: Client, viewer: Client, line: Line
) -> None:
    message = write(line)
    path = page_of(team, message, "read")
    assert f'action="{path}?" data-marks-read' in text_of(agent.get(page_of(team, message)))
    assert "data-marks-read" not in text_of(viewer.get(page_of(team, message)))

    answers = [
        viewer.post(path),
        agent.post(path),
        agent.post(path, headers={"X-Requested-With": "XMLHttpRequest"}),
    ]

    assert [each.status_code for each in answers] == [403, 303, 204]
    assert answers[1]["Location"] == page_of(team, message)
    message.refresh_from_db()
    assert message.is_read
    assert "data-marks-read" not in text_of(agent.get(page_of(team, message)))
