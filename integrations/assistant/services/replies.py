"""Draft an answer to a customer. A person reads and sends it, or does not."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from accounts.models import Project, User
from accounts.queries import require_operation
from integrations.assistant.access import SUGGEST_REPLIES
from integrations.assistant.contracts import Asker, History
from integrations.assistant.facts import (
    conversation_about,
    facts_of_order,
    facts_of_project,
)
from integrations.assistant.instructions import FOR_REPLIES, REPLY_SCHEMA, data
from integrations.assistant.model_session import Stop, model_session, never
from integrations.assistant.models import AssistantCall
from integrations.assistant.reading import object_in, text_in
from notifications.services import keep_suggestion
from orders.queries import order_id_in_project

# As long as a message of ours may be.
MAX_REPLY_LENGTH = 20_000
MAX_LANGUAGE_LENGTH = 35
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class Draft:
    """A suggested reply, and what it took. `language` is a BCP 47 tag, or empty if unknown.

    `suggestion_id` goes along when the text is sent, so that the message is marked as written with
    the assistant. `cost` is in USD, or None if it is unknown.
    """

    reply: str
    suggestion_id: UUID
    language: str
    tokens_used: int
    cost: Decimal | None
    model: str


def draft_reply(
    *,
    project: Project,
    by: User,
    customer_message: str,
    order_id: UUID | None = None,
    conversation_id: int | None = None,
    scopes: Collection[str] | None = None,
    stop: Stop = never,
) -> Draft:
    """Draft the answer to what a customer wrote, in their language.

    It knows the order, its chain and the conversations about it, as far as `by` may see them. With
    `conversation_id`, the primary key of a conversation of the project, it knows that one instead.
    Raises `OrderNotFound`, and the refusals of `integrations.assistant.errors`.
    """
    asker = Asker(by, project, scopes)
    order_pk = None if order_id is None else order_id_in_project(project, order_id)
    known = data(
        {
            "project": facts_of_project(asker),
            "order": facts_of_order(asker, order_id),
            "conversation": conversation_about(asker, order_id, conversation_id),
            "customer_message": customer_message,
        }
    )
    with model_session(project=project, by=by, kind=AssistantCall.Kind.REPLY, stop=stop) as session:
        session.notes.question = customer_message
        turn = session.ask(History(FOR_REPLIES, known), schema=REPLY_SCHEMA)
        answer = object_in(turn.text)
        reply = text_in(answer, "reply", max_length=MAX_REPLY_LENGTH)
        session.notes.answer = reply
    # Somebody may have taken the right away while the model was writing.
    require_operation(by, project, SUGGEST_REPLIES)
    suggestion = keep_suggestion(project=project, by=by, order_id=order_pk)
    language = answer.get("language")
    tally = session.tally
    return Draft(
        reply=reply,
        suggestion_id=suggestion.uuid,
        language=language if isinstance(language, str) and _is_tag(language) else "",
        tokens_used=tally.total,
        cost=tally.cost,
        model=tally.model,
    )


def _is_tag(text: str) -> bool:
    return len(text) <= MAX_LANGUAGE_LENGTH and _LANGUAGE.fullmatch(text) is not None
