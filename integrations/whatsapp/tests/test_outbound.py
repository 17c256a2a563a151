"""What goes out over a number, and what becomes of it: accepted, reported, refused, uncertain."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from integrations.models import Integration
from integrations.whatsapp.tests import pretend
from integrations.whatsapp.tests.pretend import ADA, PretendWhatsApp
from notifications.errors import LineUnusable, WindowClosed
from notifications.models import (
    Contact,
    ContactAddress,
    Conversation,
    Message,
    MessageSend,
)
from notifications.models.messages import ContentType
from notifications.services import (
    Enclosure,
    Recipient,
    mark_conversation_read,
    retry_message,
    send_message,
)
from notifications.tests.pretend import pass_time
from notifications.work import sending
from notifications.work.reading import tell_read
from notifications.work.reports import sweep_parked
from orderchainer.core.errors import Invalid

pytestmark = pytest.mark.django_db

TO_ADA = Recipient(phone="+16505551234")
WINDOW_SECONDS = 24 * 3600


@pytest.fixture
def talk(whatsapp: PretendWhatsApp, integration: Integration) -> Conversation:
    """A conversation in which Ada has just written."""
    whatsapp.write("Where is my order?")
    return Conversation.objects.get()


def queue(owner: User, content: str = "On its way!", **parts: Any) -> Message:
    """Queue a message to Ada."""
    usual: dict[str, Any] = {"recipient": TO_ADA, "channel": "whatsapp", "by": owner}
    return send_message(project=owner.personal_project, **{"content": content} | usual | parts)


def send(owner: User, content: str = "On its way!", **parts: Any) -> Message:
    """Send a message to Ada, as a worker does."""
    message = queue(owner, content, **parts)
    work()
    message.refresh_from_db()
    return message


def work() -> None:
    """Send all that is due, once."""
    for part_id in sending.due_parts():
        sending.send_part(part_id)


def outcome(message: Message) -> tuple[str, str]:
    """Return the status of a message, and the provider's code of its failure."""
    message.refresh_from_db()
    return message.status, message.error_code


def wamid_of(whatsapp: PretendWhatsApp) -> str:
    """Return the id of the message that was sent last."""
    return [each for each in whatsapp.emulator.messages if not each.is_inbound][-1].id


def report(whatsapp: PretendWhatsApp, *statuses: str, **more: Any) -> None:
    """Have WhatsApp report these about the message that was sent last."""
    whatsapp.emulator.tell(whatsapp.emulator.sent(wamid_of(whatsapp)), statuses, **more)
    pretend.work()


# --- What goes out ----------------------------------------------------------------------------


def test_an_answer_goes_out_and_is_not_delivered_before_that_is_reported(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    asked = talk.messages.get()

    message = send(owner, reply_to=asked)

    assert whatsapp.sends() == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "16505551234",
            "type": "text",
            "text": {"body": "On its way!", "preview_url": False},
            "biz_opaque_callback_data": str(message.uuid),
            "context": {"message_id": asked.provider_id},
        }
    ]
    assert (message.status, message.provider_id) == ("sent", wamid_of(whatsapp))
    report(whatsapp, "delivered")
    assert outcome(message) == ("delivered", "")


def test_somebody_without_a_number_is_answered_by_their_key(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User
) -> None:
    whatsapp.meet("US.90071992547", username="sheena1")
    whatsapp.write("Hello", user_id="US.90071992547")

    message = send(owner, recipient=Recipient(contact_id=Contact.objects.get().uuid))

    assert message.status == "sent"
    [sent] = whatsapp.sends()
    assert sent["recipient"] == "US.90071992547"
    assert "to" not in sent


def test_a_template_goes_out_to_somebody_who_never_wrote(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User
) -> None:
    details = {
        "name": "order_shipped",
        "language": "en_US",
        "parameters": ["#1001"],
        "button_parameters": ["1001"],
    }

    message = send(owner, "", content_type=ContentType.TEMPLATE, details=details)

    assert message.status == "sent"
    assert whatsapp.sends()[0]["template"] == {
        "name": "order_shipped",
        "language": {"code": "en_US"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "#1001"}]},
            {
                "type": "button",
                "sub_type": "url",
                "index": "0",
                "parameters": [{"type": "text", "text": "1001"}],
            },
        ],
    }


