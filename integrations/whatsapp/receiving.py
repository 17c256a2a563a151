"""Works on what Meta posted: each message and each status by itself.

A call can carry items of several numbers. Each integration that it names gets the whole call as a
delivery of its own, and takes the items of its own number only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from integrations.lines import line_of
from integrations.models import InboundDelivery
from integrations.payloads import payload_of
from integrations.whatsapp.payloads import changes_in, list_in, number_of, object_in, text_in
from integrations.whatsapp.reading import (
    Unreadable,
    change_of,
    id_of,
    incoming_of,
    moment_of,
    person_of,
    report_of,
)
from notifications.channels import Line
from notifications.services import (
    change_person,
    receive_message,
    receive_reaction,
    receive_report,
)
from orderchainer.core.outbox import Drop, GiveUp, TryAgain

logger = structlog.get_logger(__name__)

MESSAGES = "messages"


def handle(delivery: InboundDelivery) -> None:
    """Store what a delivery brings for its number. Raises `Drop`, `GiveUp` and `TryAgain`.

    If one item fails, the others are still stored. All items are then tried again, which changes
    nothing for those that are stored.
    """
    line, arrived_at = line_of(delivery.integration), delivery.created_at
    values = _values_for(payload_of(delivery), delivery.integration.account)
    unreadable: list[str] = []
    failed: list[str] = []
    count = 0
    for count, work in enumerate(_works_in(values, line, arrived_at), start=1):
        try:
            work()
        except Unreadable as exc:
            unreadable.append(str(exc))
        except Exception as exc:
            # A defect, or the database. We go on with the others.
            logger.exception("whatsapp_item_failed", delivery=delivery.pk, item=count)
            failed.append(type(exc).__name__)
    if failed:
        raise TryAgain(f"{len(failed)} of {count} items could not be stored: {failed[0]}.")
    if unreadable:
        raise GiveUp(f"{len(unreadable)} of {count} items cannot be read: {unreadable[0]}.")
    if not count:
        raise Drop("It brings no message and no status for this number.")


def _values_for(payload: Any, number_id: str) -> Iterator[Any]:
    for field, value in changes_in(payload):
        if field == MESSAGES and number_of(value) == number_id:
            yield value


def _works_in(
    values: Iterator[Any], line: Line, arrived_at: datetime
) -> Iterator[Callable[[], None]]:
    for value in values:
        contacts = list_in(value, "contacts")
        for message in list_in(value, "messages"):
            yield partial(_take_message, line, message, contacts, arrived_at)
        for status in list_in(value, "statuses"):
            yield partial(_take_status, line, status, arrived_at)


def _take_message(line: Line, message: Any, contacts: Sequence[Any], arrived_at: datetime) -> None:
    if not isinstance(message, dict):
        raise Unreadable("an item is no object")
    match text_in(message, "type"):
        case "system":
            _take_change(line, message, arrived_at)
        case "reaction" if not list_in(message, "errors"):
            _take_reaction(line, message, contacts, arrived_at)
        case _:
            receive_message(line=line, incoming=incoming_of(message, contacts, arrived_at))


def _take_change(line: Line, message: Mapping[str, Any], arrived_at: datetime) -> None:
    """Give a person their new number or key. Other system messages tell nothing that we keep."""
    if change := change_of(message):
        old, new = change
        changed_at = moment_of(message, arrived_at)
        change_person(line=line, old=old, new=new, changed_at=changed_at)


def _take_reaction(
    line: Line, message: Mapping[str, Any], contacts: Sequence[Any], arrived_at: datetime
) -> None:
    told = object_in(message, "reaction")
    about = text_in(told, "message_id")
    if not about:
        raise Unreadable("a reaction does not say to which message")
    receive_reaction(
        line=line,
        provider_id=about,
        person=person_of(message, contacts),
        # Without an emoji, it was removed.
        emoji=text_in(told, "emoji"),
        set_at=moment_of(message, arrived_at),
    )


def _take_status(line: Line, status: Any, arrived_at: datetime) -> None:
    if not isinstance(status, dict):
        raise Unreadable("an item is no object")
    id_of(status)
    if report := report_of(status, arrived_at):
        receive_report(line=line, report=report)
