"""Gemini's API for OpenAI's clients: `chat/completions` in and out.

Source: ai.google.dev/gemini-api/docs/openai. Thought signatures are needed here too. They stand
beside each call, under `extra_content`. An error is a list of one error.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from integrations.sandbox.gemini import signatures
from integrations.sandbox.gemini.conversation import (
    Asked,
    Call,
    Function,
    Refused,
    Result,
    Said,
    Turn,
)
from integrations.sandbox.gemini.native import check_history
from integrations.sandbox.gemini.schemas import check_schema, function_of
from integrations.sandbox.gemini.tokens import Counts

_REQUEST = {
    *("model", "messages", "tools", "tool_choice", "max_tokens", "max_completion_tokens"),
    *("response_format", "reasoning_effort", "stream", "temperature", "top_p", "n", "stop"),
    *("stream_options", "parallel_tool_calls", "user", "extra_body"),
}
_MESSAGE: Mapping[str, set[str]] = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "tool_calls", "refusal", "extra_content", "name"},
    "tool": {"role", "content", "tool_call_id", "name"},
}
_FINISH = {"STOP": "stop", "MAX_TOKENS": "length"}
_EFFORTS = {"minimal", "low", "medium", "high"}


def read_model(body: bytes) -> str:
    """Return the name of the model that a request asks for. Raises `Refused`."""
    model = _told(body).get("model")
    if not isinstance(model, str) or not model:
        raise Refused(400, "model must be set.")
    return model.removeprefix("models/")


def read_request(body: bytes, model: str) -> Asked:
    """Read the body of a `chat/completions` that `model` answers. Raises `Refused`."""
    told = _told(body)
    messages = told.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "messages must be set.")
    functions = _functions(told.get("tools", []))
    wants_json, schema = _wanted(told.get("response_format", {"type": "text"}))
    effort = told.get("reasoning_effort", "")
    if effort and effort not in _EFFORTS:
        raise Refused(400, f"Invalid reasoning_effort: {effort!r}")
    if told.get("stream"):
        raise Refused(400, "The sandbox does not stream on this face.")
    instruction, turns = _history(messages)
    if not turns:
        raise Refused(400, "* GenerateContentRequest.contents: contents is not specified")
    check_history(turns, model)
    bound = told.get("max_completion_tokens", told.get("max_tokens", 65_536))
    if not isinstance(bound, int) or isinstance(bound, bool) or bound < 1:
        raise Refused(400, "max_tokens must be a positive number.")
    return Asked(
        model=model,
        turns=turns,
        instruction=instruction,
        functions=functions,
        mode=_mode(told.get("tool_choice", "auto")),
        wants_json=wants_json,
        schema=schema,
        max_tokens=bound,
        thinking=effort,
    )


def answer_body(said: Said, usage: Mapping[str, int], model: str, id_: str) -> dict[str, Any]:
    """Write an answer."""
    message: dict[str, Any] = {"role": "assistant"}
    if said.text or not said.calls:
        message["content"] = said.text or None
    if said.calls:
        message["tool_calls"] = [_call_body(each) for each in said.calls]
    reason = "tool_calls" if said.calls else _FINISH.get(said.finish, "content_filter")
    body: dict[str, Any] = {
        "id": id_,
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": reason, "message": message}],
    }
    if usage:
        body["usage"] = dict(usage)
    return body


def usage_of(counts: Counts) -> dict[str, int]:
    """Write the counts. Thinking counts in the total only, as it does here at Google."""
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.answer,
        "total_tokens": counts.total,
    }


def _call_body(call: Call) -> dict[str, Any]:
    written = {"name": call.name, "arguments": json.dumps(call.args, ensure_ascii=False)}
    body: dict[str, Any] = {"id": call.id, "type": "function", "function": written}
    if call.signature:
        google = {"thought_signature": signatures.written(call.signature)}
        body["extra_content"] = {"google": google}
    return body


# --- Reading ----------------------------------------------------------------------------------


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError as exc:
        raise Refused(400, f"Invalid JSON payload received. {exc}") from exc
    return _fields(told, _REQUEST, "the request")


def _history(messages: Sequence[Any]) -> tuple[str, list[Turn]]:
    """Return the instruction and the turns. Answers of tools belong to the calls before them."""
    instruction = ""
    turns: list[Turn] = []
    for number, message in enumerate(messages):
        role = str(message.get("role")) if isinstance(message, dict) else ""
        if role not in _MESSAGE:
            raise Refused(400, f"messages[{number}]: role must be one of {', '.join(_MESSAGE)}.")
        told = _fields(message, _MESSAGE[role], f"messages[{number}]")
        match role:
            case "system" | "developer":
                instruction += _text(told.get("content"))
            case "user":
                turns.append(Turn("user", _text(told.get("content"))))
            case "assistant":
                calls = [_call(each) for each in told.get("tool_calls") or []]
                turns.append(Turn("model", _text(told.get("content")), calls))
            case "tool":
                _answer(turns, told)
    return instruction, [_in_order(turns, index) for index in range(len(turns))]


def _answer(turns: list[Turn], told: Mapping[str, Any]) -> None:
    """Add the answer of a tool to the turn that answers the last calls."""
    if turns and turns[-1].role == "model":
        turns.append(Turn("user"))
    calls = turns[-2].calls if len(turns) > 1 else ()
    id_ = str(told.get("tool_call_id", ""))
    call = next((each for each in calls if each.id == id_), None)
    if call is None:
        raise Refused(400, f"tool_call_id {id_!r} matches no call of the message before.")
    text = _text(told.get("content"))
    try:
        response = json.loads(text)
    except ValueError:
        response = text
    if not isinstance(response, dict):
        response = {"result": response}
    last = turns[-1]
    result = Result(id_, call.name, response)
    turns[-1] = Turn("user", last.text, results=[*last.results, result])


def _in_order(turns: Sequence[Turn], index: int) -> Turn:
    """Return a turn with its results in the order of the calls: this API takes any order."""
    turn = turns[index]
    if not turn.results:
        return turn
    places = [each.id for each in turns[index - 1].calls]
    ordered = sorted(turn.results, key=lambda each: places.index(each.id))
    return Turn(turn.role, turn.text, results=ordered)


def _call(told: Any) -> Call:
    fields = _fields(told, {"id", "type", "function", "extra_content", "index"}, "tool_calls[0]")
    function = _fields(fields.get("function"), {"name", "arguments"}, "tool_calls[0].function")
    try:
        args = json.loads(function["arguments"])
    except (KeyError, TypeError, ValueError) as exc:
        raise Refused(400, "tool_calls[0].function.arguments must be JSON as a text.") from exc
    google = (fields.get("extra_content") or {}).get("google") or {}
    signature = signatures.read(google.get("thought_signature", ""))
    return Call(str(fields.get("id", "")), str(function["name"]), args, signature)


def _text(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(each.get("type") == "text" for each in content):
        return "".join(str(each["text"]) for each in content)
    raise Refused(400, "content must be a text, or parts of text.")


def _functions(tools: Sequence[Any]) -> Mapping[str, Function]:
    found = {}
    for tool in tools:
        told = _fields(tool, {"type", "function"}, "tools[0]")
        declared = _fields(
            told.get("function"), {"name", "description", "parameters", "strict"}, "tools[0]"
        )
        # `parameters` is JSON Schema here.
        function = function_of(
            declared.get("name"),
            declared.get("description"),
            declared.get("parameters"),
            is_json_schema=True,
        )
        found[function.name] = function
    return found


def _mode(choice: Any) -> Literal["AUTO", "ANY", "NONE"]:
    match choice:
        case "auto":
            return "AUTO"
        case "required":
            return "ANY"
        case "none":
            return "NONE"
    raise Refused(400, f"Invalid tool_choice: {choice!r}")


def _wanted(told: Any) -> tuple[bool, Mapping[str, Any]]:
    wanted = _fields(told, {"type", "json_schema"}, "response_format")
    match wanted.get("type"):
        case "text":
            return False, {}
        case "json_object":
            return True, {}
        case "json_schema":
            known = {"name", "schema", "strict", "description"}
            named = _fields(wanted.get("json_schema"), known, "response_format.json_schema")
            if not named.get("name"):
                raise Refused(400, "response_format.json_schema.name must be set.")
            check_schema(named.get("schema"), "response_format", is_json_schema=True)
            return True, named["schema"]
    raise Refused(400, f"Invalid response_format.type: {wanted.get('type')!r}")


def _fields(told: Any, known: set[str], where: str) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise Refused(400, f"{where}: an object was expected.")
    if unknown := set(told) - known:
        words = f'Invalid JSON payload received. Unknown name "{min(unknown)}" at {where}'
        raise Refused(400, f"{words}: Cannot find field.")
    return dict(told)