@pytest.mark.parametrize(
    ("details", "fields"),
    [
        ({}, ["language", "name"]),
        ({"name": "Order Shipped", "language": "English"}, ["language", "name"]),
        ({"name": "a", "language": "en", "parameters": ["two\nlines"]}, ["parameters"]),
        ({"name": "a", "language": "en", "parameters": ["a\tb"]}, ["parameters"]),
        ({"name": "a", "language": "en", "parameters": ["a     b"]}, ["parameters"]),
        ({"name": "a", "language": "en", "parameters": ["a\x00b"]}, ["parameters"]),
        ({"name": "a", "language": "en", "parameters": [""]}, ["parameters"]),
        ({"name": "a", "language": "en", "parameters": [7]}, ["parameters"]),
        ({"name": "a", "language": "en", "parameters": "text"}, ["parameters"]),
        ({"name": "a", "language": "en", "parameters": {"Bad Name": "x"}}, ["parameters"]),
        ({"name": "a", "language": "en", "button_parameters": {"a": "x"}}, ["button_parameters"]),
    ],
    ids=str,
)
def test_a_template_that_whatsapp_would_refuse_is_refused_before(
    whatsapp: PretendWhatsApp,
    integration: Integration,
    owner: User,
    details: dict[str, Any],
    fields: list[str],
) -> None:
    with pytest.raises(Invalid) as refused:
        queue(owner, "", content_type=ContentType.TEMPLATE, details=details)

    assert sorted(refused.value.errors) == fields
    assert not Message.objects.exists()


def test_files_go_out_by_link_or_by_upload(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, settings: Settings, tmp_path: Any
) -> None:
    settings.PRIVATE_FILES_ROOT = tmp_path
    (tmp_path / "stored.pdf").write_bytes(b"%PDF-1.7 bill")
    by_link = Enclosure(link="https://example.com/mug.jpg")
    by_upload = Enclosure("", "stored.pdf", "application/pdf", "Bill 1001.pdf")

    send(owner, "Your mug", content_type=ContentType.IMAGE, attachment=by_link)
    send(owner, "", content_type=ContentType.DOCUMENT, attachment=by_upload)

    image, document = whatsapp.sends()
    assert image["image"] == {"link": "https://example.com/mug.jpg", "caption": "Your mug"}
    [(id_, (content, media_type))] = whatsapp.emulator.files.items()
    assert (content, media_type) == (b"%PDF-1.7 bill", "application/pdf")
    assert document["document"] == {"id": id_, "filename": "Bill 1001.pdf"}


def test_too_long_a_text_is_refused(talk: Conversation, owner: User) -> None:
    with pytest.raises(Invalid):
        queue(owner, "x" * 4097)

    assert Message.objects.count() == 1


