"""What becomes of what Meta posts: each item by itself, once, in the project of its number."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.models import InboundDelivery, Integration
from integrations.sandbox.whatsapp.network import add_number
from integrations.sandbox.whatsapp.webhooks import value_about
from integrations.whatsapp.tests.pretend import (
    ADA,
    PretendWhatsApp,
    delivery,
    make_integration,
    work,
)
from notifications.models import (
    Attachment,
    Contact,
    ContactAddress,
    Conversation,
    Message,
    ParkedStatus,
)
from notifications.models.messages import ContentType
from notifications.services import mark_conversation_read, receive_message
from notifications.work.fetching import fetch_file
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

HOUR = 3600


def raw(whatsapp: PretendWhatsApp, message: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a value with one message by Ada; its own fields win."""
    told = {
        "from": "16505551234",
        "from_user_id": ADA,
        "id": "wamid.RAW",
        "timestamp": "1763600000",
        **message,
    }
    return value_about(whatsapp.number, messages=[told], **parts)


def test_a_message_is_in_the_inbox_beside_its_order(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User
) -> None:
    order = make_order(owner, title="#1001", customer_phone="+16505551234")

    wamid = whatsapp.write("Where is #1001? 🙂 caf\u00e9")

    assert whatsapp.emulator.answers == [200]
    message = Message.objects.get()
    assert (message.provider_id, message.content) == (wamid, "Where is #1001? 🙂 caf\u00e9")
    assert (message.order, message.project) == (order, owner.personal_project)
    assert (message.channel, message.line) == ("whatsapp", integration.uuid)
    conversation = Conversation.objects.get()
    assert conversation.contact.name == "Ada"
    assert conversation.unread == 1
    assert conversation.address.window_until == message.written_at + timedelta(hours=24)
    # What Meta sends is ASCII: the signature is for the escapes.
    assert b"caf\\u00e9" in bytes(delivery().body)
    assert delivery().state == InboundDelivery.State.DONE


