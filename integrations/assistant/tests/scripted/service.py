"""The scripted model: its answers in a row, and what it was asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from threading import Event
from typing import Any

from integrations.assistant.contracts import (
    Answered,
    Asked,
    Finish,
    History,
    Limits,
    ModelError,
    ModelService,
    Price,
    Results,
    ToolCall,
    ToolDescription,
    Turn,
    Usage,
)

FLASH = "gemini-3.8-flash"
LITE = "gemini-3.5-flash-lite"
# A hundred tokens in and fifty out cost 0.0002625 USD.
USAGE = Usage(prompt=100, cached=0, thought=0, answer=50, total=150)
PRICES = (
    Price(FLASH, date(2026, 9, 2), Decimal("0.75"), Decimal("3.75"), Decimal("0.075")),
    Price(FLASH, date(2027, 1, 1), Decimal("1.50"), Decimal("7.50"), Decimal("0.15")),
    Price(LITE, date(2026, 1, 1), Decimal("0.30"), Decimal("2.50"), Decimal("0.03")),
)


@dataclass(frozen=True)
class Question:
    """What the model was asked in one round."""

    history: History
    tools: Sequence[ToolDescription]
    limits: Limits
    schema: Mapping[str, Any] | None

    @property
    def words(self) -> str:
        """Everything that reached the model, as one text."""
        return repr((self.history, self.tools))


Step = Turn | ModelError | Callable[[], Turn]


@dataclass
class Scripted:
    """Gives its steps one after the other, the last one again and again."""

    steps: list[Step] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def answer(
        self,
        history: History,
        tools: Sequence[ToolDescription],
        limits: Limits,
        *,
        schema: Mapping[str, Any] | None = None,
    ) -> Turn:
        """Take note of the question and give the next step."""
        self.questions.append(Question(history, tools, limits, schema))
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, ModelError):
            raise step
        return step if isinstance(step, Turn) else step()

    def model(self, name: str) -> "Scripted":
        """Return itself for every name."""
        self.names.append(name)
        return self

    def service(self) -> ModelService:
        """Return the models as the app knows them."""
        return ModelService(lambda: self.missing, self.model, PRICES)


def says(text: str, *, usage: Usage = USAGE, model: str = FLASH, **fields: Any) -> Turn:
    """Return a turn that says something."""
    return Turn(Finish.ANSWERED, model, ("said", text), text, usage=usage, **fields)


def calls(*wanted: ToolCall, usage: Usage = USAGE, model: str = FLASH) -> Turn:
    """Return a turn that calls tools."""
    signed = ("signed", tuple(call.id for call in wanted))
    return Turn(Finish.ANSWERED, model, signed, calls=wanted, usage=usage)


def stops(finish: Finish, reason: str, *, usage: Usage = USAGE) -> Turn:
    """Return a turn that says nothing usable."""
    return Turn(finish, FLASH, None, usage=usage, reason=reason)


def results_in(question: Question) -> Results:
    """Return the results that came last in a question."""
    last = question.history.entries[-1]
    assert isinstance(last, Results)
    return last


def asked_in(question: Question) -> list[str]:
    """Return our own texts in a question."""
    return [entry.text for entry in question.history.entries if isinstance(entry, Asked)]


def answered_in(question: Question) -> list[object]:
    """Return the model's earlier contents, as they came back to it."""
    return [entry.content for entry in question.history.entries if isinstance(entry, Answered)]


class Hanging:
    """A model that thinks until it is let go; `reached` tells that it was asked."""

    def __init__(self) -> None:
        self.reached = Event()
        self.go_on = Event()

    def __call__(self) -> Turn:
        self.reached.set()
        assert self.go_on.wait(30)
        return says("At last.")