def test_what_we_read_is_marked_at_whatsapp(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    mark_conversation_read(conversation=talk, by=owner)

    tell_read(talk.messages.get().pk)

    assert whatsapp.emulator.messages[0].status == "read"


# --- Reports ----------------------------------------------------------------------------------


def test_statuses_in_any_order_and_twice_never_go_down(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    message = send(owner)
    seen = []

    for status in ("delivered", "sent", "read", "delivered", "read"):
        report(whatsapp, status)
        seen.append(outcome(message)[0])

    assert seen == ["delivered", "delivered", "read", "read", "read"]


def test_read_can_come_without_delivered(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    message = send(owner)

    report(whatsapp, "played")

    assert outcome(message) == ("read", "")


def test_delivered_and_failed_contradict_and_delivered_wins(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    message = send(owner)

    report(whatsapp, "delivered", "failed", error_code=131026)

    assert outcome(message) == ("delivered", "")


def test_a_status_can_come_before_the_send_was_answered(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    message = queue(owner)
    early = {
        "id": "wamid.HBgL00000002",
        "status": "delivered",
        "timestamp": "1763600000",
    }
    whatsapp.notify({"metadata": {"phone_number_id": whatsapp.number.id}, "statuses": [early]})
    assert outcome(message) == ("queued", "")

    work()

    assert wamid_of(whatsapp) == early["id"]
    # A sweep matches what the commit of a test never does.
    sweep_parked()
    assert outcome(message) == ("delivered", "")


def test_a_refusal_can_come_later_as_a_status(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    message = send(owner)
    assert message.status == "sent"

    report(whatsapp, "failed", error_code=131047)
    work()

    assert outcome(message) == ("failed", "131047")
    assert message.error == (
        "The customer wrote more than 24 hours ago. Only a template reaches them now. (131047)"
    )
    assert len(whatsapp.sends()) == 1


# --- The window -------------------------------------------------------------------------------


def test_a_day_after_the_last_message_only_a_template_is_taken(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User
) -> None:
    whatsapp.write("a day ago", ago=WINDOW_SECONDS + 1)

    with pytest.raises(WindowClosed) as closed:
        queue(owner)

    assert closed.value.data["allowed"] == ["template"]
    assert whatsapp.sends() == []


def test_a_window_that_whatsapp_finds_closed_fails_the_message(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    # Our clocks differ: for WhatsApp the day is over.
    whatsapp.emulator.passed += WINDOW_SECONDS

    message = send(owner)
    work()

    assert outcome(message) == ("failed", "131047")
    assert len(whatsapp.sends()) == 1


# --- What goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (131026, 400),
        (131047, 400),
        (131048, 400),
        (131049, 400),
        (131064, 400),
        (131062, 400),
        (131008, 400),
        (131009, 400),
        (100, 400),
        (132000, 400),
        (132001, 404),
        (132005, 400),
        (132007, 400),
        (132012, 400),
        (132015, 400),
        (132016, 400),
        (131021, 400),
        (131030, 400),
        (999_999, 400),
        (999_999, 500),
    ],
)
def test_a_refusal_for_good_fails_the_message(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, code: int, status: int
) -> None:
    whatsapp.refuse(code, status)

    message = send(owner)
    work()

    assert outcome(message) == ("failed", str(code))
    assert message.error.endswith(f"({code})")
    assert len(whatsapp.sends()) == 1
    is_gone = ContactAddress.objects.get().unreachable_since is not None
    assert is_gone == (code == 131026)


@pytest.mark.parametrize(
    ("code", "status", "seconds"),
    [(4, 400, 300), (80007, 429, 300), (130429, 429, 10), (131056, 400, 6)],
)
def test_a_limit_makes_the_message_wait(
    whatsapp: PretendWhatsApp,
    talk: Conversation,
    owner: User,
    code: int,
    status: int,
    seconds: float,
) -> None:
    whatsapp.refuse(code, status)

    message = send(owner)

    assert message.status == "queued"
    send_row = MessageSend.objects.get()
    assert (send_row.next_attempt_at - timezone.now()).total_seconds() > seconds - 1
    whatsapp.refuse(0)
    MessageSend.objects.update(next_attempt_at=timezone.now())
    work()
    assert outcome(message) == ("sent", "")


def test_the_limit_for_one_person_makes_us_wait_longer_each_time(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    whatsapp.refuse(131056, 400)
    message = send(owner)
    waits = []

    for _ in range(4):
        row = MessageSend.objects.get()
        waits.append(round((row.next_attempt_at - timezone.now()).total_seconds(), -1))
        MessageSend.objects.update(next_attempt_at=timezone.now())
        work()

    assert waits == [10, 20, 100, 380]
    assert message.status == "queued"


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        ({"status": 429}, 59, 61),
        ({"status": 429, "headers": {"Retry-After": "30"}}, 29, 31),
        ({"status": 429, "headers": {"Retry-After": "99999999999"}}, 3599, 3601),
        ({"status": 429, "headers": {"Retry-After": "soon"}}, 59, 61),
        ({"status": 408}, 1, 4),
    ],
    ids=str,
)
def test_a_refusal_that_passes_makes_the_message_wait(
    whatsapp: PretendWhatsApp,
    talk: Conversation,
    owner: User,
    fault: dict[str, Any],
    least: float,
    most: float,
) -> None:
    whatsapp.go_wrong("status", **fault)

    message = send(owner)

    assert message.status == "queued"
    wait = (MessageSend.objects.get().next_attempt_at - timezone.now()).total_seconds()
    assert least < wait < most


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_a_refusal_without_whatsapps_own_words_fails_the_message(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, status: int
) -> None:
    whatsapp.go_wrong("html", status=status)

    message = send(owner)

    assert (message.status, message.error) == ("failed", f"WhatsApp answered {status}.")
    assert Integration.objects.get().status == "connected"


@pytest.mark.parametrize(("code", "status"), [(131000, 500), (131016, 503), (1, 500), (2, 503)])
def test_a_passing_trouble_is_tried_again(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, code: int, status: int
) -> None:
    whatsapp.refuse(code, status)

    message = send(owner)

    assert message.status == "queued"
    assert MessageSend.objects.get().attempts == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, 401),
        (190, 401),
        (3, 403),
        (10, 403),
        (200, 403),
        (299, 403),
        (131005, 403),
        (131031, 400),
        (368, 400),
        (131042, 400),
    ],
)
def test_trouble_with_the_account_breaks_the_line_and_keeps_the_message(
    whatsapp: PretendWhatsApp,
    talk: Conversation,
    integration: Integration,
    owner: User,
    code: int,
    status: int,
) -> None:
    if code:
        whatsapp.refuse(code, status)
    else:
        body = '{"error": {"code": 0, "message": "no"}}'
        whatsapp.go_wrong("status", status=401, body=body)

    message = send(owner)

    assert message.status == "queued"
    integration.refresh_from_db()
    assert integration.status == "error"
    assert integration.last_error.endswith(f"({code})")
    with pytest.raises(LineUnusable):
        queue(owner, "another")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html", "status": 502},
        {"kind": "html", "status": 200},
        {"kind": "truncate"},
        {"kind": "close"},
        {"kind": "status", "status": 200, "body": "{}"},
    ],
    ids=str,
)
def test_a_send_without_a_proper_answer_is_uncertain_and_not_repeated(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, fault: dict[str, Any]
) -> None:
    whatsapp.go_wrong(**fault)

    message = send(owner)
    work()

    assert outcome(message) == ("uncertain", "")
    assert len(whatsapp.sends()) == 1


