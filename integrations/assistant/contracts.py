"""What the assistant asks of models and tools, and what adapters and tools promise it.

An adapter speaks to one kind of model service. It knows nothing of orders or projects: it turns a
`History` into a call, and the answer into a `Turn`. Its package is a line in
`integrations.providers.PROVIDERS`, and its `PROVIDER` has a `ModelService`. The setting
`ASSISTANT_PROVIDER` chooses one by name.

A tool answers one kind of question of a model. It knows nothing of models. Each is a module in
`integrations.assistant.tools`, listed in `TOOLS` there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from accounts.scopes import READ, covers

if TYPE_CHECKING:
    from accounts.access import Operation
    from accounts.models import Project, User

MILLION = Decimal(1_000_000)


# What a model is given


@dataclass(frozen=True)
class ToolDescription:
    """A tool as a model sees it.

    `parameters` is a plain JSON schema of an object: `type`, `description`, `properties`, `items`,
    `enum` and `required`. Models refuse other keywords, such as `minimum`, so the tool checks the
    rest.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A call that a model asks for, exactly as the model wrote it.

    `id` is empty if the model gave none. `parameters` is None if what the model wrote is not a JSON
    object. The name may be one that does not exist.
    """

    id: str
    name: str
    parameters: Mapping[str, Any] | None


@dataclass(frozen=True)
class ToolResult:
    """The answer to a call: either `result`, or `error`, a sentence that the model can react to."""

    call: ToolCall
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Asked:
    """What the user says, or the data that we put beside it."""

    text: str


@dataclass(frozen=True)
class Answered:
    """An earlier turn of the model.

    `content` is `Turn.content` of that turn. The adapter sends it back unchanged, because models
    sign parts of it.
    """

    content: object


@dataclass(frozen=True)
class Results:
    """The answers to all calls of the turn before, in the order of the calls."""

    results: Sequence[ToolResult]


Entry = Asked | Answered | Results


@dataclass(frozen=True)
class History:
    """A conversation with a model: our instructions, then its entries, oldest first."""

    instructions: str
    entries: Sequence[Entry] = ()

    def with_entries(self, *entries: Entry) -> History:
        """Return the conversation with more entries at its end."""
        return History(self.instructions, (*self.entries, *entries))


@dataclass(frozen=True)
class Limits:
    """What one call of a model may take.

    `max_tokens` limits what the model writes, including what it thinks. `timeout_seconds` limits
    the whole call: connecting, waiting, reading.
    """

    max_tokens: int
    timeout_seconds: float


# What a model answers


@dataclass(frozen=True)
class Usage:
    """What one call used, in tokens. None is unknown; an adapter never guesses.

    `prompt` includes `cached`. `answer` does not include `thought`. `total` is what the model says.
    """

    prompt: int | None = None
    cached: int | None = None
    thought: int | None = None
    answer: int | None = None
    total: int | None = None


class Finish(Enum):
    """Why a model stopped. Each case is a different answer to people."""

    # It said what it wanted to say: a text, or calls of tools.
    ANSWERED = auto()
    # The model's own rules refuse the question or the answer.
    BLOCKED = auto()
    # The limit on tokens cut the answer. `text` may hold its beginning.
    CUT = auto()
    # It wrote a call of a tool, or an answer, that cannot be read.
    MALFORMED = auto()
    # It stopped without a word.
    EMPTY = auto()


@dataclass(frozen=True)
class Turn:
    """One answer of a model.

    `reason` is the provider's own word for why it stopped, such as `MAX_TOKENS`. `model` is the one
    that answered, which is not always the one that we asked.
    """

    finish: Finish
    model: str
    content: object = None
    text: str = ""
    calls: Sequence[ToolCall] = ()
    usage: Usage = Usage()
    reason: str = ""


class ModelError(Exception):
    """A model gave no answer. The message is for the log: it holds no key and no text of ours."""


class ModelBusy(ModelError):
    """The service refuses for now: a quota, an overload. It may be asked again.

    `after_seconds` is the pause that it names, or None.
    """

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class ModelUnavailable(ModelError):
    """No connection, no answer in time, or an answer that nobody can read."""


class KeyRefused(ModelError):
    """The service does not accept our key, or the key does not allow this model."""


class UnknownModel(ModelError):
    """The service has no such model, or no longer."""


class RequestRefused(ModelError):
    """The service calls our request malformed. Asking again would not help."""


class Model(Protocol):
    """One model of a service. It remembers nothing between two calls."""

    def answer(
        self,
        history: History,
        tools: Sequence[ToolDescription],
        limits: Limits,
        *,
        schema: Mapping[str, Any] | None = None,
    ) -> Turn:
        """Ask the model once, and never try again by itself.

        With a `schema`, a plain JSON schema, the answer's text should be JSON of that shape; the
        caller checks it. Raises a `ModelError`. Blocks, and must not touch the database.
        """


@dataclass(frozen=True)
class Price:
    """What a model costs from a day on, in USD for a million tokens.

    `above_prompt_tokens` makes it the price of larger prompts only. Of several that fit, the one
    with the latest day counts, and among these the one for the larger prompts.
    """

    model: str
    since: date
    prompt: Decimal
    answer: Decimal
    cached: Decimal
    above_prompt_tokens: int = 0

    def cost_of(self, usage: Usage) -> Decimal | None:
        """Return what a call costs in USD, exactly; None if the usage does not tell.

        Cached tokens are part of the prompt and have their own price. Thinking costs as much as
        answering. If the model does not say how much it wrote, that is the rest of the total.
        """
        if usage.prompt is None:
            return None
        if usage.answer is not None or usage.thought is not None:
            written = (usage.answer or 0) + (usage.thought or 0)
        elif usage.total is not None:
            written = max(usage.total - usage.prompt, 0)
        else:
            return None
        cached = min(usage.cached or 0, usage.prompt)
        return (
            (usage.prompt - cached) * self.prompt + cached * self.cached + written * self.answer
        ) / MILLION


@dataclass(frozen=True)
class ModelService:
    """What the assistant needs of an adapter.

    `missing` names the settings that the operator still has to give, such as `GEMINI_API_KEY`; the
    assistant is off while there are any. `model` returns the model of that name without asking the
    service. Both read the settings anew each time.
    """

    missing: Callable[[], Sequence[str]]
    model: Callable[[str], Model]
    # Every price that it ever had, so that a call of any day can be priced. The cost of
    # a model without a price is unknown, never zero.
    prices: Sequence[Price] = ()


# Tools


@dataclass(frozen=True)
class Asker:
    """For whom a tool is asked. It sees what this user may see in this project, and nothing else.

    `scopes` are those of the API token with which the user came, or None for a session.
    """

    user: User
    project: Project
    scopes: Collection[str] | None = None

    def reaches(self, area: str) -> bool:
        """Tell whether the credentials may read in that area of scopes."""
        return self.scopes is None or covers(self.scopes, f"{area}:{READ}")


class ToolError(Exception):
    """A tool cannot answer. The message is a sentence for the model, such as `No order #7 here.`"""


@dataclass(frozen=True)
class Tool:
    """One kind of question that a model may ask about the project. It changes nothing.

    `run` gets the parameters as the model wrote them, so it checks them itself, and finds things
    only through the services and queries that check `operation`. It returns plain JSON values and
    raises ToolError; a domain error is shown to the model as well. It is called outside of any
    transaction.

    A tool with `proposes` only checks a change that a person might make. What it returns is the
    parameters of that action; they are shown to the model and to the user, and nothing is done.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    # What the user must be allowed, and the area of scopes that an API token must cover.
    operation: Operation
    area: str
    run: Callable[[Asker, Mapping[str, Any]], Mapping[str, Any]]
    proposes: str = ""

    @property
    def described(self) -> ToolDescription:
        """The tool as a model sees it."""
        return ToolDescription(self.name, self.description, self.parameters)
