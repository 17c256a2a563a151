"""Gives tools to a model and runs its calls of them, as the user who asks."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import structlog

from accounts.access import Operation
from accounts.queries import require_operation
from integrations.assistant import tools
from integrations.assistant.contracts import Asker, Tool, ToolCall, ToolError, ToolResult
from integrations.assistant.receipts import Notes
from integrations.assistant.sizes import size_of
from orderchainer.core.errors import DomainError

logger = structlog.get_logger(__name__)

# A model that wants more at once is told to ask again.
MAX_CALLS_OF_A_ROUND = 8
# What a model reads is paid for in every following round.
MAX_RESULT_BYTES = 24_000
NO_ROOM = "There is no room left for this. Answer with what you have."


def offered_to(asker: Asker) -> Sequence[Tool]:
    """Return the tools that this user may use here. Takes a statement for each operation."""
    reached = [tool for tool in tools.TOOLS if asker.reaches(tool.area)]
    operations = dict.fromkeys(tool.operation for tool in reached)
    allowed = {each for each in operations if _refusal(asker, each) is None}
    return [tool for tool in reached if tool.operation in allowed]


def _refusal(asker: Asker, operation: Operation) -> str | None:
    try:
        require_operation(asker.user, asker.project, operation)
    except DomainError as exc:
        return exc.message
    return None


class Toolbox:
    """The tools of one conversation, and what came of each call so far."""

    def __init__(self, asker: Asker, offered: Sequence[Tool], notes: Notes) -> None:
        self._asker = asker
        self.offered = offered
        self._notes = notes
        self._room = 0
        self.proposals: list[dict[str, Any]] = []
        # What the tools have found.
        self.told: list[Mapping[str, Any]] = []

    def answer(self, calls: Sequence[ToolCall], *, room: int) -> list[ToolResult]:
        """Run all calls of a turn, in their order, and return as many results.

        The model may read `room` more characters. Results that do not fit are left out.
        """
        self._room = room
        return [
            self._run(call, is_too_many=number >= MAX_CALLS_OF_A_ROUND)
            for number, call in enumerate(calls)
        ]

    def _run(self, call: ToolCall, *, is_too_many: bool) -> ToolResult:
        started = time.perf_counter()
        if is_too_many:
            result, status = (
                _error(call, "Too many calls at once. Ask again for this one."),
                "error",
            )
        else:
            result, status = self._result_of(call)
        self._notes.tool_calls.append(
            {
                "name": call.name[:100],
                "parameters": dict(call.parameters or {}),
                "result_status": status,
                "duration_ms": int((time.perf_counter() - started) * 1000),
            }
        )
        return result

    def _result_of(self, call: ToolCall) -> tuple[ToolResult, str]:
        """Return the result of a call, and the word for it: `ok`, `error` or `unknown`."""
        tool = next((each for each in self.offered if each.name == call.name), None)
        if tool is None:
            return _error(call, "There is no such tool."), "unknown"
        if call.parameters is None:
            return _error(call, "The parameters are not a JSON object."), "error"
        # The role may have changed since the tool was offered.
        if (refusal := _refusal(self._asker, tool.operation)) is not None:
            return _error(call, refusal), "error"
        try:
            found = run_tool(tool, self._asker, call.parameters)
        except ToolError as exc:
            return _error(call, str(exc)), "error"
        size = size_of(found)
        if size > self._room:
            return _error(call, NO_ROOM), "error"
        self._room -= size
        self.told.append(found)
        if tool.proposes:
            self.proposals.append({"action": tool.proposes, "parameters": found})
        return ToolResult(call, found), "ok"


def run_tool(tool: Tool, asker: Asker, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run a tool. Raises only `ToolError`, with a sentence for the model."""
    try:
        found = tool.run(asker, parameters)
        size = len(orjson.dumps(found))
    except DomainError as exc:
        raise ToolError(exc.message) from exc
    except ToolError:
        raise
    except Exception as exc:
        # The parameters are a model's invention. Whatever they break in a tool is our defect, and
        # the conversation goes on without this result.
        logger.exception("tool_failed", tool=tool.name)
        raise ToolError("This tool failed. Go on without it.") from exc
    if size > MAX_RESULT_BYTES:
        raise ToolError("The result is too large. Ask for fewer or for a shorter time.")
    return found


def _error(call: ToolCall, sentence: str) -> ToolResult:
    return ToolResult(call, error=sentence)
