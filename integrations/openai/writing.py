"""A conversation and its tools as `chat/completions` takes them.

We send what every such service knows: no temperature, no effort of thinking, nothing strict.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from integrations.assistant.contracts import (
    Answered,
    Asked,
    History,
    Limits,
    ToolDescription,
    ToolResult,
)


def body_of(
    model: str,
    history: History,
    tools: Sequence[ToolDescription],
    limits: Limits,
    schema: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Write a request."""
    body: dict[str, Any] = {
        "model": model,
        "messages": list(_messages_of(history)),
        "max_completion_tokens": limits.max_tokens,
    }
    if tools:
        body["tools"] = [_declared(tool) for tool in tools]
    if schema is not None:
        named = {"name": "answer", "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return body


def _messages_of(history: History) -> Iterator[Mapping[str, Any]]:
    """Write the entries. Messages of the model go back as they came, with all that they carry.

    Gemini, for example, signs its calls under `extra_content`.
    """
    if history.instructions:
        yield {"role": "system", "content": history.instructions}
    for entry in history.entries:
        match entry:
            case Asked(text):
                yield {"role": "user", "content": text}
            case Answered(content):
                assert isinstance(content, Mapping)
                yield content
            case _:
                yield from map(_answered, entry.results)


def _answered(result: ToolResult) -> Mapping[str, Any]:
    response = {"error": result.error} if result.error else {"result": result.result}
    content = orjson.dumps(response).decode()
    return {"role": "tool", "tool_call_id": result.call.id, "content": content}


def _declared(tool: ToolDescription) -> Mapping[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}
