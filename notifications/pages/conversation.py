"""One conversation: what was said, and beside it the customer and their orders."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from accounts.models import Project
from notifications.access import SEND_MESSAGES, VIEW_MESSAGES
from notifications.models import Contact, ContactAddress
from notifications.pages.base import SNOOZES, OfInbox, ids_in
from notifications.pages.changes import log_of, shown_changes
from notifications.pages.composing import composer_of
from notifications.pages.inbox import (
    PAGE_SIZE,
    Narrowing,
    conversations_selected,
    rows_address,
    shown_rows,
)
from notifications.pages.shown import (
    assignee_in,
    channel_label,
    conversation_address,
    shown_conversation,
    shown_message,
)
from notifications.queries.for_pages import (
    first_conversations,
    latest_messages,
    messages_among,
    orders_beside,
    people_who_answer,
    shown_conversation_for,
)
from notifications.services.linking import orders_of
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import uuid_in
from orderchainer.core.web.fragments import wants_fragment
from orders.queries import Carer

# How many messages a page shows at once, and how many orders stand beside them.
LOG_SIZE = 50
MAX_ORDERS = 8


class ConversationPage(OfInbox):
    """The page of one conversation."""

    template_name = "notifications/conversation.html"
    parts: ClassVar[Collection[str]] = ("conversation",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the conversation."""
        return self.show(self.content(self.row(), choice=self.request.GET.get("template", "")))

    def row(self) -> Row:
        """Return the conversation. Raises `ConversationNotFound`."""
        return shown_conversation_for(
            self.its_project, self.kwargs["conversation_id"], viewer=self.person
        )

    def content(self, row: Row, **answering: Any) -> dict[str, Any]:
        """Return what the page shows. Four statements besides the one that has read `row`.

        `answering` is what `composer_of` takes: the chosen template, and what was refused.
        """
        project = self.its_project
        before = uuid_in(self.request.GET.get("before", ""))
        messages, has_older = latest_messages(row["pk"], limit=LOG_SIZE, before=before)
        people = _people_for(project, row)
        return {
            "log": log_of(
                [shown_message(project, each) for each in messages],
                shown_changes(row, people),
                has_older=has_older,
                is_past=before is not None,
            ),
            "older": messages[0]["uuid"] if has_older and messages else None,
            "is_past": before is not None,
            # What apps above have put there stays.
            "is_part": wants_fragment(self.request),
            **self.beside_the_log(row, people, **answering),
            **self.list_of(row),
        }

    def beside_the_log(self, row: Row, people: Sequence[Carer], **answering: Any) -> dict[str, Any]:
        """Return what stands around the log."""
        project = self.its_project
        may_send = self.may(SEND_MESSAGES)
        conversation = shown_conversation(project, row)
        orders, has_more = orders_beside(
            row["pk"], orders_of(_customer_of(project, row)), limit=MAX_ORDERS
        )
        return {
            "conversation": conversation,
            "conversation_url": conversation_address(project, row["uuid"]),
            "list_query": self.list_query(),
            "may_send": may_send,
            "composer": composer_of(project, row, orders, **answering) if may_send else None,
            "people": people if may_send else [],
            "assignee": row["assignee_uuid"],
            "may_take_it": row["assignee_uuid"] != self.person.uuid,
            "snoozes": SNOOZES.items(),
            "contact": _facts_of(row),
            "is_blocked": row["contact_is_blocked"],
            "orders": orders,
            "has_more_orders": has_more,
        }

    def list_of(self, row: Row) -> dict[str, Any]:
        """Return the list beside the conversation. One statement."""
        filters, found = conversations_selected(self.its_project, self.request)
        rows = first_conversations(found, limit=PAGE_SIZE)
        return {
            "conversations": shown_rows(self.its_project, rows, filters),
            "narrowing": Narrowing(filters, self.address("inbox")),
            "rows_url": rows_address(self, filters, current=row["uuid"]),
            "current": str(row["uuid"]),
        }


class ConversationPartsPage(ConversationPage):
    """Some messages of a conversation, and what stands around the log, as they are now."""

    template_name = "notifications/conversation_parts.html"
    parts = ()
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}
    is_live = False

    def content(self, row: Row, **answering: Any) -> dict[str, Any]:
        """Return the messages that `ids` names, or those older than `before`."""
        project = self.its_project
        before = uuid_in(self.request.GET.get("before", ""))
        if before is not None:
            messages, has_older = latest_messages(row["pk"], limit=LOG_SIZE, before=before)
        else:
            messages, has_older = messages_among(row["pk"], ids_in(self.request.GET)), False
        people = _people_for(project, row)
        return {
            "log": log_of(
                [shown_message(project, each) for each in messages],
                shown_changes(row, people),
                has_older=has_older,
            ),
            "older": messages[0]["uuid"] if has_older and messages else None,
            "is_past": before is not None,
            **self.beside_the_log(row, people, **answering),
        }


def _customer_of(project: Project, row: Row) -> ContactAddress:
    """Return the address of the conversation, of which only the contact and the number are read."""
    contact = Contact(pk=row["contact_pk"], project=project)
    return ContactAddress(contact=contact, number=row["contact_number"], phone=row["contact_phone"])


def _people_for(project: Project, row: Row) -> list[Carer]:
    """Return whom one can choose as the assignee. Whoever it is now stays a choice.

    They may have left the project since. Without them, the page would say that it is nobody's.
    """
    people = people_who_answer(project)
    assignee = row["assignee_uuid"]
    if assignee is not None and all(each.uuid != assignee for each in people):
        people.append(Carer(assignee, assignee_in(row)))
    return people


def _facts_of(row: Row) -> list[tuple[str, str]]:
    """Return what is known of the contact."""
    told = [("Name", row["contact_name"])]
    for place in row["places"]:
        number = place["phone"] or (f"+{place['number']}" if place["number"] else "")
        username = f"@{place['username']}" if place["username"] else ""
        reached = ", ".join(filter(None, [number, username]))
        told.append((channel_label(place["channel"]), reached or "has written from there"))
    told += [
        ("Language", row["contact_language"]),
        ("Notes", row["contact_notes"]),
        ("Blocked", "Yes, they are in no inbox" if row["contact_is_blocked"] else ""),
        ("Out of reach", "They have blocked us" if row["unreachable_since"] else ""),
        ("Stopped", "They want no automatic messages" if row["contact_stopped_at"] else ""),
    ]
    return [(name, value) for name, value in told if value]
