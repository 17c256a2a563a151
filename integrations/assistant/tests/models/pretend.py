"""The sandbox's Gemini, asked through either adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.assistant.contracts import (
    Answered,
    Asked,
    History,
    Limits,
    Model,
    Results,
    ToolCall,
    ToolDescription,
    ToolResult,
    Turn,
)
from integrations.sandbox.faults import Fault
from integrations.sandbox.gemini import Gemini, Step
from integrations.sandbox.server import Sandbox
from integrations.sandbox.wire import Request

NAME = "gemini-3.8-flash"
LIMITS = Limits(max_tokens=2048, timeout_seconds=5)
FETCH = ToolDescription(
    name="fetch_order_details",
    description="Return an order.",
    parameters={
        "type": "object",
        "properties": {"order_id": {"type": "string", "description": "Its number."}},
        "required": ["order_id"],
    },
)
CHAIN = ToolDescription("order_chain", "Tell why an order waits.", FETCH.parameters)
ORDER = {"order": {"number": 12, "title": "Desk lamp", "status": "pending"}}


@dataclass(frozen=True)
class Adapter:
    """One of the adapters: its provider's name, and a model of it."""

    name: str
    model: Model


class PretendGemini:
    """The emulator, what it was asked, and how to make it go wrong."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        (emulator,) = sandbox.emulators
        assert isinstance(emulator, Gemini)
        self.emulator = emulator

    @property
    def base(self) -> str:
        """What `GEMINI_API_BASE` must be."""
        return f"http://{self.sandbox.host}/gemini"

    @property
    def calls(self) -> list[Request]:
        """Every request so far, oldest first."""
        return self.sandbox.requests

    @property
    def bodies(self) -> list[Any]:
        """Their bodies."""
        return [each.json() for each in self.calls]

    def says(self, mode: str = "", **step: Any) -> None:
        """Have the next request answered by a step of the script; see `script.py` there."""
        self.emulator.follow(Step.from_json({"mode": mode, **step} if mode else step))

    def goes_wrong(self, kind: Any, **fault: Any) -> None:
        """Have the next request go wrong; see `integrations.sandbox.faults`."""
        self.sandbox.faults.add(Fault(kind=kind, **fault))


def asked(text: str, instructions: str = "Answer from the tools.") -> History:
    """Begin a conversation."""
    return History(instructions, [Asked(text)])


def answered(history: History, turn: Turn, *results: ToolResult) -> History:
    """Continue a conversation by a turn and the results of its calls."""
    return history.with_entries(Answered(turn.content), Results(results))


def found(call: ToolCall, result: Mapping[str, Any] = ORDER) -> ToolResult:
    """Return the result of a call."""
    return ToolResult(call, result)
