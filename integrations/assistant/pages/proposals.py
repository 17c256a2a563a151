"""What the assistant proposes: buttons that lead to where somebody is asked. Nothing is done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.access import Operation
from accounts.models import Project, User
from integrations.assistant.pages.talk import MAX_PROPOSALS
from notifications.access import SEND_MESSAGES
from notifications.queries import conversations_of
from orderchainer.core.ids import uuid_in
from orders.access import HANDLE_ORDERS
from orders.errors import OrderNotFound
from orders.pages.shown import ShownOrder, shown_order
from orders.queries import numbered_row_in_project

Proposal = Mapping[str, Any]


@dataclass(frozen=True)
class ShownProposal:
    """A proposal: the words of its button, or `why_not` if it can no longer be done.

    A move has `order` and `status`, and goes to `url` to ask. A message has `text`, and goes to
    `url` to become a draft.
    """

    words: str
    why_not: str = ""
    url: str = ""
    order: ShownOrder | None = None
    status: str = ""
    text: str = ""


def shown_proposals(
    project: Project,
    proposals: Sequence[Proposal],
    *,
    viewer: User,
    may: Callable[[Operation], bool],
) -> list[ShownProposal]:
    """Return the proposals that `viewer` may carry out, with what they find of the orders now.

    Takes a statement for each, so it leaves out the last ones of many.
    """
    return list(_shown(project, proposals[:MAX_PROPOSALS], viewer, may))


def _shown(
    project: Project,
    proposals: Sequence[Proposal],
    viewer: User,
    may: Callable[[Operation], bool],
) -> Iterator[ShownProposal]:
    seen: list[Proposal] = []
    for proposal in proposals:
        if proposal in seen:
            continue
        seen.append(proposal)
        if proposal["action"] == "move_order" and may(HANDLE_ORDERS):
            yield _move(project, proposal["parameters"], viewer)
        elif proposal["action"] == "send_message" and may(SEND_MESSAGES):
            yield _message(project, proposal["parameters"])


def _move(project: Project, wanted: Mapping[str, Any], viewer: User) -> ShownProposal:
    number, status = wanted["number"], wanted["status"]
    try:
        row = numbered_row_in_project(project, number, viewer=viewer)
    except OrderNotFound:
        return ShownProposal(f"Move #{number} to {status}", "The order no longer exists.")
    order = shown_order(project, row)
    return ShownProposal(
        words=f"Move {order} to {status}",
        why_not=_why_not(order, status),
        url=f"{order.url}/moves",
        order=order,
        status=status,
    )


def _why_not(order: ShownOrder, status: str) -> str:
    """Say why an order cannot be moved to a status; empty if it can."""
    if order.status == status:
        return f"It is {status} already."
    move = next((each for each in order.moves if each.status == status), None)
    if move is None:
        return f"It is {order.status} now, and cannot be moved to {status}."
    return f"This is not possible now: {move.closed}." if move.closed else ""


def _message(project: Project, wanted: Mapping[str, Any]) -> ShownProposal:
    text, channel = wanted["content"], wanted["provider"]
    contact = uuid_in(str(wanted["recipient"].get("contact_id", "")))
    conversation = _conversation_with(project, contact, channel) if contact else None
    if conversation is None:
        return ShownProposal(
            "Write to the customer",
            "There is no conversation with this customer yet in which to send it.",
            text=text,
        )
    named = {"project_id": project.uuid, "conversation_id": conversation}
    return ShownProposal(
        "Put it into the reply", url=f"{reverse('conversation', kwargs=named)}/draft", text=text
    )


def _conversation_with(project: Project, contact: UUID, channel: str) -> UUID | None:
    """Return the conversation with a contact on a channel in which something happened last."""
    talks = conversations_of(project).filter(contact__uuid=contact, channel=channel)
    return talks.order_by("-last_activity_at", "-pk").values_list("uuid", flat=True).first()
