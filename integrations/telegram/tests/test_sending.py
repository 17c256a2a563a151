"""What goes out through a bot, and what becomes of it: taken, refused, uncertain, held up."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import client_of
from integrations.models import Integration
from integrations.sandbox.telegram.network import TOKEN
from integrations.telegram.channel import fetch, invitation
from integrations.telegram.tests.pretend import PretendTelegram
from integrations.telegram.troubles import BAD_TOKEN
from notifications.errors import ContactNeeded, ContactUnreachable, LineUnusable
from notifications.models import Contact, ContactAddress, Conversation, Message, MessageSend
from notifications.models.messages import ContentType
from notifications.services import Enclosure, Recipient, send_message
from notifications.tests.pretend import pass_time
from notifications.work import sending
from orderchainer.core.outbox import GiveUp, TryAgain

TO_ADA = Recipient(user_id="1111")


@pytest.fixture
def talk(telegram: PretendTelegram, integration: Integration) -> Conversation:
    """A conversation in which Ada has just written."""
    telegram.write("Where is my order?")
    return Conversation.objects.get()


def send(owner: User, content: str = "On its way!", **parts: Any) -> Message:
    """Send a message to Ada, as workers do."""
    usual: dict[str, Any] = {"recipient": TO_ADA, "channel": "telegram", "by": owner}
    message = send_message(project=owner.personal_project, **{"content": content} | usual | parts)
    work()
    message.refresh_from_db()
    return message


def work() -> None:
    """Send all that is due, each part once, and the parts that follow."""
    while due := sending.due_parts():
        for part_id in due:
            sending.send_part(part_id)


def test_an_answer_goes_out(telegram: PretendTelegram, talk: Conversation, owner: User) -> None:
    asked = talk.messages.get()

    message = send(owner, reply_to=asked)

    assert telegram.seen() == ["On its way!"]
    (body,) = telegram.sends()
    assert body == {
        "chat_id": 1111,
        "text": "On its way!",
        "parse_mode": "HTML",
        "reply_parameters": {
            "message_id": int(asked.provider_id.partition(":")[2]),
            "allow_sending_without_reply": True,
        },
    }
    sent = telegram.emulator.messages[-1]
    assert (message.status, message.provider_id) == ("sent", f"1111:{sent.id}")
    # Whoever answers it is understood.
    answer = telegram.write("Thanks", reply_to=sent.id)
    assert Message.objects.get(provider_id=f"1111:{answer.id}").reply_to == message


ODD = [
    "Order_1 *50%* <b>&",
    "#1 - done. [x](y) `z` ~a~ {b} |c| !",
    "1 < 2 && 3 > 2",
    "&lt;b&gt; &amp; &#60;",
    "</b><a href='x'>",
    "\"quoted\" and 'quoted'",
    "<a href='https://a.example'>a</a> " * 150,
]


@pytest.mark.parametrize("content", ODD, ids=lambda text: text[:20])
def test_what_the_customer_sees_equals_what_was_written(
    telegram: PretendTelegram, talk: Conversation, owner: User, content: str
) -> None:
    message = send(owner, content)

    assert "\n".join(telegram.seen()).split() == content.split()
    assert message.status == "sent"


def test_a_text_that_telegram_cannot_read_goes_out_once_more_without_markup(
    telegram: PretendTelegram, talk: Conversation, owner: User
) -> None:
    words = "Bad Request: can't parse entities: too many"
    body = f'{{"ok": false, "error_code": 400, "description": "{words}"}}'
    telegram.go_wrong("status", status=400, body=body)

    message = send(owner, ODD[0])

    assert telegram.seen() == [ODD[0]]
    assert [each.get("parse_mode") for each in telegram.sends()] == ["HTML", None]
    assert message.status == "sent"
    telegram.go_wrong("status", status=400, body=body, times=2)
    assert send(owner, ODD[0]).status == "failed"
    assert len(telegram.sends()) == 4


def test_a_long_text_goes_out_in_parts_and_in_order(
    telegram: PretendTelegram, talk: Conversation, owner: User
) -> None:
    lines = [f"{number}: {'😀' * 500}" for number in range(12)]

    message = send(owner, "\n".join(lines))

    assert len(telegram.seen()) == 3
    assert "\n".join(telegram.seen()) == "\n".join(lines)
    assert (message.status, MessageSend.objects.count()) == ("sent", 3)


def test_files_go_out_as_links_and_uploads(
    telegram: PretendTelegram, talk: Conversation, owner: User
) -> None:
    link = Enclosure(link="https://shop.example/invoice.pdf", filename="invoice.pdf")

    message = send(owner, "Your <invoice>", content_type=ContentType.DOCUMENT, attachment=link)

    assert message.status == "sent"
    (call,) = telegram.calls("/sendDocument")
    assert call.json() == {
        "chat_id": 1111,
        "document": "https://shop.example/invoice.pdf",
        "caption": "Your &lt;invoice&gt;",
        "parse_mode": "HTML",
    }
    assert telegram.seen() == ["Your <invoice>"]


def test_a_stored_file_is_uploaded(
    telegram: PretendTelegram, talk: Conversation, owner: User, settings: Settings, tmp_path: Path
) -> None:
    settings.PRIVATE_FILES_ROOT = tmp_path
    (tmp_path / "stored.pdf").write_bytes(b"%PDF-1.7 bill\r\n--x")
    bill = Enclosure("", "stored.pdf", "application/pdf", 'Bill "1001" é.pdf')

    message = send(owner, "1 < 2", content_type=ContentType.DOCUMENT, attachment=bill)

    assert message.status == "sent"
    assert telegram.seen() == ["1 < 2"]
    assert list(telegram.emulator.files.values()) == [b"%PDF-1.7 bill\r\n--x"]
    (call,) = telegram.calls("/sendDocument")
    assert 'filename="Bill _1001_ é.pdf"'.encode() in call.body
    # A file that is gone fails before anything is sent.
    (tmp_path / "stored.pdf").unlink()
    gone = send(owner, "x", content_type=ContentType.DOCUMENT, attachment=bill)
    assert (gone.status, gone.error) == ("failed", "The file of the message is gone.")
    assert len(telegram.calls("/sendDocument")) == 1


def attach(owner: User, kind: str, name: str, content: bytes) -> Message:
    """Send a file to Ada over the hub, as workers do."""
    form = {
        "recipient": '{"user_id": "1111"}',
        "provider": "telegram",
        "content_type": kind,
        "content": "1 < 2",
        "file": SimpleUploadedFile(name, content),
    }
    path = f"/api/v1/messages/{owner.personal_project.uuid}/send"
    answer = client_of(owner).post(path, form, format="multipart")
    assert answer.status_code == 201, answer.content
    work()
    return Message.objects.get(uuid=answer.json()["id"])


def test_files_from_here_reach_telegram_byte_for_byte(
    telegram: PretendTelegram, talk: Conversation, owner: User, settings: Settings, tmp_path: Path
) -> None:
    settings.PRIVATE_FILES_ROOT = tmp_path / "private"
    pictures = {}
    for name, size in (("mug", (30, 20)), ("narrow", (1, 400))):
        out = BytesIO()
        Image.new("RGB", size, "red").save(out, "PNG")
        pictures[name] = out.getvalue()

    bill = attach(owner, "document", "Bill.pdf", b"%PDF-1.7 bill\r\n--x")
    mug = attach(owner, "image", "mug.png", pictures["mug"])
    narrow = attach(owner, "image", "narrow.png", pictures["narrow"])

    sent, drawn = telegram.emulator.files.values()
    assert sent == b"%PDF-1.7 bill\r\n--x"
    with Image.open(BytesIO(drawn)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (30, 20))
    assert telegram.seen() == ["1 < 2", "1 < 2"]
    assert (bill.status, mug.status) == ("sent", "sent")
    assert (narrow.status, narrow.error) == (
        "failed",
        "The picture is too long and narrow. Send it as a document.",
    )


# --- Refusals ---------------------------------------------------------------------------------


def test_who_blocked_the_bot_gets_one_try_and_others_get_theirs(
    telegram: PretendTelegram, talk: Conversation, owner: User
) -> None:
    for key, name in ((2222, "Bo"), (3333, "Cy")):
        telegram.emulator.make_user(key, name)
        telegram.write("Hello", user_id=key)
    # It blocks without an update that would tell us.
    telegram.emulator.ada.blocked.add(telegram.bot.id)

    sent = [send(owner, recipient=Recipient(user_id=key)) for key in ("1111", "2222", "3333")]

    assert [each.status for each in sent] == ["failed", "sent", "sent"]
    assert (sent[0].error_code, sent[0].error) == ("403", "The customer has blocked the bot.")
    assert [each["chat_id"] for each in telegram.sends()] == [1111, 2222, 3333]
    assert ContactAddress.objects.exclude(unreachable_since=None).get().provider_id == "1111"
    with pytest.raises(ContactUnreachable):
        send(owner)
    assert len(telegram.sends()) == 3


def test_nobody_is_written_to_first_and_the_refusal_names_the_link(
    telegram: PretendTelegram, integration: Integration, owner: User
) -> None:
    contact = Contact.objects.create(project=owner.personal_project, name="Ada")

    with pytest.raises(ContactNeeded) as needed:
        send(owner, recipient=Recipient(contact_id=contact.uuid))

    link = str(needed.value.data["invitation"])
    assert link.startswith("https://t.me/aurora_workshop_bot?start=")
    assert len(link.partition("=")[2]) <= 64
    assert not Message.objects.exists()
    telegram.write(f"/start {link.partition('=')[2]}")
    send(owner, recipient=Recipient(contact_id=contact.uuid))
    assert telegram.seen() == ["On its way!"]
    Integration.objects.update(account_name="")
    assert invitation(integration.uuid, "x") == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Bad Request: chat not found", "Telegram knows no chat with this person."),
        ("Bad Request: message text is empty", "Telegram said: Bad Request: message text is empty"),
    ],
)
def test_what_no_other_try_changes_fails_at_once(
    telegram: PretendTelegram, talk: Conversation, owner: User, words: str, told: str
) -> None:
    body = f'{{"ok": false, "error_code": 400, "description": "{words}"}}'
    telegram.go_wrong("status", status=400, body=body)

    message = send(owner)

    assert (message.status, message.error_code) == ("failed", "400")
    assert message.error.startswith(told)
    assert len(telegram.sends()) == 1
    assert not ContactAddress.objects.exclude(unreachable_since=None).exists()


def test_waits_as_long_as_telegram_asks_and_sends_once(
    telegram: PretendTelegram, talk: Conversation, owner: User
) -> None:
    telegram.emulator.flood_times, telegram.emulator.flood_seconds = 1, 2
    before = timezone.now()

    message = send(owner)

    part = MessageSend.objects.get()
    assert part.next_attempt_at - before >= timedelta(seconds=2)
    assert (message.status, part.attempts) == ("queued", 0)
    assert len(telegram.sends()) == 1
    MessageSend.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(seconds=3))
    work()
    assert telegram.seen() == ["On its way!"]
    assert len(telegram.sends()) == 2


def test_a_group_that_moved_is_written_to_at_its_new_place(
    telegram: PretendTelegram, talk: Conversation, owner: User
) -> None:
    telegram.emulator.moved[1111] = -1001111

    message = send(owner)

    assert [each["chat_id"] for each in telegram.sends()] == [1111, -1001111]
    assert message.status == "sent"
    assert ContactAddress.objects.get().provider_id == "-1001111"


@pytest.mark.parametrize("status", [401, 404])
def test_a_token_that_ended_holds_messages_until_it_is_repaired(
    telegram: PretendTelegram,
    talk: Conversation,
    integration: Integration,
    owner: User,
    status: int,
) -> None:
    words = {401: "Unauthorized", 404: "Not Found"}[status]
    body = f'{{"ok": false, "error_code": {status}, "description": "{words}"}}'
    telegram.go_wrong("status", status=status, body=body)

    message = send(owner)

    integration.refresh_from_db()
    assert (integration.status, integration.last_error) == ("error", BAD_TOKEN)
    assert message.status == "queued"
    with pytest.raises(LineUnusable):
        send(owner, "Another")
    Integration.objects.update(status="connected")
    MessageSend.objects.update(next_attempt_at=timezone.now())
    work()
    assert telegram.seen() == ["On its way!"]


@pytest.mark.parametrize(
    ("kind", "arrived"),
    [
        ("hang", []),
        ("store_then_hang", ["On its way!"]),
        ("close", []),
        ("truncate", ["On its way!"]),
        ("html", []),
    ],
)
def test_a_call_without_an_answer_is_uncertain_and_never_made_again(
    telegram: PretendTelegram,
    talk: Conversation,
    owner: User,
    settings: Settings,
    kind: str,
    arrived: list[str],
) -> None:
    settings.TELEGRAM_TIMEOUT = 0.2
    telegram.go_wrong(kind, status=502, seconds=5)

    message = send(owner)
    work()

    assert message.status == "uncertain"
    assert TOKEN not in message.error
    assert telegram.seen() == arrived
    assert len(telegram.sends()) == 1


def test_while_telegram_hangs_the_next_messages_wait_and_say_why(
    telegram: PretendTelegram, talk: Conversation, owner: User, settings: Settings
) -> None:
    settings.TELEGRAM_TIMEOUT = 0.2
    telegram.go_wrong("hang", seconds=5)
    lost = send(owner, "lost")

    message = send(owner)

    assert (lost.status, message.status) == ("uncertain", "queued")
    assert message.error == "Telegram did not answer within 0.2 seconds."
    pass_time()
    work()
    message.refresh_from_db()
    assert (message.status, message.error) == ("sent", "")


def test_without_a_connection_nothing_was_sent_so_it_is_tried_again(
    telegram: PretendTelegram, talk: Conversation, owner: User, settings: Settings
) -> None:
    settings.TELEGRAM_API_BASE = "http://127.0.0.1:9"
    message = send(owner)
    part = MessageSend.objects.get()
    assert (message.status, part.last_error) == ("queued", "Telegram could not be reached.")

    settings.TELEGRAM_API_BASE = telegram.base
    pass_time()
    work()
    assert telegram.seen() == ["On its way!"]


# --- Files of customers -----------------------------------------------------------------------


def test_a_file_is_read_within_its_bounds(
    telegram: PretendTelegram, integration: Integration
) -> None:
    telegram.emulator.files["AgAD"] = b"x" * 1000

    assert fetch(integration.uuid, "AgAD", 1000).content == b"x" * 1000
    with pytest.raises(GiveUp, match="more than 999 bytes"):
        fetch(integration.uuid, "AgAD", 999)
    with pytest.raises(GiveUp, match="invalid file_id"):
        fetch(integration.uuid, "gone", 1000)
    telegram.go_wrong("html", match="/file/", status=502)
    with pytest.raises(TryAgain):
        fetch(integration.uuid, "AgAD", 1000)


@pytest.mark.parametrize("path", ["../x", "/etc", "a/../../b", "a?b", "https://evil.example/", ""])
def test_a_file_is_read_only_where_files_are(
    telegram: PretendTelegram, integration: Integration, path: str
) -> None:
    body = f'{{"ok": true, "result": {{"file_id": "x", "file_path": "{path}"}}}}'
    telegram.go_wrong("status", match="getFile", status=200, body=body)

    with pytest.raises(GiveUp):
        fetch(integration.uuid, "x", 1000)
    assert len(telegram.calls()) == 1
