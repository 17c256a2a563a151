"""What the items of a notification say, in our terms. No database.

Everybody has a key of their own (the business-scoped user id). The phone number can be missing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from integrations.whatsapp.codes import sentence_on
from integrations.whatsapp.payloads import list_in, object_in, text_in
from notifications.channels import Incoming, IncomingFile, Person, Report
from notifications.models.messages import ContentType, MessageStatus
from orderchainer.core.moments import YEARS

STATUSES: Mapping[str, MessageStatus] = {
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.READ,
    # A voice message was listened to.
    "played": MessageStatus.READ,
    "failed": MessageStatus.FAILED,
}
_FILES: Mapping[str, ContentType] = {
    "image": ContentType.IMAGE,
    "video": ContentType.VIDEO,
    "audio": ContentType.AUDIO,
    "document": ContentType.DOCUMENT,
    "sticker": ContentType.STICKER,
}


class Unreadable(ValueError):
    """An item lacks something essential, such as an id. Trying again would not help."""


def person_of(message: Mapping[str, Any], contacts: Sequence[Any]) -> Person:
    """Return who wrote a message. Raises `Unreadable` if it says nothing about that."""
    key, number = text_in(message, "from_user_id"), text_in(message, "from")
    contact = _contact_of(key, number, contacts)
    profile = object_in(contact, "profile")
    person = Person(
        provider_id=key or text_in(contact, "user_id"),
        number=number or text_in(contact, "wa_id"),
        name=text_in(profile, "name"),
        username=text_in(profile, "username"),
    )
    if not person.provider_id and not person.number:
        raise Unreadable("a message does not say who wrote it")
    return person


def _contact_of(key: str, number: str, contacts: Sequence[Any]) -> Any:
    for contact in contacts:
        if key and text_in(contact, "user_id") == key:
            return contact
        if number and text_in(contact, "wa_id") == number:
            return contact
    # A single contact is the writer, unless its user id is another one.
    only = contacts[0] if len(contacts) == 1 else None
    return None if key and text_in(only, "user_id") else only


def moment_of(item: Mapping[str, Any], arrived_at: datetime) -> datetime:
    """Return when something happened; when it arrived here if the item does not say."""
    try:
        moment = datetime.fromtimestamp(int(item["timestamp"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return arrived_at
    return moment if moment.year in YEARS else arrived_at


def incoming_of(
    message: Mapping[str, Any], contacts: Sequence[Any], arrived_at: datetime
) -> Incoming:
    """Return a message as it is stored. A kind that we do not know is unsupported."""
    content_type, content, details, files = _read(message) or _unsupported(message)
    context = object_in(message, "context")
    if context.get("forwarded") or context.get("frequently_forwarded"):
        details = {**details, "forwarded": True}
    return Incoming(
        provider_id=id_of(message),
        person=person_of(message, contacts),
        written_at=moment_of(message, arrived_at),
        content_type=content_type,
        content=content,
        details=details,
        reply_to=text_in(context, "id"),
        files=files,
    )


def id_of(item: Mapping[str, Any]) -> str:
    """Return the id of a message or a status. Raises `Unreadable` if it has none."""
    id_ = text_in(item, "id")
    if not id_:
        raise Unreadable("an item has no id")
    return id_


# --- The kinds of messages --------------------------------------------------------------------

# The kind, the text as people read it, details, and files.
_Read = tuple[ContentType, str, Mapping[str, object], Sequence[IncomingFile]]


def _read(message: Mapping[str, Any]) -> _Read | None:
    """Return what a message contains; None if that is nothing that we know."""
    kind = text_in(message, "type")
    if list_in(message, "errors"):
        return None
    if kind == "contacts":
        return _contacts(list_in(message, "contacts"))
    read = _KINDS.get(kind)
    return read(object_in(message, kind)) if read else None


def _text(told: Mapping[str, Any]) -> _Read | None:
    body = text_in(told, "body")
    return (ContentType.TEXT, body, {}, ()) if body else None


def _file(content_type: ContentType) -> Callable[[Mapping[str, Any]], _Read | None]:
    def read(told: Mapping[str, Any]) -> _Read | None:
        id_ = text_in(told, "id")
        if not id_:
            return None
        file = IncomingFile(id_, text_in(told, "mime_type"), text_in(told, "filename"))
        details = {"voice": True} if told.get("voice") is True else {}
        return content_type, text_in(told, "caption"), details, (file,)

    return read


def _interactive(told: Mapping[str, Any]) -> _Read | None:
    """Read the answer to buttons or a list."""
    reply = object_in(told, "button_reply") or object_in(told, "list_reply")
    title = text_in(reply, "title")
    if not title:
        return None
    details = {"id": text_in(reply, "id")}
    if description := text_in(reply, "description"):
        details["description"] = description
    return ContentType.BUTTON, title, details, ()


def _button(told: Mapping[str, Any]) -> _Read | None:
    """Read the answer to a button of a template."""
    title = text_in(told, "text")
    return (ContentType.BUTTON, title, {"id": text_in(told, "payload")}, ()) if title else None


def _location(told: Mapping[str, Any]) -> _Read | None:
    latitude, longitude = told.get("latitude"), told.get("longitude")
    if not (_is_number(latitude) and _is_number(longitude)):
        return None
    name, address = text_in(told, "name"), text_in(told, "address")
    details = {"latitude": latitude, "longitude": longitude, "name": name, "address": address}
    return ContentType.LOCATION, name or address, details, ()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unsupported(message: Mapping[str, Any]) -> _Read:
    errors = [each for each in list_in(message, "errors") if isinstance(each, dict)]
    codes = [each["code"] for each in errors if isinstance(each.get("code"), int)]
    kind = text_in(message, "type")
    details: dict[str, object] = {"type": kind[:64]}
    if codes:
        details["codes"] = codes
    return ContentType.UNSUPPORTED, "", details, ()


def _contacts(cards: Sequence[Any]) -> _Read | None:
    """Read the cards of people that somebody passed on."""
    shown = [
        {
            "name": text_in(object_in(card, "name"), "formatted_name"),
            "phones": [text_in(each, "phone") for each in list_in(card, "phones")],
        }
        for card in cards
        if isinstance(card, dict)
    ]
    names = ", ".join(str(card["name"]) for card in shown if card["name"])
    return (ContentType.CONTACTS, names, {"contacts": shown}, ()) if shown else None


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], _Read | None]] = {
    "text": _text,
    "interactive": _interactive,
    "button": _button,
    "location": _location,
    **{kind: _file(content_type) for kind, content_type in _FILES.items()},
}


# --- Changes of a person ----------------------------------------------------------------------


def change_of(message: Mapping[str, Any]) -> tuple[Person, Person] | None:
    """Return a person before and after, if a system message tells of a new number or key."""
    told = object_in(message, "system")
    if text_in(told, "type") not in {"user_changed_number", "user_changed_user_id"}:
        return None
    old_key = text_in(told, "previous_user_id") or text_in(message, "previous_user_id")
    new_key = text_in(told, "user_id")
    written_key = text_in(message, "from_user_id")
    if not new_key and old_key and written_key != old_key:
        new_key = written_key
    if not old_key and written_key != new_key:
        old_key = written_key
    old = Person(provider_id=old_key, number=text_in(message, "from") or text_in(told, "customer"))
    new = Person(provider_id=new_key, number=text_in(told, "wa_id") or text_in(told, "new_wa_id"))
    return old, new


# --- Statuses ---------------------------------------------------------------------------------


def report_of(status: Mapping[str, Any], arrived_at: datetime) -> Report | None:
    """Return what a status reports about a message of ours; None for a status we do not know."""
    reached = STATUSES.get(text_in(status, "status"))
    if reached is None:
        return None
    code, error = "", ""
    if reached == MessageStatus.FAILED:
        code, error = _reason(list_in(status, "errors"))
    return Report(
        status=reached,
        reported_at=moment_of(status, arrived_at),
        provider_id=id_of(status),
        message_uuid=_uuid_in(status),
        error_code=code,
        error=error,
    )


def _reason(errors: Sequence[Any]) -> tuple[str, str]:
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    code = first.get("code") if isinstance(first.get("code"), int) else None
    details = text_in(object_in(first, "error_data"), "details")
    words = details or text_in(first, "message") or text_in(first, "title") or "no reason"
    return "" if code is None else str(code), sentence_on(code, words)


def _uuid_in(status: Mapping[str, Any]) -> UUID | None:
    """Return our own UUID of the message, which WhatsApp echoes."""
    try:
        return UUID(text_in(status, "biz_opaque_callback_data"))
    except ValueError:
        return None
