"""What people do in Telegram, and what becomes of it here."""

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.lines import line_of
from integrations.models import InboundDelivery, Integration
from integrations.models.integrations import sealed
from integrations.services import replay_delivery
from integrations.telegram.receiving import USED_LINK
from integrations.telegram.tests.pretend import (
    SECRET,
    PretendTelegram,
    make_integration,
    work,
)
from notifications.models import Contact, ContactAddress, Message
from notifications.services import invite

FILE = {"file_id": "AgACAgIAAxkBAAI", "file_unique_id": "AQAD", "file_size": 1253}


def told() -> list[tuple[str, str]]:
    """Return the kind and the content of what people wrote, oldest first."""
    rows = Message.objects.filter(direction="inbound").order_by("pk")
    return list(rows.values_list("content_type", "content"))


def update(update_id: int = 10000, **message: Any) -> dict[str, Any]:
    """Return an update with a message of Ada."""
    ada = {"id": 1111, "is_bot": False, "first_name": "Ada", "username": "ada"}
    return {
        "update_id": update_id,
        "message": {
            "message_id": 1365,
            "date": 1763600000,
            "from": ada,
            "chat": {"id": 1111, "type": "private", "first_name": "Ada"},
            "text": "Where is my order?",
            **message,
        },
    }


def states() -> list[str]:
    """Return what became of the deliveries, oldest first."""
    return list(InboundDelivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_message_arrives_with_who_wrote_it(
    telegram: PretendTelegram, integration: Integration
) -> None:
    sent = telegram.write("Where is my order?")

    message = Message.objects.get()
    assert message.provider_id == f"1111:{sent.id}"
    assert (message.line, message.channel) == (integration.uuid, "telegram")
    assert (message.content_type, message.content) == ("text", "Where is my order?")
    assert int(message.written_at.timestamp()) == int(sent.at)
    address = ContactAddress.objects.get()
    assert (address.provider_id, address.username, address.number) == ("1111", "ada", "")
    assert address.contact.name == "Ada"
    answer = telegram.write("This one", reply_to=sent.id)
    assert Message.objects.get(provider_id=f"1111:{answer.id}").reply_to == message


@pytest.mark.parametrize(
    ("content", "text", "kind", "shown", "details", "file"),
    [
        ({"photo": [{"file_id": "small"}, FILE]}, "Broken", "image", "Broken", {}, ""),
        ({"document": {**FILE, "file_name": "a.pdf"}}, "", "document", "", {}, "a.pdf"),
        ({"voice": {**FILE, "mime_type": "audio/ogg"}}, "", "audio", "", {}, ""),
        ({"video": FILE}, "Look", "video", "Look", {}, ""),
        ({"sticker": {**FILE, "emoji": "👍"}}, "", "sticker", "👍", {}, ""),
        (
            {"location": {"latitude": 47.5, "longitude": 9.7}},
            "",
            "location",
            "",
            {"latitude": 47.5, "longitude": 9.7, "name": "", "address": ""},
            None,
        ),
        (
            {"contact": {"phone_number": "+4366412", "first_name": "Bo"}},
            "",
            "contacts",
            "Bo",
            {"contacts": [{"name": "Bo", "phones": ["+4366412"]}]},
            None,
        ),
        ({"dice": {"emoji": "🎲", "value": 3}}, "", "unsupported", "", {"type": "dice"}, None),
        (
            {
                "forward_origin": {"type": "user", "date": 1},
                "forward_date": 1,
                "is_automatic_forward": True,
                "poll": {"id": "1", "question": "Blue or red?"},
            },
            "",
            "unsupported",
            "",
            {"type": "poll"},
            None,
        ),
        (
            {"has_protected_content": True, "is_new": 1, "brand_new_kind": {}},
            "",
            "unsupported",
            "",
            {"type": "brand_new_kind"},
            None,
        ),
        ({}, "/help me", "text", "/help me", {"command": "help"}, None),
    ],
    ids=lambda value: next(iter(value), "text") if isinstance(value, dict) else None,
)
def test_every_kind_is_kept_as_what_it_is(
    telegram: PretendTelegram,
    integration: Integration,
    content: dict[str, Any],
    text: str,
    kind: str,
    shown: str,
    details: dict[str, Any],
    file: str | None,
) -> None:
    telegram.write(text, content=content)

    message = Message.objects.get()
    assert (message.content_type, message.content, message.details) == (kind, shown, details)
    files = [(each.provider_id, each.filename) for each in message.attachments.all()]
    assert files == ([] if file is None else [(FILE["file_id"], file)])


def test_an_edit_keeps_what_was_said_and_may_overtake_its_message(
    telegram: PretendTelegram, integration: Integration
) -> None:
    sent = telegram.write("Order 1001")
    telegram.emulator.edit(sent.id, "Order 1002")
    work()

    message = Message.objects.get()
    assert message.content == "Order 1002"
    assert [each.content for each in message.versions.all()] == ["Order 1001"]

    late = update(11002, message_id=2000, text="first")
    edited = {**late["message"], "text": "second", "edit_date": 1763600009}
    telegram.push({"update_id": 11003, "edited_message": edited})
    telegram.push(late)
    assert told() == [("text", "Order 1002"), ("text", "second")]


@pytest.mark.parametrize("has_overtaken", [True, False])
def test_an_edit_does_not_keep_the_token_of_an_invitation(
    telegram: PretendTelegram, integration: Integration, has_overtaken: bool
) -> None:
    first = update(11002, text="Hello")
    edited = {**first["message"], "text": "/start secret-token", "edit_date": 1763600009}
    if not has_overtaken:
        telegram.push(first)

    telegram.push({"update_id": 11003, "edited_message": edited})

    assert told() == [("text", "/start")]


def test_the_press_of_a_button_is_answered_and_kept(
    telegram: PretendTelegram, integration: Integration
) -> None:
    telegram.write("Cancel it")
    keyboard = {"inline_keyboard": [[{"text": "Yes, cancel", "callback_data": "cancel:1001"}]]}
    emulator = telegram.emulator
    asked = emulator.keep(
        type(emulator.messages[0])(
            id=5000,
            bot_id=telegram.bot.id,
            chat_id=1111,
            at=emulator.now(),
            text="Really?",
            reply_markup=keyboard,
        )
    )

    query_id = emulator.press(asked.id, "cancel:1001")
    work()

    assert emulator.answered == [query_id]
    message = Message.objects.get(content_type="button")
    assert (message.content, message.details) == ("Yes, cancel", {"data": "cancel:1001"})
    assert telegram.calls("/answerCallbackQuery")[0].json() == {"callback_query_id": query_id}
    # A press that is too old for an answer is kept all the same, and so is one without a message.
    old = {"id": "1", "from": {"id": 1111, "first_name": "Ada"}, "data": "track:1"}
    assert telegram.push({"update_id": 12000, "callback_query": old}) == 200
    assert told()[-1] == ("button", "track:1")


def test_who_blocks_the_bot_cannot_be_reached_until_they_come_back(
    telegram: PretendTelegram, integration: Integration
) -> None:
    telegram.write()
    address = ContactAddress.objects.get()

    telegram.emulator.block()
    work()
    address.refresh_from_db()
    assert address.unreachable_since is not None

    telegram.emulator.block(is_blocked=False)
    work()
    address.refresh_from_db()
    assert address.unreachable_since is None


def test_a_block_that_is_told_late_or_again_does_not_undo_the_return(
    telegram: PretendTelegram, integration: Integration, owner: User
) -> None:
    telegram.push(update(1, date=1763600000))

    def member(update_id: int, status: str, date: int) -> dict[str, Any]:
        told = update(update_id, date=date)["message"]
        about = {name: told[name] for name in ("chat", "from", "date")}
        new = {"status": status, "user": {"id": 55, "is_bot": True, "first_name": "Aurora"}}
        return {"update_id": update_id, "my_chat_member": {**about, "new_chat_member": new}}

    telegram.push(member(3, "member", 1763600020))
    telegram.push(member(2, "kicked", 1763600010))
    assert ContactAddress.objects.get().unreachable_since is None
    telegram.push(member(4, "kicked", 1763600030))
    telegram.push(member(5, "member", 1763600040))
    kicked = InboundDelivery.objects.order_by("pk")[3]
    replay_delivery(integration=integration, delivery_id=kicked.uuid, by=owner)
    work()

    kicked.refresh_from_db()
    assert (kicked.state, ContactAddress.objects.get().unreachable_since) == ("done", None)


def test_an_invitation_ties_one_person_to_the_contact(
    telegram: PretendTelegram, integration: Integration, owner: User
) -> None:
    contact = Contact.objects.create(project=owner.personal_project, name="Ada of order 1001")
    token = _token_of(integration, contact)
    telegram.emulator.make_user(2222, "Eve")

    telegram.write(f"/start {token}")
    telegram.write(f"/start {token}", user_id=2222)
    telegram.write("/start forged-token", user_id=2222)

    ada, eve = ContactAddress.objects.order_by("provider_id")
    assert (ada.provider_id, ada.contact) == ("1111", contact)
    assert eve.contact != contact
    # The link is not repeated where the team reads.
    assert told() == [("text", "/start")] * 3
    assert telegram.answers == [200, 200, 200]
    assert [each["text"] for each in telegram.sends()] == [USED_LINK, USED_LINK]
    assert {each["chat_id"] for each in telegram.sends()} == {2222}


def _token_of(integration: Integration, contact: Contact) -> str:
    link = invite(line=line_of(integration), contact=contact)
    assert link.startswith("https://t.me/aurora_workshop_bot?start=")
    return link.partition("=")[2]


# --- What must not do harm --------------------------------------------------------------------


def test_an_update_that_comes_twenty_times_is_one_message(
    telegram: PretendTelegram, integration: Integration
) -> None:
    for _ in range(20):
        assert telegram.push(update()) == 200

    assert (Message.objects.count(), InboundDelivery.objects.count()) == (1, 1)


def test_two_bots_with_the_same_update_get_one_message_each(
    telegram: PretendTelegram, integration: Integration
) -> None:
    bot = telegram.emulator.make_bot("55:AAother-bots-token-with-35-characters", "other", "Other")
    make_integration(
        telegram,
        make_user(),
        bot=bot,
        secrets=sealed({"bot_token": bot.token, "secret_token": SECRET}),
    )

    for _ in range(2):
        assert telegram.push(update()) == 200
        assert telegram.push(update(), bot=bot) == 200

    assert Message.objects.count() == 2
    assert Message.objects.values("line").distinct().count() == 2


def test_a_late_update_keeps_its_place(telegram: PretendTelegram, integration: Integration) -> None:
    telegram.push(update(10002, message_id=1367, text="and blue", date=1763600002))
    telegram.push(update(10001, message_id=1366, text="It is red", date=1763600001))

    rows = Message.objects.order_by("written_at")
    assert [each.content for each in rows] == ["It is red", "and blue"]


@pytest.mark.parametrize("secret", ["", "wrong", "caf\xe9"])
def test_nothing_is_kept_of_a_call_without_our_secret(
    telegram: PretendTelegram, integration: Integration, secret: str
) -> None:
    assert telegram.push(update(), secret=secret) == 401
    assert not InboundDelivery.objects.exists()


GROUP = {"id": -100123, "type": "supergroup", "title": "Friends"}


@pytest.mark.parametrize(
    "odd",
    [
        {"update_id": 9, "brand_new_type": {}},
        {"update_id": 9, "brand_new_type": {"x": 1}},
        {"update_id": 9},
        {"update_id": 9, "message": None},
        {"update_id": 9, "message": []},
        {"update_id": 9, "message": {"text": "?"}},
        {"update_id": 9, "channel_post": {"message_id": 1, "chat": GROUP, "text": "News"}},
        {**update(9, chat=GROUP)},
        {**update(9, **{"from": None})},
        {**update(9, **{"from": {"id": 5, "is_bot": True, "first_name": "Bot"}})},
        {**update(9, message_id="1365")},
        {"update_id": 9, "callback_query": {"id": "1", "from": {}}},
        {
            "update_id": 9,
            "callback_query": {
                "id": "1",
                "from": {"id": 1111, "first_name": "Ada"},
                "message": {"message_id": 4, "chat": GROUP, "date": 0},
                "data": "x",
            },
        },
        {"update_id": 9, "my_chat_member": {"chat": GROUP, "from": {"id": 1}}},
    ],
    ids=lambda odd: str(odd)[15:70],
)
def test_an_odd_update_is_ignored_and_holds_nothing_back(
    telegram: PretendTelegram, integration: Integration, odd: dict[str, Any]
) -> None:
    assert telegram.push(odd) == 200
    assert states() == ["ignored"]
    assert not Message.objects.exists()
    assert not Contact.objects.exists()

    telegram.write("Hello?")

    assert told() == [("text", "Hello?")]


@pytest.mark.parametrize(
    "message",
    [
        {"text": None, "photo": [None]},
        {"text": None, "photo": [{}]},
        {"text": 5, "sticker": "x"},
        {"text": None, "location": {"latitude": None}},
        {"date": 0},
        {"date": "yesterday"},
        {"date": 10**30},
        {"text": "\ud83d half \x00"},
        {"reply_to_message": {"message_id": None}},
    ],
    ids=str,
)
def test_a_message_of_odd_shape_is_kept(
    telegram: PretendTelegram, integration: Integration, message: dict[str, Any]
) -> None:
    assert telegram.push(update(**message)) == 200

    assert states() == ["done"]
    assert Message.objects.count() == 1