def test_the_same_message_again_in_another_call_changes_nothing(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    value = raw(whatsapp, {"type": "text", "text": {"body": "once"}})

    whatsapp.notify(value)
    whatsapp.notify(value)
    whatsapp.notify(value, raw(whatsapp, {"id": "wamid.2", "type": "text", "text": {"body": "b"}}))

    assert whatsapp.emulator.answers == [200, 200, 200]
    assert list(Message.objects.order_by("pk").values_list("content", flat=True)) == ["once", "b"]
    assert Conversation.objects.get().unread == 2


def test_every_item_of_a_batch_lands_in_its_own_project(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    number = add_number(whatsapp.emulator, "106540352242923")
    other = make_integration(whatsapp, make_user(), number=number)

    def message(id_: str) -> dict[str, Any]:
        return {"from": "16505551234", "id": id_, "type": "text", "text": {"body": id_}}

    def status(id_: str) -> dict[str, Any]:
        return {"id": id_, "status": "sent", "timestamp": "1763600000"}

    ours, theirs = whatsapp.number, number
    entries = [
        {
            "id": "1",
            "changes": [
                {"field": "messages", "value": value_about(ours, messages=[message("a")])},
                {"field": "messages", "value": value_about(theirs, statuses=[status("x")])},
            ],
        },
        {
            "id": "2",
            "changes": [
                {
                    "field": "messages",
                    "value": value_about(theirs, messages=[message("b"), message("c")]),
                },
                {"field": "messages", "value": value_about(ours, statuses=[status("y")])},
            ],
        },
    ]
    body = json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()

    assert whatsapp.emulator.notify_body(body) == 200
    work()

    landed = Message.objects.order_by("provider_id").values_list("provider_id", "project_id")
    assert list(landed) == [
        ("a", integration.project_id),
        ("b", other.project_id),
        ("c", other.project_id),
    ]
    parked = ParkedStatus.objects.order_by("provider_id").values_list("provider_id", "line")
    assert list(parked) == [("x", other.uuid), ("y", integration.uuid)]


def test_an_item_that_fails_takes_no_other_along(
    whatsapp: PretendWhatsApp, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_once(**given: Any) -> Any:
        if given["incoming"].content == "bad":
            raise RuntimeError
        return receive_message(**given)

    monkeypatch.setattr("integrations.whatsapp.receiving.receive_message", fail_once)
    values = [
        raw(whatsapp, {"id": f"wamid.{text}", "type": "text", "text": {"body": text}})
        for text in ("first", "bad", "last")
    ]

    whatsapp.notify(*values)

    assert set(Message.objects.values_list("content", flat=True)) == {"first", "last"}
    assert delivery().last_error == "1 of 3 items could not be stored: RuntimeError."

    monkeypatch.setattr("integrations.whatsapp.receiving.receive_message", receive_message)
    InboundDelivery.objects.update(next_attempt_at=timezone.now())
    work()
    assert Message.objects.count() == 3
    assert delivery().state == InboundDelivery.State.DONE


# --- Kinds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "kind", "content", "details"),
    [
        (
            {"type": "interactive", "interactive": {"button_reply": {"id": "c:1", "title": "Yes"}}},
            ContentType.BUTTON,
            "Yes",
            {"id": "c:1"},
        ),
        (
            {
                "type": "interactive",
                "interactive": {"list_reply": {"id": "a", "title": "Blue", "description": "d"}},
            },
            ContentType.BUTTON,
            "Blue",
            {"id": "a", "description": "d"},
        ),
        (
            {"type": "button", "button": {"payload": "stop", "text": "No more"}},
            ContentType.BUTTON,
            "No more",
            {"id": "stop"},
        ),
        (
            {"type": "location", "location": {"latitude": 47.5, "longitude": 9, "name": "Harbour"}},
            ContentType.LOCATION,
            "Harbour",
            {"latitude": 47.5, "longitude": 9, "name": "Harbour", "address": ""},
        ),
        (
            {
                "type": "contacts",
                "contacts": [{"name": {"formatted_name": "Bob"}, "phones": [{"phone": "+1555"}]}],
            },
            ContentType.CONTACTS,
            "Bob",
            {"contacts": [{"name": "Bob", "phones": ["+1555"]}]},
        ),
        (
            {"type": "text", "text": {"body": "hi"}, "context": {"forwarded": True}},
            ContentType.TEXT,
            "hi",
            {"forwarded": True},
        ),
        (
            {"type": "unsupported", "errors": [{"code": 131051, "title": "no"}]},
            ContentType.UNSUPPORTED,
            "",
            {"type": "unsupported", "codes": [131051]},
        ),
        (
            {"type": "unknown", "errors": [{"code": 131051}]},
            ContentType.UNSUPPORTED,
            "",
            {"type": "unknown", "codes": [131051]},
        ),
        (
            {"type": "brand_new", "brand_new": {"x": 1}},
            ContentType.UNSUPPORTED,
            "",
            {"type": "brand_new"},
        ),
        ({"type": "text"}, ContentType.UNSUPPORTED, "", {"type": "text"}),
        ({"type": "text", "text": []}, ContentType.UNSUPPORTED, "", {"type": "text"}),
        ({"type": "image", "image": {}}, ContentType.UNSUPPORTED, "", {"type": "image"}),
        ({"type": "order", "order": {"text": "x"}}, ContentType.UNSUPPORTED, "", {"type": "order"}),
        ({}, ContentType.UNSUPPORTED, "", {"type": ""}),
        (
            {"type": "reaction", "errors": [{"code": 131051}]},
            ContentType.UNSUPPORTED,
            "",
            {"type": "reaction", "codes": [131051]},
        ),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_each_kind_is_stored_as_what_it_is(
    whatsapp: PretendWhatsApp,
    integration: Integration,
    message: dict[str, Any],
    kind: ContentType,
    content: str,
    details: dict[str, Any],
) -> None:
    assert whatsapp.notify(raw(whatsapp, message)) == 200

    stored = Message.objects.get()
    assert (stored.content_type, stored.content, stored.details) == (kind, content, details)
    assert delivery().state == InboundDelivery.State.DONE


def test_a_picture_is_fetched_with_our_token(
    whatsapp: PretendWhatsApp, integration: Integration, settings: Any, tmp_path: Any
) -> None:
    settings.PRIVATE_FILES_ROOT = tmp_path
    whatsapp.write(type="image", content={"mime_type": "image/png", "caption": "Broken"})

    message = Message.objects.get()
    assert (message.content_type, message.content) == ("image", "Broken")
    attachment = Attachment.objects.get()
    fetch_file(attachment.pk)

    attachment.refresh_from_db()
    assert attachment.state == "stored"
    tokens = {each.headers["authorization"] for each in whatsapp.calls()}
    assert tokens == {f"Bearer {whatsapp.number.access_token}"}


def test_a_picture_that_is_gone_or_too_large_is_given_up(
    whatsapp: PretendWhatsApp, integration: Integration, settings: Any
) -> None:
    whatsapp.write(type="image", content={"id": "999"})
    whatsapp.write(type="image")
    gone, large = Attachment.objects.order_by("pk")
    settings.MAX_ATTACHMENT_BYTES = 10

    fetch_file(gone.pk)
    fetch_file(large.pk)

    gone.refresh_from_db()
    large.refresh_from_db()
    assert (gone.state, large.state) == ("failed", "failed")
    assert large.last_error == "The file has more than 10 bytes."


def test_a_reaction_is_set_and_removed_and_makes_no_message(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    wamid = whatsapp.write("Thanks")

    def react(at: int, **reaction: str) -> None:
        told = {"message_id": wamid, **reaction}
        message = {"id": f"wamid.R{at}", "timestamp": str(at), "type": "reaction", "reaction": told}
        assert whatsapp.notify(raw(whatsapp, message)) == 200

    react(1763600000, emoji="👍")
    assert Message.objects.get().reaction.emoji == "👍"
    react(1763600010)
    # An older one that comes late.
    react(1763600005, emoji="🎉")

    assert Message.objects.get().reaction.emoji == ""
    assert set(InboundDelivery.objects.values_list("state", flat=True)) == {"done"}


# --- People -----------------------------------------------------------------------------------


def test_somebody_who_hides_the_number_is_in_the_inbox(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    whatsapp.meet("US.90071992547", username="sheena1")

    whatsapp.write("Hello", user_id="US.90071992547")
    whatsapp.write("Again", user_id="US.90071992547")

    [address] = ContactAddress.objects.all()
    assert (address.provider_id, address.number, address.username) == (
        "US.90071992547",
        "",
        "sheena1",
    )
    assert Conversation.objects.get().unread == 2


def test_a_person_without_a_contact_beside_the_message_is_known_too(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    whatsapp.write("Hello")
    whatsapp.notify(raw(whatsapp, {"type": "text", "text": {"body": "no contacts"}}))
    anonymous = raw(whatsapp, {"id": "wamid.4", "type": "text", "text": {"body": "by number"}})
    del anonymous["messages"][0]["from_user_id"]
    whatsapp.notify(anonymous)
    # Since then she hides the number.
    whatsapp.write("by key", name_only=True)

    assert Contact.objects.get().name == "Ada"
    assert Message.objects.count() == 4
    assert ContactAddress.objects.get().number == "16505551234"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("5215512345678", "525512345678"),
        ("5531988887777", "553188887777"),
    ],
)
def test_two_ways_to_write_a_mobile_number_are_one_person(
    whatsapp: PretendWhatsApp, integration: Integration, first: str, second: str
) -> None:
    for number in (first, second):
        message = {"from": number, "id": f"wamid.{number}", "type": "text", "text": {"body": "x"}}
        whatsapp.notify(value_about(whatsapp.number, messages=[message]))

    # Answers go to the number that WhatsApp gave last.
    assert ContactAddress.objects.get().number == second


def test_a_new_number_keeps_the_history(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    whatsapp.write("From the old number")
    told = {
        "type": "user_changed_number",
        "body": "Ada changed from 16505551234 to 16505559999",
        "wa_id": "16505559999",
        "user_id": "US.777",
        "previous_user_id": ADA,
    }
    system = {"from": "16505551234", "id": "wamid.S", "type": "system", "system": told}
    value = value_about(whatsapp.number, messages=[{**system, "timestamp": "1763600000"}])

    assert whatsapp.notify(value) == 200
    assert whatsapp.notify(value) == 200
    whatsapp.meet("US.777", "16505559999", "Ada")
    whatsapp.write("From the new one", user_id="US.777")

    [address] = ContactAddress.objects.all()
    assert (address.provider_id, address.number) == ("US.777", "16505559999")
    thread = Conversation.objects.get().messages.order_by("pk").values_list("content", flat=True)
    assert list(thread) == ["From the old number", "From the new one"]


def test_a_number_that_somebody_else_had_before_goes_to_whoever_has_it_now(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    whatsapp.write("From Ada's old number")
    whatsapp.meet("US.2", "16505559999", "Bob")
    whatsapp.write("From Bob", user_id="US.2")
    told = {
        "type": "user_changed_number",
        "wa_id": "16505559999",
        "user_id": "US.777",
        "previous_user_id": ADA,
    }
    system = {"from": "16505551234", "id": "wamid.S", "type": "system", "system": told}
    changed_at = str(int(timezone.now().timestamp()) + 1)

    whatsapp.notify(value_about(whatsapp.number, messages=[{**system, "timestamp": changed_at}]))

    assert set(InboundDelivery.objects.values_list("state", flat=True)) == {"done"}
    ada, bob = ContactAddress.objects.order_by("pk")
    assert (ada.provider_id, ada.number) == ("US.777", "16505559999")
    assert (bob.provider_id, bob.number) == ("US.2", "")
    assert ada.contact != bob.contact


def test_another_system_message_makes_no_chat_bubble(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    value = raw(whatsapp, {"type": "system", "system": {"type": "customer_identity_changed"}})

    assert whatsapp.notify(value) == 200

    assert not Message.objects.exists()
    assert delivery().state == InboundDelivery.State.DONE


# --- Time -------------------------------------------------------------------------------------


def test_a_late_message_shows_when_it_was_written_and_is_unread(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User
) -> None:
    whatsapp.write("now")
    conversation = Conversation.objects.get()
    mark_conversation_read(conversation=conversation, by=owner)
    before = timezone.now()

    whatsapp.write("three hours ago", ago=3 * HOUR)

    late = Message.objects.get(content="three hours ago")
    assert abs(before - timedelta(hours=3) - late.written_at) < timedelta(seconds=5)
    conversation.refresh_from_db()
    assert (conversation.unread, late.is_read) == (1, False)
    assert conversation.last_activity_at >= before
    # The window counts from when the person wrote last.
    now = Message.objects.get(content="now")
    assert conversation.address.window_until == now.written_at + timedelta(hours=24)


MOMENTS = [None, "", "soon", "99999999999999999999", "253402300799", "-62135596800", 1763600000]


@pytest.mark.parametrize("timestamp", MOMENTS)
def test_a_message_without_a_proper_time_was_written_when_it_came(
    whatsapp: PretendWhatsApp, integration: Integration, timestamp: Any
) -> None:
    message = {"timestamp": timestamp, "type": "text", "text": {"body": "x"}}

    whatsapp.notify(raw(whatsapp, message))

    written = Message.objects.get().written_at
    if timestamp == 1763600000:
        assert written == datetime.fromtimestamp(1763600000, UTC)
    else:
        assert timezone.now() - written < timedelta(minutes=1)


def test_an_answer_names_the_message_that_it_answers(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    first = whatsapp.write("Do you have it in blue?")
    whatsapp.write("I mean this", reply_to=first)
    whatsapp.write("And this", reply_to="wamid.unknown")

    answers = Message.objects.order_by("pk").values_list("reply_to__provider_id", flat=True)
    assert list(answers) == [None, first, None]


# --- What is not for us -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"event": "DISABLED_UPDATE"}, "account_update"),
        ({"message_template_id": 1, "event": "APPROVED"}, "message_template_status_update"),
        ({"messaging_product": "whatsapp", "errors": [{"code": 130429}]}, "messages"),
    ],
    ids=str,
)
def test_what_brings_no_message_is_kept_and_ignored(
    whatsapp: PretendWhatsApp, integration: Integration, value: dict[str, Any], field: str
) -> None:
    assert whatsapp.notify(value, field=field) == 200

    assert delivery().state == InboundDelivery.State.IGNORED
    assert not Message.objects.exists()


def test_unknown_keys_everywhere_do_no_harm(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    value = raw(
        whatsapp,
        {"type": "text", "text": {"body": "hi", "new": 1}, "group_x": [1], "referral": {"a": 1}},
        contacts=[{"profile": None, "user_id": ADA, "x": 1}, None, 7],
        new={"a": [None]},
        statuses=None,
    )

    assert whatsapp.notify(value) == 200

    assert Message.objects.get().content == "hi"


@pytest.mark.parametrize(
    "message",
    [
        None,
        7,
        {"type": "text", "text": {"body": "x"}, "id": None},
        {"type": "text", "text": {"body": "x"}, "from": None, "from_user_id": None},
        {"type": "reaction", "reaction": {"emoji": "x"}},
    ],
    ids=str,
)
def test_an_item_that_says_too_little_fails_alone_and_for_good(
    whatsapp: PretendWhatsApp, integration: Integration, message: Any
) -> None:
    odd = raw(whatsapp, message) if isinstance(message, dict) else None
    odd = odd or value_about(whatsapp.number, messages=[message])
    good = raw(whatsapp, {"id": "wamid.good", "type": "text", "text": {"body": "good"}})

    assert whatsapp.notify(odd, good) == 200

    assert Message.objects.get().content == "good"
    assert delivery().state == InboundDelivery.State.FAILED
    assert delivery().last_error.startswith("1 of 2 items cannot be read: ")


@pytest.mark.parametrize("signed", ["wrong", "none"])
def test_what_meta_did_not_sign_is_refused(
    whatsapp: PretendWhatsApp, integration: Integration, signed: str
) -> None:
    whatsapp.write("forged", signed=signed)

    assert whatsapp.emulator.answers == [401]
    assert not InboundDelivery.objects.exists()


def test_a_deleted_or_paused_line_takes_no_messages(
    whatsapp: PretendWhatsApp, integration: Integration
) -> None:
    Integration.objects.update(is_paused=True)

    whatsapp.write("to a paused line")

    assert whatsapp.emulator.answers == [200]
    assert not Message.objects.exists()
