"""A request as both APIs of the emulator understand it, and what the model says to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


class Refused(Exception):
    """The service refuses a request. `status` is Google's own word for the kind of refusal."""

    def __init__(
        self,
        code: int,
        message: str,
        status: str = "INVALID_ARGUMENT",
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """The JSON that the native API answers."""
        error: dict[str, Any] = {"code": self.code, "message": str(self), "status": self.status}
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


@dataclass(frozen=True)
class Call:
    """A function that the model wants called. `signature` is empty if the history lost it."""

    id: str
    name: str
    args: Mapping[str, Any]
    signature: bytes = b""


@dataclass(frozen=True)
class Result:
    """What a function returned."""

    id: str
    name: str
    response: Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """One content of the history. A turn of a user has a text or results, and sometimes both."""

    role: Literal["user", "model"]
    text: str = ""
    calls: Sequence[Call] = ()
    results: Sequence[Result] = ()


@dataclass(frozen=True)
class Function:
    """A function that the model may ask for, with the schema of its parameters."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What the model is asked."""

    model: str
    turns: Sequence[Turn]
    instruction: str = ""
    functions: Mapping[str, Function] = field(default_factory=dict)
    # Whether the model may, must or must not call a function.
    mode: Literal["AUTO", "ANY", "NONE"] = "AUTO"
    # JSON is wanted; the schema is empty if the request has none.
    wants_json: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: int = 65_536
    # How much to think, as the request says: a level, or a number of tokens for older models.
    thinking: str = ""
    budget: int | None = None

    @property
    def question(self) -> str:
        """The last text that a user wrote."""
        return next(
            (turn.text for turn in reversed(self.turns) if turn.text and not turn.calls), ""
        )

    @property
    def results(self) -> Sequence[Result]:
        """Every result since that question, oldest first."""
        found: list[Result] = []
        for turn in reversed(self.turns):
            if turn.role == "user" and turn.text:
                break
            found = [*turn.results, *found]
        return found


@dataclass(frozen=True)
class Said:
    """What the model says: a text, or calls, and why it stopped."""

    text: str = ""
    calls: Sequence[Call] = ()
    finish: str = "STOP"
