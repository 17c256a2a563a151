"""Sending, reading, linking and changing on the hub."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of
from accounts.tests.projects import Team
from notifications.channels import Line
from notifications.files import examine, stored
from notifications.models import (
    Attachment,
    Contact,
    ContactAddress,
    Conversation,
    Message,
    MessageSend,
)
from notifications.models.messages import FileState, MessageStatus
from notifications.services import receive_edit
from notifications.tests.api.hub import BOB, JOHN, arrive, contents, path
from notifications.tests.factories import make_line
from notifications.tests.pretend import DAY, PRETEND, Pretend, pretending
from notifications.work import sending
from orderchainer.testing.races import race
from orders.stream.models import Event
from orders.tests.api.hub import place

pytestmark = pytest.mark.django_db


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """A provider with a window, as WhatsApp has one."""
    with pretending(monkeypatch, window=DAY) as provider:
        yield provider


@pytest.fixture
def line(pretend: Pretend, team: Team) -> Line:
    return pretend.add_line(team.project)


@pytest.fixture
def message(line: Line) -> Message:
    return arrive(line, "Where is my order?", person=JOHN)


# The document's example, but for the provider, which is not what is tested here.
EXAMPLE: dict[str, Any] = {
    "recipient": {"phone": "+1234567890", "name": "John Doe"},
    "content": "Your order has been shipped!",
    "provider": PRETEND,
    "content_type": "text",
}


def test_sends_as_the_document_does(team: Team, message: Message, agent: APIClient) -> None:
    order = place(team.project, title="#1234")

    answer = agent.post(path(team, "send"), {**EXAMPLE, "order_id": str(order.uuid)})

    assert answer.status_code == 201, answer.content
    sent = Message.objects.get(direction="outbound")
    by = team.members["agent"]
    assert answer["Location"] == path(team, sent.uuid)
    assert answer.json() == {
        "id": str(sent.uuid),
        "project_id": str(team.project.uuid),
        "order_id": str(order.uuid),
        "direction": "outbound",
        "provider": PRETEND,
        "content": "Your order has been shipped!",
        "sender": {"phone": None, "name": "My Store"},
        "is_read": False,
        "ai_generated": False,
        "created_at": "2025-01-12T10:00:00Z",
        "recipient": {"phone": "+1234567890", "name": "John Doe"},
        "content_type": "text",
        "details": {},
        "status": "queued",
        "error": None,
        "error_code": None,
        "attachments": [],
        "conversation_id": str(message.conversation.uuid),
        "author": {"id": str(by.uuid), "name": by.name},
        "reply_to": None,
        "reaction": None,
        "sentiment": None,
        "urgency": None,
        "edited_at": None,
        "deleted_at": None,
        "written_at": "2025-01-12T10:00:00Z",
    }
    assert agent.get(answer["Location"]).json() == answer.json()


def test_sends_a_template_and_a_file_to_a_contact(
    team: Team, message: Message, agent: APIClient
) -> None:
    to = {"recipient": {"contact_id": str(message.conversation.contact.uuid)}, "provider": PRETEND}
    template = {"name": "order_shipped", "language": "en_US", "parameters": ["#1234"]}
    link = "https://store.example.com/1234.pdf"

    first = agent.post(path(team, "send"), {**to, "content_type": "template", "template": template})
    second = agent.post(
        path(team, "send"),
        {
            **to,
            "content_type": "document",
            "attachment": {"link": link, "filename": "1234.pdf"},
            "reply_to": str(message.uuid),
        },
    )

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["details"] == template
    [file] = second.json()["attachments"]
    assert (file["link"], file["filename"], file["url"]) == (link, "1234.pdf", None)
    assert second.json()["reply_to"] == str(message.uuid)


def test_a_key_sends_once(team: Team, message: Message, agent: APIClient) -> None:
    first = agent.post(path(team, "send"), EXAMPLE, HTTP_IDEMPOTENCY_KEY="k")
    again = agent.post(path(team, "send"), EXAMPLE, HTTP_IDEMPOTENCY_KEY="k")
    other = agent.post(
        path(team, "send"), {**EXAMPLE, "content": "Other"}, HTTP_IDEMPOTENCY_KEY="k"
    )

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert MessageSend.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_sends_once_however_often_it_comes_at_the_same_moment(
    team: Team, message: Message, pretend: Pretend
) -> None:
    clients = [client_of(team.members["agent"]) for _ in range(20)]

    def send(client: APIClient) -> tuple[int, str]:
        answer = client.post(path(team, "send"), EXAMPLE, HTTP_IDEMPOTENCY_KEY="k")
        return answer.status_code, answer.json().get("id", "")

    answers = race(*[lambda client=client: send(client) for client in clients])

    # Whoever comes while the first is under way waits, and gets its answer.
    assert len(set(map(str, answers))) == 1
    assert isinstance(answers[0], tuple)
    assert answers[0][0] == 201
    part = MessageSend.objects.get()

    race(*[lambda: sending.send_part(part.pk) for _ in range(8)])

    assert pretend.texts == [EXAMPLE["content"]]
    assert Message.objects.filter(direction="outbound").count() == 1
    assert Message.objects.get(direction="outbound").status == "sent"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipient": {}}, "recipient"),
        ({"recipient": {"phone": "123"}}, "recipient"),
        ({"recipient": {"phone": "+1234567890", "user_id": "7"}}, "recipient"),
        ({"recipient": {"contact_id": "x"}}, "recipient"),
        ({"recipient": "John"}, "recipient"),
        ({"content": "  "}, "content"),
        ({"content": "x" * 101}, "content"),
        ({"content": "\x00"}, "content"),
        ({"content": 5}, "content"),
        ({"provider": "pigeon"}, "provider"),
        ({"content_type": "system"}, "content_type"),
        ({"content_type": "image"}, "attachment"),
        ({"content_type": "image", "attachment": {"link": "http://a.example/b"}}, "attachment"),
        ({"order_id": "3b1d5c7e-0f2a-4c6b-8d9e-1a2b3c4d5e6f"}, "order_id"),
        ({"reply_to": "3b1d5c7e-0f2a-4c6b-8d9e-1a2b3c4d5e6f"}, "reply_to"),
        ({"integration_id": "3b1d5c7e-0f2a-4c6b-8d9e-1a2b3c4d5e6f"}, "integration_id"),
        ({"ai_generated": True}, "ai_generated"),
    ],
)
def test_refuses_what_cannot_be_sent(
    team: Team, message: Message, agent: APIClient, changes: dict[str, Any], field: str
) -> None:
    answer = agent.post(path(team, "send"), {**EXAMPLE, **changes})

    assert answer.status_code == 422, answer.content
    assert list(answer.json()["errors"]) == [field]
    assert not Message.objects.filter(direction="outbound").exists()


def test_refuses_outside_of_the_window(
    team: Team, message: Message, agent: APIClient, clock: time_machine.Traveller
) -> None:
    ContactAddress.objects.update(window_until=message.created_at - timedelta(seconds=1))

    answer = agent.post(path(team, "send"), EXAMPLE)

    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["allowed"]) == ("WINDOW_CLOSED", ["template"])
    assert not Message.objects.filter(direction="outbound").exists()


def test_the_order_and_the_contact_of_another_project_are_unknown(
    team: Team, others: Team, message: Message, pretend: Pretend
) -> None:
    pretend.add_line(others.project)
    order = place(team.project, title="#1234")
    stranger = others.client("owner")
    contact = message.conversation.contact

    sent = stranger.post(path(others, "send"), {**EXAMPLE, "order_id": str(order.uuid)})
    to = {**EXAMPLE, "recipient": {"contact_id": str(contact.uuid)}}
    unknown = stranger.post(path(others, "send"), to)
    merged = stranger.post(
        path(others, "contacts", contact.uuid, "merge"), {"contact_id": str(contact.uuid)}
    )

    assert (sent.status_code, unknown.status_code, merged.status_code) == (422, 404, 404)
    for parts in ((message.uuid, "read"), (message.uuid,)):
        answer = stranger.patch(path(others, *parts), {"order_id": None})
        assert (answer.status_code, answer.json()["code"]) == (404, "MESSAGE_NOT_FOUND")
    message.refresh_from_db()
    assert message.is_read is False


def test_reading_twice_is_the_same(team: Team, message: Message, agent: APIClient) -> None:
    assert contents(agent, team, "is_read=false") == ["Where is my order?"]

    first = agent.patch(path(team, message.uuid, "read"))
    second = agent.patch(path(team, message.uuid, "read"))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert first.json()["is_read"] is True
    assert contents(agent, team, "is_read=false") == []
    assert Conversation.objects.get().unread == 0
    assert Event.objects.filter(type="conversation_changed").count() == 1


def test_reads_a_whole_conversation(team: Team, line: Line, agent: APIClient) -> None:
    first = arrive(line, "One", person=JOHN)
    arrive(line, "Two", person=JOHN)
    arrive(line, "Other", person=BOB)

    answer = agent.post(path(team, "conversations", first.conversation.uuid, "read"))

    assert (answer.status_code, answer.json()["unread"]) == (200, 0)
    assert contents(agent, team, "is_read=false") == ["Other"]


def test_links_a_message_to_an_order(team: Team, message: Message, agent: APIClient) -> None:
    order = place(team.project, title="#1234")

    linked = agent.patch(path(team, message.uuid), {"order_id": str(order.uuid)})
    said = agent.get(path(team, "conversation", order.uuid)).json()
    unlinked = agent.patch(path(team, message.uuid), {"order_id": None})

    assert linked.json()["order_id"] == str(order.uuid)
    assert [each["id"] for each in said] == [str(message.uuid)]
    assert unlinked.json()["order_id"] is None


def test_changes_a_conversation_if_nobody_else_has(
    team: Team, message: Message, agent: APIClient, clock: time_machine.Traveller
) -> None:
    address = path(team, "conversations", message.conversation.uuid)
    shown = agent.get(address)
    clock.shift(timedelta(seconds=1))
    me = str(team.members["agent"].uuid)

    taken = agent.patch(address, {"assignee": me}, HTTP_IF_MATCH=shown["ETag"])
    stale = agent.patch(address, {"status": "closed"}, HTTP_IF_MATCH=shown["ETag"])
    back = agent.patch(address, {**taken.json(), "status": "closed"})
    viewer = str(team.members["viewer"].uuid)
    refused = agent.patch(address, {"assignee": viewer})
    unsaid = agent.patch(address, {"status": "snoozed"})
    forever = {"status": "snoozed", "snoozed_until": "9999-12-31T23:59:59Z"}
    unending = agent.patch(address, forever)

    assert (taken.status_code, taken.json()["assignee"]["id"]) == (200, me)
    assert taken["ETag"] != shown["ETag"]
    assert stale.status_code == 412
    assert (back.status_code, back.json()["status"]) == (200, "closed")
    assert list(refused.json()["errors"]) == ["assignee"]
    assert list(unsaid.json()["errors"]) == ["snoozed_until"]
    assert unending.json()["errors"] == {"snoozed_until": ["Must be within a year."]}
    until = {"status": "snoozed", "snoozed_until": "2025-01-13T09:00:00Z"}
    assert agent.patch(address, until).json()["snoozed_until"] == "2025-01-13T09:00:00Z"


def test_changes_a_contact(team: Team, message: Message, agent: APIClient) -> None:
    contact = message.conversation.contact
    address = path(team, "contacts", contact.uuid)

    changed = agent.patch(
        address, {"name": "Johnny", "language": "pt-BR", "notes": "VIP", "is_stopped": True}
    )
    blocked = agent.patch(address, {**changed.json(), "is_blocked": True, "is_stopped": False})

    assert changed.status_code == blocked.status_code == 200
    assert (changed.json()["name"], changed.json()["language"]) == ("Johnny", "pt-BR")
    assert (changed.json()["stopped_at"], blocked.json()["stopped_at"]) == (
        "2025-01-12T10:00:00Z",
        None,
    )
    assert blocked.json()["is_blocked"] is True
    assert contents(agent, team) == []
    assert agent.patch(address, {"addresses": []}).status_code == 422
    assert agent.patch(address, {"is_blocked": False}).json()["is_blocked"] is False


def test_merges_contacts(team: Team, message: Message, line: Line) -> None:
    contact = message.conversation.contact
    other = arrive(line, person=BOB).conversation.contact
    manager = team.client("manager")
    address = path(team, "contacts", contact.uuid, "merge")

    unknown = manager.post(address, {"contact_id": str(team.project.uuid)})
    answer = manager.post(address, {"contact_id": str(other.uuid)})

    assert unknown.status_code == 422
    assert answer.status_code == 200
    assert len(answer.json()["addresses"]) == 2
    assert len(answer.json()["conversations"]) == 1
    assert Contact.objects.count() == 1
    assert manager.get(path(team, "contacts", other.uuid)).status_code == 404


def test_retries_what_failed_and_nothing_else(
    team: Team, message: Message, agent: APIClient
) -> None:
    sent = agent.post(path(team, "send"), EXAMPLE).json()["id"]
    too_early = agent.post(path(team, sent, "retry"))
    MessageSend.objects.update(state="failed")
    Message.objects.filter(uuid=sent).update(status=MessageStatus.FAILED)

    again = agent.post(path(team, sent, "retry"), HTTP_IDEMPOTENCY_KEY="k")
    repeated = agent.post(path(team, sent, "retry"), HTTP_IDEMPOTENCY_KEY="k")

    assert (too_early.status_code, too_early.json()["code"]) == (409, "CANNOT_RETRY")
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    assert repeated.json() == again.json()
    assert MessageSend.objects.filter(state="pending").count() == 1


def test_serves_files_to_members_only(
    team: Team, others: Team, message: Message, viewer: APIClient
) -> None:
    with stored(examine(b"<script>alert(1)</script>")) as name:
        file = Attachment.objects.create(
            message=message,
            state=FileState.STORED,
            file=name,
            media_type="text/plain",
            filename="../a\r\nSet-Cookie: b.html",
        )

    answer = viewer.get(path(team, "attachments", file.uuid))

    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]  # it streams
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "Set-Cookie" not in answer
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    stranger = others.client("owner")
    assert stranger.get(path(team, "attachments", file.uuid)).status_code == 404
    assert stranger.get(path(others, "attachments", file.uuid)).status_code == 404
    Attachment.objects.update(state=FileState.PENDING)
    assert viewer.get(path(team, "attachments", file.uuid)).status_code == 404


def test_a_file_that_could_not_be_fetched_is_fetched_again(
    team: Team, others: Team, message: Message, agent: APIClient
) -> None:
    file = Attachment.objects.create(
        message=message, provider_id="1", state=FileState.FAILED, last_error="Gone"
    )
    fetch = path(team, "attachments", file.uuid, "fetch")
    assert others.client("owner").post(fetch).status_code == 404

    answer = agent.post(fetch)

    assert answer.status_code == 202
    assert answer.json()["attachments"][0]["status"] == "pending"
    file.refresh_from_db()
    assert (file.state, file.attempts) == ("pending", 0)
    told = Event.objects.filter(type="conversation_changed").latest("pk")
    assert told.data["changes"] == {"attachment": {"id": str(file.uuid), "status": "pending"}}
    Attachment.objects.update(state=FileState.STORED)
    again = agent.post(fetch)
    assert (again.status_code, again.json()["code"]) == (409, "CANNOT_FETCH")


def test_a_viewer_only_looks(team: Team, message: Message, viewer: APIClient) -> None:
    contact = message.conversation.contact
    for answer in (
        viewer.post(path(team, "send"), EXAMPLE),
        viewer.patch(path(team, message.uuid, "read")),
        viewer.patch(path(team, "contacts", contact.uuid), {"name": "X"}),
        viewer.post(path(team, "conversations", message.conversation.uuid, "read")),
    ):
        assert answer.status_code == 403
    assert Message.objects.filter(is_read=False, direction="inbound").count() == 1
    assert not Message.objects.filter(direction="outbound").exists()


def _rename_contact(message: Message, agent: APIClient, team: Team) -> None:
    contact = path(team, "contacts", message.conversation.contact.uuid)
    assert agent.patch(contact, {"name": "Johnny"}).status_code == 200


def _rename_assignee(message: Message, agent: APIClient, team: Team) -> None:
    User.objects.filter(pk=team.members["agent"].pk).update(first_name="Alexandra")


def _edit_last_message(message: Message, agent: APIClient, team: Team) -> None:
    at = message.written_at + timedelta(seconds=1)
    line = make_line(team.project, channel=PRETEND, uuid=message.line)
    receive_edit(line=line, provider_id=message.provider_id, content="Edited", edited_at=at)


def _write_again(message: Message, agent: APIClient, team: Team) -> None:
    arrive(make_line(team.project, channel=PRETEND, uuid=message.line), "More", person=JOHN)


@pytest.mark.parametrize(
    "change", [_rename_contact, _rename_assignee, _edit_last_message, _write_again]
)
def test_the_etag_of_a_conversation_covers_all_that_is_shown(
    team: Team,
    message: Message,
    agent: APIClient,
    clock: time_machine.Traveller,
    change: Callable[[Message, APIClient, Team], None],
) -> None:
    address = path(team, "conversations", message.conversation.uuid)
    agent.patch(address, {"assignee": str(team.members["agent"].uuid)})
    shown = agent.get(address)
    assert agent.get(address, HTTP_IF_NONE_MATCH=shown["ETag"]).status_code == 304

    change(message, agent, team)

    now = agent.get(address, HTTP_IF_NONE_MATCH=shown["ETag"])
    assert now.status_code == 200
    assert now.json() != shown.json()
    assert now["ETag"] != shown["ETag"]
    stale = agent.patch(address, {"status": "closed"}, HTTP_IF_MATCH=shown["ETag"])
    assert stale.status_code == 412
    fresh = agent.patch(address, {"status": "closed"}, HTTP_IF_MATCH=now["ETag"])
    assert (fresh.status_code, fresh.json()["status"]) == (200, "closed")
