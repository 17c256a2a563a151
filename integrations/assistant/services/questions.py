"""Answer a question about a project from what its tools say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import Project, User
from integrations.assistant.contracts import Answered, Asked, Asker, History, Results
from integrations.assistant.errors import AnswerTooLong
from integrations.assistant.facts import facts_of_order, facts_of_project
from integrations.assistant.instructions import FOR_QUESTIONS, data
from integrations.assistant.model_session import ModelSession, Stop, model_session, never
from integrations.assistant.models import AssistantCall
from integrations.assistant.sources import Source, orders_in
from integrations.assistant.toolbox import Toolbox, offered_to

# How often the model may answer, the last answer included.
MAX_ROUNDS = 5


@dataclass(frozen=True)
class Answer:
    """What the assistant says, and what it took.

    `function_calls` are the calls of tools in their order: `name`, `parameters`, `result_status`
    and `duration_ms`. `proposals` are changes that a person may make: `action` and `parameters`.
    `orders` are those of which the model was told. `cost` is in USD, or None if it is unknown.
    """

    reply: str
    function_calls: Sequence[Mapping[str, Any]]
    proposals: Sequence[Mapping[str, Any]]
    orders: Sequence[Source]
    tokens_used: int
    cost: Decimal | None
    model: str
    receipt_id: UUID


def answer_question(
    *,
    project: Project,
    by: User,
    message: str,
    context: Mapping[str, object] | None = None,
    order_id: UUID | None = None,
    may_use_tools: bool = True,
    scopes: Collection[str] | None = None,
    stop: Stop = never,
) -> Answer:
    """Answer `message`, which `by` asks about the project. Nothing but a receipt is written.

    `context` is what the caller's program adds: data for the model, and never instructions.
    `order_id` names the order that the question is about. `scopes` bound an API token. `stop` tells
    whether nobody waits for the answer any more.

    Raises `OrderNotFound`, and the refusals of `integrations.assistant.errors`.
    """
    asker = Asker(by, project, scopes)
    order = facts_of_order(asker, order_id)
    known = data({"project": facts_of_project(asker), "order": order, "context": context})
    offered = offered_to(asker) if may_use_tools else ()
    with model_session(project=project, by=by, kind=AssistantCall.Kind.QUERY, stop=stop) as session:
        session.notes.question = message
        toolbox = Toolbox(asker, offered, session.notes)
        history = History(FOR_QUESTIONS, (*known, Asked(message)))
        reply = session.notes.answer = _talk(session, toolbox, history)
    tally = session.tally
    return Answer(
        reply=reply,
        function_calls=session.notes.tool_calls,
        proposals=toolbox.proposals,
        orders=orders_in([order, *toolbox.told]),
        tokens_used=tally.total,
        cost=tally.cost,
        model=tally.model,
        receipt_id=session.receipt_id,
    )


def _talk(session: ModelSession, toolbox: Toolbox, history: History) -> str:
    """Let the model use tools until it says something, and return that."""
    tools = [tool.described for tool in toolbox.offered]
    for rounds_left in reversed(range(MAX_ROUNDS)):
        turn = session.ask(history, tools)
        if not turn.calls:
            return turn.text.strip()
        if rounds_left:
            results = Results(toolbox.answer(turn.calls, room=session.room))
            history = history.with_entries(Answered(turn.content), results)
    raise AnswerTooLong