def test_while_whatsapp_hangs_the_next_messages_wait_and_say_why(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, settings: Settings
) -> None:
    settings.WHATSAPP_TIMEOUT = 0.3
    whatsapp.go_wrong("store_then_hang")
    lost = send(owner)

    message = send(owner)

    assert (outcome(lost), outcome(message)) == (("uncertain", ""), ("queued", ""))
    assert message.error == "WhatsApp did not answer within 0.3 seconds."
    assert len(whatsapp.sends()) == 1
    pass_time()
    work()
    message.refresh_from_db()
    assert (message.status, message.error) == ("sent", "")


def test_a_status_resolves_an_uncertain_message(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, settings: Settings
) -> None:
    settings.WHATSAPP_TIMEOUT = 0.3
    whatsapp.go_wrong("store_then_hang")

    message = send(owner)
    work()

    assert outcome(message) == ("uncertain", "")
    assert len(whatsapp.sends()) == 1
    # It names our own id, because we never learnt WhatsApp's.
    report(whatsapp, "sent", "delivered")
    assert outcome(message) == ("delivered", "")


def test_a_refused_connection_is_tried_again(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User, settings: Settings
) -> None:
    settings.WHATSAPP_API_BASE = "http://127.0.0.1:9"
    message = send(owner)
    assert message.status == "queued"
    settings.WHATSAPP_API_BASE = whatsapp.base
    pass_time()

    work()

    assert outcome(message) == ("sent", "")
    assert len(whatsapp.sends()) == 1


def test_a_retry_by_a_person_is_a_new_call_with_a_new_id(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    message = send(owner)
    first = wamid_of(whatsapp)
    report(whatsapp, "failed", error_code=131000)
    assert outcome(message)[0] == "failed"

    retry_message(message=message, by=owner)
    work()

    assert len(whatsapp.sends()) == 2
    assert wamid_of(whatsapp) != first
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", wamid_of(whatsapp))


def test_no_failure_repeats_our_token(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    token = whatsapp.number.access_token
    body = f'{{"error": {{"code": 131009, "message": "bad {token}"}}}}'
    whatsapp.go_wrong("status", status=400, body=body)

    message = send(owner)

    assert message.error == "WhatsApp said: bad [token] (131009)"


def test_a_person_who_wrote_is_known_by_number_and_key(
    whatsapp: PretendWhatsApp, talk: Conversation, owner: User
) -> None:
    send(owner, recipient=Recipient(user_id=ADA))

    assert whatsapp.sends()[0]["to"] == "16505551234"
    assert Conversation.objects.count() == 1
