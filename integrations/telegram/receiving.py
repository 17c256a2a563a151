"""Pass what happened in a chat on to the conversations. Working on an update twice is harmless."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from integrations.failures import Failed
from integrations.lines import line_of
from integrations.models import InboundDelivery
from integrations.payloads import payload_of
from integrations.telegram import client
from integrations.telegram.reading import (
    command_in,
    id_of,
    is_private,
    message_in,
    moment,
    part,
    person_in,
    press_in,
)
from notifications.channels import Line, Person
from notifications.services import (
    accept_invitation,
    receive_edit,
    receive_message,
    set_reachable,
)
from orderchainer.core.encryption import Undecryptable
from orderchainer.core.outbox import Drop

logger = structlog.get_logger(__name__)

USED_LINK = "This link no longer works. Ask the shop for a new one, or just write here."


def handle(delivery: InboundDelivery) -> None:
    """Work on one update. Raises `Drop` if nothing follows from it."""
    payload = payload_of(delivery)
    for name, work in _KINDS.items():
        if told := part(payload, name):
            work(delivery, line_of(delivery.integration), told)
            return
    raise Drop("The update is of a kind that we do not read.")


def _message(delivery: InboundDelivery, line: Line, told: Mapping[str, Any]) -> None:
    person = _writer(told)
    command, token = command_in(told)
    is_refused = False
    if command == "start" and token:
        # Do this first, so that the message goes to the contact whom the invitation names.
        is_refused = not accept_invitation(line=line, token=token, person=person)
    incoming = message_in(told, person, delivery.created_at)
    is_new = receive_message(line=line, incoming=incoming) is not None
    if is_refused and is_new:
        body = {"chat_id": int(person.provider_id), "text": USED_LINK}
        _tell_kindly(delivery, lambda bot_token: client.send(bot_token, "sendMessage", body))


def _edit(delivery: InboundDelivery, line: Line, told: Mapping[str, Any]) -> None:
    person = _writer(told)
    # An edit can overtake its message. Then the message is stored as it is by now.
    incoming = message_in(told, person, delivery.created_at)
    receive_message(line=line, incoming=incoming)
    receive_edit(
        line=line,
        provider_id=incoming.provider_id,
        content=incoming.content,
        edited_at=moment(told, "edit_date", delivery.created_at),
    )


def _press(delivery: InboundDelivery, line: Line, told: Mapping[str, Any]) -> None:
    person = person_in(told)
    message = part(told, "message")
    callback_id = told.get("id")
    if person is None or not isinstance(callback_id, str) or not callback_id:
        raise Drop("Nobody pressed it.")
    _tell_kindly(delivery, lambda bot_token: client.answer_callback(bot_token, callback_id))
    if message and not is_private(message):
        raise Drop("It happened in a group.")
    receive_message(line=line, incoming=press_in(told, person, delivery.created_at))


def _membership(delivery: InboundDelivery, line: Line, told: Mapping[str, Any]) -> None:
    person = _writer(told)
    status = part(told, "new_chat_member").get("status")
    if status not in {"kicked", "member"}:
        raise Drop("It says nothing about whether we can write to the person.")
    at = moment(told, "date", delivery.created_at)
    set_reachable(line=line, person=person, is_reachable=status == "member", at=at)


def _writer(told: Mapping[str, Any]) -> Person:
    if not is_private(told):
        raise Drop("It happened in a group or a channel.")
    person = person_in(told)
    if person is None:
        raise Drop("No person wrote it.")
    if "message_id" in told and not id_of(told):
        raise Drop("The message has no id.")
    return person


def _tell_kindly(delivery: InboundDelivery, call: Callable[[str], object]) -> None:
    """Make a call that may fail, because nothing depends on it."""
    try:
        call(delivery.integration.configuration()["bot_token"])
    except (Failed, Undecryptable) as exc:
        logger.info("telegram_call_failed", delivery=delivery.pk, error=str(exc))


_KINDS: Mapping[str, Callable[[InboundDelivery, Line, Mapping[str, Any]], None]] = {
    "message": _message,
    "edited_message": _edit,
    "callback_query": _press,
    "my_chat_member": _membership,
}
