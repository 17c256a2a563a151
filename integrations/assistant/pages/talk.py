"""What was said so far. The form carries it from one question to the next, since no text is kept.

It is signed, so that nobody can put words into the assistant's mouth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.core import signing

from integrations.assistant.sources import Source
from integrations.assistant.tools.showing import cut

# How many earlier questions a new one carries along, and how much of each text.
MAX_EXCHANGES = 3
MAX_LENGTH = 1_500
MAX_ORDERS = 40
MAX_PROPOSALS = 5
# A page that was open for longer begins anew.
LIFETIME = timedelta(hours=12)
# Raise the number if other things are carried: pages that were open during the update begin anew.
_SALT = "integrations.assistant.talk.1"


@dataclass(frozen=True)
class Receipt:
    """What an answer took, in words, and the id of its receipt."""

    id: str
    model: str
    tokens: int
    cost: str


@dataclass(frozen=True)
class Exchange:
    """A question, its answer, the orders of which the model was told for it, and what it proposed.

    Of the proposals only those of the last exchange are carried on.
    """

    question: str
    answer: str
    orders: Sequence[Source]
    receipt: Receipt
    proposals: Sequence[Mapping[str, Any]] = ()


def carried(about: str, exchanges: Sequence[Exchange]) -> str:
    """Return the last exchanges as a text for the form. `about` names its person and page."""
    kept = [
        {
            "question": cut(each.question, MAX_LENGTH),
            "answer": cut(each.answer, MAX_LENGTH),
            "orders": [[source.number, source.name] for source in each.orders[:MAX_ORDERS]],
            "receipt": asdict(each.receipt),
            "proposals": list(each.proposals[:MAX_PROPOSALS]) if each is exchanges[-1] else [],
        }
        for each in exchanges[-MAX_EXCHANGES:]
    ]
    return signing.dumps([about, kept], salt=_SALT, compress=True)


def carried_in(text: str, about: str) -> Sequence[Exchange]:
    """Return what a form carries; nothing if it is not ours, of somebody else, or too old."""
    try:
        owner, kept = signing.loads(text, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return []
    if owner != about:
        return []
    return [
        Exchange(
            each["question"],
            each["answer"],
            [Source(number, name) for number, name in each["orders"]],
            Receipt(**each["receipt"]),
            each["proposals"],
        )
        for each in kept
    ]


def as_context(exchanges: Sequence[Exchange]) -> Mapping[str, Any] | None:
    """Return what the model is told of the exchanges, as data."""
    said = [{"question": each.question, "answer": each.answer} for each in exchanges]
    return {"said_before": said} if said else None
