"""Read the messages in Telegram's updates. Pure; anything may be missing or have another shape.

https://core.telegram.org/bots/api#message
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notifications.channels import Incoming, IncomingFile, Person
from notifications.models.messages import ContentType

# Kinds of files, by the field that has one.
_FILES = {
    "document": ContentType.DOCUMENT,
    "voice": ContentType.AUDIO,
    "audio": ContentType.AUDIO,
    "video": ContentType.VIDEO,
    "video_note": ContentType.VIDEO,
    "sticker": ContentType.STICKER,
}
# Kinds that we only name. A message has only one of them, among fields that say how it came.
_NAMED = frozenset(
    {
        *("animation", "checklist", "dice", "game", "giveaway", "giveaway_winners", "invoice"),
        *("live_photo", "paid_media", "passport_data", "poll", "story", "successful_payment"),
        *("refunded_payment", "users_shared", "chat_shared", "gift", "unique_gift"),
        *("write_access_allowed", "proximity_alert_triggered", "web_app_data"),
    }
)
# Fields of a message that do not say what kind of message it is. Those that begin with `forward_`
# or `is_` do not either.
_COMMON = frozenset(
    {
        *("message_id", "message_thread_id", "date", "from", "sender_chat", "sender_tag", "chat"),
        *("sender_boost_count", "sender_business_bot", "business_connection_id", "edit_date"),
        *("direct_messages_topic", "reply_to_message", "reply_to_story", "external_reply"),
        *("reply_to_checklist_task_id", "quote", "via_bot", "has_protected_content"),
        *("media_group_id", "author_signature", "paid_star_count", "entities", "effect_id"),
        *("link_preview_options", "suggested_post_info", "caption", "caption_entities"),
        *("show_caption_above_media", "has_media_spoiler", "reply_markup"),
    }
)


@dataclass(frozen=True)
class Content:
    """What a message says."""

    content_type: ContentType
    text: str
    details: Mapping[str, object]
    files: Sequence[IncomingFile] = ()


def part(holder: Any, name: str) -> Mapping[str, Any]:
    """Return an object inside another; an empty one if it is missing or something else."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def person_in(holder: Mapping[str, Any]) -> Person | None:
    """Return the person who wrote; None if no person did."""
    told = part(holder, "from")
    id_ = _id(told, "id")
    if not id_ or told.get("is_bot") is True:
        return None
    name = " ".join(filter(None, (_text(told, "first_name"), _text(told, "last_name"))))
    return Person(
        provider_id=id_,
        name=name,
        username=_text(told, "username"),
        language=_text(told, "language_code"),
    )


def is_private(holder: Mapping[str, Any]) -> bool:
    """Tell whether it happened in a chat of one person with the bot."""
    return part(holder, "chat").get("type") == "private"


def id_of(message: Mapping[str, Any]) -> str:
    """Return our id of a message, unique for a bot. Empty if the message names none."""
    chat, message_id = _id(part(message, "chat"), "id"), _id(message, "message_id")
    return f"{chat}:{message_id}" if chat and message_id else ""


def moment(holder: Mapping[str, Any], name: str, default: datetime) -> datetime:
    """Return a moment, or the default if it is missing or no moment."""
    value = holder.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**32:
        return default
    return datetime.fromtimestamp(value, UTC)


def command_in(message: Mapping[str, Any]) -> tuple[str, str]:
    """Return a command without its slash, and what follows; both empty without a command."""
    text = _text(message, "text")
    if not text.startswith("/"):
        return "", ""
    name, _, rest = text[1:].partition(" ")
    # In some places the name of the bot follows: /start@aurora_bot.
    return name.partition("@")[0].lower(), rest.strip()


def message_in(message: Mapping[str, Any], person: Person, arrived_at: datetime) -> Incoming:
    """Return a message of a person. The token of an invitation is left out."""
    content = content_of(message)
    command, rest = command_in(message)
    text, details = content.text, dict(content.details)
    if command:
        details["command"] = command
    if command == "start" and rest:
        text = "/start"
    return Incoming(
        provider_id=id_of(message),
        person=person,
        written_at=moment(message, "date", arrived_at),
        content_type=content.content_type,
        content=text,
        details=details,
        reply_to=id_of(part(message, "reply_to_message")),
        files=content.files,
    )


def content_of(message: Mapping[str, Any]) -> Content:
    """Return what a message says. A kind that we do not know is `unsupported`."""
    if text := _text(message, "text"):
        return Content(ContentType.TEXT, text, {})
    caption = _text(message, "caption")
    photos = message.get("photo")
    if isinstance(photos, list) and photos:
        # The same picture in several sizes, the largest last.
        file = _file(photos[-1] if isinstance(photos[-1], dict) else {}, "image/jpeg")
        return Content(ContentType.IMAGE, caption, {}, file)
    for name, kind in _FILES.items():
        if told := part(message, name):
            words = caption or (_text(told, "emoji") if name == "sticker" else "")
            return Content(kind, words, {}, _file(told))
    if venue := part(message, "venue"):
        return _place(part(venue, "location"), _text(venue, "title"), _text(venue, "address"))
    if told := part(message, "location"):
        return _place(told)
    if told := part(message, "contact"):
        name = " ".join(filter(None, (_text(told, "first_name"), _text(told, "last_name"))))
        number = _text(told, "phone_number")
        contacts = [{"name": name, "phones": [number] if number else []}]
        return Content(ContentType.CONTACTS, name, {"contacts": contacts})
    return Content(ContentType.UNSUPPORTED, caption, {"type": _kind_named_in(message)[:64]})


def _kind_named_in(message: Mapping[str, Any]) -> str:
    """Return the field that says what kind of message it is. Empty if there is none."""
    if named := next((name for name in message if name in _NAMED), ""):
        return named
    others = (name for name in message if name not in _COMMON)
    return next((name for name in others if not name.startswith(("forward_", "is_"))), "")


def press_in(query: Mapping[str, Any], person: Person, arrived_at: datetime) -> Incoming:
    """Return the press of a button as a message with the button's title."""
    message = part(query, "message")
    data = _text(query, "data")
    return Incoming(
        provider_id=f"press:{_text(query, 'id')}",
        person=person,
        # Telegram does not say when it was pressed.
        written_at=arrived_at,
        content_type=ContentType.BUTTON,
        content=_title_of(message, data) or data,
        details={"data": data},
        reply_to=id_of(message),
    )


def _title_of(message: Mapping[str, Any], data: str) -> str:
    rows = part(message, "reply_markup").get("inline_keyboard")
    for row in rows if isinstance(rows, list) else []:
        for button in row if isinstance(row, list) else []:
            if isinstance(button, dict) and data and button.get("callback_data") == data:
                return _text(button, "text")
    return ""


def _place(told: Mapping[str, Any], name: str = "", address: str = "") -> Content:
    details = {
        "latitude": told.get("latitude"),
        "longitude": told.get("longitude"),
        "name": name,
        "address": address,
    }
    return Content(ContentType.LOCATION, name or address, details)


def _file(told: Mapping[str, Any], media_type: str = "") -> Sequence[IncomingFile]:
    file_id = _text(told, "file_id")
    if not file_id:
        return ()
    named_type = _text(told, "mime_type") or media_type
    return (IncomingFile(file_id, named_type, _text(told, "file_name")),)


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _id(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
