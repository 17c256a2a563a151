"""What an answer of `chat/completions` means. Nothing in it is sure to be there."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from integrations.assistant.contracts import Finish, ModelUnavailable, ToolCall, Turn, Usage
from integrations.assistant.storable import (
    MAX_MODEL_LENGTH,
    MAX_REASON_LENGTH,
    count_in,
    storable,
    storable_text,
)

_FINISHES = {"length": Finish.CUT, "content_filter": Finish.BLOCKED}


def turn_of(told: Any, asked_model: str) -> Turn:
    """Read an answer. Raises `ModelUnavailable` if it is nothing like one."""
    if not isinstance(told, dict) or not isinstance(told.get("choices", []), list):
        raise ModelUnavailable("The model's service gave an unreadable answer")
    model = told.get("model")
    named = model.removeprefix("models/") if isinstance(model, str) and model else asked_model
    model = storable_text(named, most=MAX_MODEL_LENGTH)
    usage = _usage_of(_mapping(told.get("usage")))
    if not told.get("choices"):
        return Turn(Finish.EMPTY, model, usage=usage)
    choice = _mapping(told["choices"][0])
    message = _mapping(choice.get("message"))
    text = _text_of(message.get("content"))
    calls = _calls_of(message.get("tool_calls"))
    reason = choice.get("finish_reason")
    word = storable_text(reason, most=MAX_REASON_LENGTH) if isinstance(reason, str) else ""
    finish = _FINISHES.get(word) or (Finish.ANSWERED if text or calls else Finish.EMPTY)
    if message.get("refusal"):
        finish = Finish.BLOCKED
    return Turn(
        finish=finish,
        model=model,
        content=message,
        text=storable_text(text),
        calls=calls if finish is Finish.ANSWERED else (),
        usage=usage,
        reason=word,
    )


def _text_of(content: object) -> str:
    """Return the text of a message, which may stand in several parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(_mapping(each).get("text", "")) for each in parts)


def _calls_of(told: object) -> Sequence[ToolCall]:
    calls = []
    for each in told if isinstance(told, list) else []:
        function = _mapping(_mapping(each).get("function"))
        id_ = str(_mapping(each).get("id") or "")
        name = storable_text(str(function.get("name", "")))
        calls.append(ToolCall(id_, name, _arguments(function)))
    return calls


def _arguments(function: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Read the arguments of a call, which are JSON as a text. None if they are not an object."""
    told = function.get("arguments")
    if isinstance(told, str):
        try:
            told = orjson.loads(told) if told.strip() else {}
        except orjson.JSONDecodeError:
            return None
    return storable(told) if isinstance(told, dict) else None


def _usage_of(told: Mapping[str, Any]) -> Usage:
    """Read the counts. Some services count thinking as a part of the answer, others beside it."""
    prompt, answer = count_in(told.get("prompt_tokens")), count_in(told.get("completion_tokens"))
    total = count_in(told.get("total_tokens"))
    cached = count_in(_mapping(told.get("prompt_tokens_details")).get("cached_tokens"))
    details = _mapping(told.get("completion_tokens_details"))
    thought = count_in(details.get("reasoning_tokens"))
    if prompt is not None and answer is not None and total is not None:
        beside = total - prompt - answer
        if beside > 0:
            thought = beside
        elif thought:
            answer = max(answer - thought, 0)
    return Usage(prompt=prompt, cached=cached, thought=thought, answer=answer, total=total)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
